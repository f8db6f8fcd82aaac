/** Runs a command of the toolchain and times it. */
import { fileURLToPath } from "node:url";

export interface CommandResult {
  readonly code: number;
  readonly seconds: number;
  /** stdout and stderr together, empty when the output was passed on. */
  readonly output: string;
}

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * Runs `deno <args>` in the repository's root.
 * @param passOn the output goes to the terminal as it comes instead of into the result
 */
export async function runDeno(args: readonly string[], passOn = false): Promise<CommandResult> {
  const startMs = performance.now();
  const command = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    stdin: "null",
    stdout: passOn ? "inherit" : "piped",
    stderr: passOn ? "inherit" : "piped",
  });
  const child = command.spawn();
  const stop = () => child.kill("SIGTERM");
  Deno.addSignalListener("SIGTERM", stop);
  try {
    const { code, output } = passOn
      ? { code: (await child.status).code, output: "" }
      : await child.output().then(({ code, stdout, stderr }) => {
        const decoder = new TextDecoder();
        return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
      });
    return { code, seconds: (performance.now() - startMs) / 1000, output };
  } finally {
    Deno.removeSignalListener("SIGTERM", stop);
  }
}
