/** The parent's end of a member's process: its events as they come, and SIGKILL. */
import type { LogEvent } from "../../src/base/log.ts";
import type { PeerPlan } from "./peer.ts";

export class PeerProcess {
  readonly exited: Promise<number>;
  readonly #child: Deno.ChildProcess;

  /** @param onEvent every event line, in order; what the process says on stderr comes as `{event: "stderr", line}` */
  constructor(plan: PeerPlan, onEvent: (event: LogEvent) => void) {
    const script = new URL("./peer.ts", import.meta.url).pathname;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", script, JSON.stringify(plan)],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const drained = Promise.all([
      readLines(this.#child.stdout, (line) => onEvent(JSON.parse(line))),
      readLines(this.#child.stderr, (line) => onEvent({ event: "stderr", line })),
    ]);
    this.exited = this.#child.status.then(async ({ code }) => {
      await drained;
      return code;
    });
  }

  async kill(): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // it ended by itself, which its events have told
    }
    await this.exited;
  }
}

/** A killed process leaves half a line: it is dropped. */
async function readLines(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<void> {
  let pending = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream() as any) as any) {
    const lines = (pending + text).split("\n");
    pending = lines.pop()!;
    for (const line of lines) if (line !== "") onLine(line);
  }
}
