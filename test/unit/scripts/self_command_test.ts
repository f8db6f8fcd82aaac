import { strict as assert } from "node:assert";
import { existsSync } from "node:fs";
import { selfCommand } from "../../../src/node/self_command.ts";

const PLACE = {
  isStandalone: false,
  execPath: "/bin/deno",
  moduleUrl: "file:///repo%20a/src/node/self_command.ts",
  mainModuleUrl: "file:///elsewhere/some_test.ts",
};

Deno.test("from source the program is the repository's entry, whatever the main module is", () => {
  const { command, args } = selfCommand(["chain", "--port", "1"], PLACE);
  assert.equal(command, "/bin/deno");
  assert.deepEqual(args.slice(-4), ["/repo a/cli.ts", "chain", "--port", "1"]);
  assert.deepEqual(args.slice(0, 2), ["run", "-A"]);
});

Deno.test("in a bundle the program is the main module", () => {
  const place = {
    ...PLACE,
    moduleUrl: "file:///unpacked/chunk-A.js",
    mainModuleUrl: "file:///unpacked/cli.js",
  };
  assert.deepEqual(selfCommand(["up"], place).args.slice(-2), ["/unpacked/cli.js", "up"]);
});

Deno.test("a compiled executable starts itself", () => {
  const place = { ...PLACE, isStandalone: true, execPath: "/bin/skein" };
  assert.deepEqual(selfCommand(["up"], place), { command: "/bin/skein", args: ["up"] });
});

Deno.test("here and now it names files that are there", () => {
  const { args } = selfCommand(["--version"]);
  assert.ok(existsSync(args.at(-2)!));
  assert.ok(existsSync(args[args.indexOf("--config") + 1]));
});
