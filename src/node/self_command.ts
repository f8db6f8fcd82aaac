/**
 * How this program starts itself as another process: the supervisor's nodes, the local chain. Three forms exist.
 *
 *   source        deno run … <repository>/cli.ts …
 *   compiled      the executable itself (`deno compile`)
 *   bundled       deno run … <unpacked>/cli.js …: the self-extracting file's program, see scripts/compile.ts
 *
 * The child must not depend on the parent's working directory, so the configuration beside the program is named.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { V8_FLAGS } from "./v8_memory.ts";

export interface SelfCommand {
  readonly command: string;
  readonly args: string[];
}

/** Where the program is, as `Deno` and the module system tell it; a test passes its own. */
export interface ProgramPlace {
  readonly isStandalone: boolean;
  readonly execPath: string;
  readonly moduleUrl: string;
  readonly mainModuleUrl: string;
}

const SOURCE_SUFFIX = "/src/node/self_command.ts";

/** @param args the command line after the program's name */
export function selfCommand(args: readonly string[], place: ProgramPlace = here()): SelfCommand {
  if (place.isStandalone) return { command: place.execPath, args: [...args] };
  const program = programUrl(place);
  const config = fileURLToPath(new URL("deno.json", program));
  return {
    command: place.execPath,
    args: [
      "run",
      "-A",
      "--quiet",
      "--no-check",
      `--v8-flags=${V8_FLAGS}`,
      ...(existsSync(config) ? ["--config", config] : []),
      fileURLToPath(program),
      ...args,
    ],
  };
}

/**
 * Running from source the entry follows from this file's own place, so that a test or a script starts the program
 * and not itself; in a bundle this file has no place of its own and the main module is the program.
 */
function programUrl({ moduleUrl, mainModuleUrl }: ProgramPlace): URL {
  return moduleUrl.endsWith(SOURCE_SUFFIX) ? new URL("../../cli.ts", moduleUrl) : new URL(mainModuleUrl);
}

function here(): ProgramPlace {
  return {
    isStandalone: Deno.build.standalone,
    execPath: Deno.execPath(),
    moduleUrl: import.meta.url,
    mainModuleUrl: Deno.mainModule,
  };
}
