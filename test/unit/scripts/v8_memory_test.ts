/** However a node is started, V8 keeps its memory in the same way. */
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { selfCommand } from "../../../src/node/self_command.ts";
import { V8_FLAGS } from "../../../src/node/v8_memory.ts";

const FLAG = `--v8-flags=${V8_FLAGS}`;
const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

Deno.test("tasks, the bootstrap, the executable's head and children start with the program's V8 flags", () => {
  const { tasks } = JSON.parse(read("deno.json"));
  for (const name of ["up", "miner", "validator", "chain"]) {
    assert.ok(tasks[name].includes(` ${FLAG} cli.ts`), name);
  }
  const starts = (path: string, program: RegExp) =>
    read(path).split("\n").filter((line) => program.test(line));
  for (
    const [path, program] of [
      ["skein", /exec .*cli\.ts/],
      ["scripts/self_extracting_head.sh", /exec .*cli\.js/],
    ] as const
  ) {
    const lines = starts(path, program);
    assert.equal(lines.length, 1, path);
    assert.ok(lines[0].includes(` ${FLAG} `), path);
  }
  assert.ok(selfCommand(["up"]).args.includes(FLAG));
});
