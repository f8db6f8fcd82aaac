/**
 * One supervised process: started as the same program with other arguments, its events read line by line from stdout,
 * its stderr kept in a file. Lines are bounded; a longer one is dropped, not buffered.
 */
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { childEnvironment } from "./child_environment.ts";
import { parseEventLine } from "./events.ts";
import { selfCommand } from "./self_command.ts";

const MAX_LINE_BYTES = 1 << 20;

export interface ChildExit {
  readonly code: number;
  readonly signal: string | null;
}

export class Child {
  readonly pid: number;
  readonly exited: Promise<ChildExit>;
  #process: Deno.ChildProcess;

  /**
   * @param arguments_ the command line after the program's name
   * @param home where `stderr.log` goes
   * @param onEvent every parsed event line, in order
   */
  constructor(
    arguments_: readonly string[],
    home: string,
    onEvent: (line: ReturnType<typeof parseEventLine>) => void,
  ) {
    const { command, args } = selfCommand([...arguments_]);
    this.#process = new Deno.Command(command, {
      args,
      clearEnv: true,
      env: childEnvironment(Deno.env.toObject()),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.pid = this.#process.pid;
    const drained = Promise.all([
      readLines(this.#process.stdout, (line) => onEvent(parseEventLine(line))),
      readLines(
        this.#process.stderr,
        (line) => void appendFile(join(home, "stderr.log"), line + "\n").catch(() => {}),
      ),
    ]);
    this.exited = this.#process.status.then(async ({ code, signal }) => {
      await drained.catch(() => {});
      return { code, signal };
    });
  }

  /** SIGTERM, and SIGKILL when the process has not gone after `graceMs`. */
  async stop(clock: Clock, graceMs: number): Promise<ChildExit> {
    this.#kill("SIGTERM");
    const cancel = clock.after(graceMs, () => this.#kill("SIGKILL"));
    try {
      return await this.exited;
    } finally {
      cancel();
    }
  }

  #kill(signal: Deno.Signal): void {
    try {
      this.#process.kill(signal);
    } catch {
      // already gone: `exited` tells
    }
  }
}

async function readLines(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let pending = "";
  for await (const bytes of stream) {
    pending += decoder.decode(bytes, { stream: true });
    let end: number;
    while ((end = pending.indexOf("\n")) >= 0) {
      if (end > 0) onLine(pending.slice(0, end));
      pending = pending.slice(end + 1);
    }
    if (pending.length > MAX_LINE_BYTES) pending = "";
  }
  if (pending !== "") onLine(pending);
}
