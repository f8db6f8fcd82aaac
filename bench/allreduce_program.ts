/**
 * What the processes of a bench run: bundled, as the program is that users get, and not for the first time, when Deno takes
 * time and memory to analyse and compile what it keeps for the second.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bundle } from "../scripts/bundle.ts";
import { ROOT, runDeno } from "../scripts/run_command.ts";
import type { LineOptions } from "./allreduce_line.ts";
import type { MemberOptions } from "./allreduce_member.ts";
import { JsonProcess } from "./allreduce_process.ts";

type Script = "allreduce_member" | "allreduce_line";

const LISTEN = "/ip4/127.0.0.1/tcp/0";

let built: Promise<string> | undefined;

/** Built once by this process, and removed when it ends. @returns the path of a script of the bench */
export async function benchScript(name: Script): Promise<string> {
  return pathOf(await (built ??= build()), name);
}

const pathOf = (directory: string, name: Script): string => join(directory, `${name}.js`);

async function build(): Promise<string> {
  const out = join(ROOT, "bench", "out");
  mkdirSync(out, { recursive: true });
  const directory = mkdtempSync(join(out, "program-"));
  globalThis.addEventListener("unload", () => rmSync(directory, { recursive: true, force: true }));
  const first: Record<Script, MemberOptions | LineOptions> = {
    allreduce_member: {
      member: 0,
      members: 1,
      elementCount: 1024,
      codec: "u8",
      directory: join(directory, "results"),
      listen: LISTEN,
      bandwidthBytesPerSec: 0,
    },
    allreduce_line: { listen: LISTEN },
  };
  const names = Object.keys(first) as Script[];
  await bundle(names.map((name) => `bench/${name}.ts`), directory);
  await runDeno(["cache", "--quiet", ...names.map((name) => pathOf(directory, name))]);
  for (const name of names) {
    const process = new JsonProcess(`first ${name}`, pathOf(directory, name), first[name]);
    try {
      await process.next("listening");
    } finally {
      await process.stop();
    }
  }
  return directory;
}
