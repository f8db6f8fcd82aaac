/**
 * A real swarm for end-to-end tests: `skein up` and single nodes as processes on loopback, in a fresh data directory,
 * with their events to wait for.
 */
import { strict as assert } from "node:assert";
import { fileURLToPath } from "node:url";

const CLI = fileURLToPath(new URL("../../cli.ts", import.meta.url));

export type Event = Record<string, unknown> & { event: string };

export class Program {
  readonly events: Event[] = [];
  readonly pid: number;
  readonly status: Promise<Deno.CommandStatus>;
  #process: Deno.ChildProcess;
  #waiters: (() => void)[] = [];
  #stderr = "";

  constructor(args: string[], env: Record<string, string>) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", "--no-check", CLI, ...args],
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.pid = this.#process.pid;
    const reading = this.#read();
    const errors = this.#process.stderr.pipeThrough(new TextDecoderStream()).pipeTo(
      new WritableStream({ write: (text) => void (this.#stderr = (this.#stderr + text).slice(-8000)) }),
    );
    this.status = Promise.all([this.#process.status, reading, errors]).then(([status]) => status);
    this.status.then(() => this.#wake());
  }

  async #read(): Promise<void> {
    let pending = "";
    for await (const text of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (pending + text).split("\n");
      pending = lines.pop()!;
      for (const line of lines) {
        if (line === "") continue;
        try {
          this.events.push(JSON.parse(line));
        } catch {
          throw new Error(`every line is one JSON object, found: ${line.slice(0, 200)}`);
        }
      }
      this.#wake();
    }
  }

  #wake(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** The first event, past or future, for which `matches` holds; fails when the program ends without it. */
  async waitFor(what: string, matches: (event: Event) => boolean, timeoutMs = 240_000): Promise<Event> {
    const deadline = Date.now() + timeoutMs;
    let isOver = false;
    this.status.then(() => isOver = true);
    for (;;) {
      const found = this.events.find(matches);
      if (found !== undefined) return found;
      const tail = () =>
        `${this.#stderr}\n${this.events.slice(-12).map((e) => JSON.stringify(e)).join("\n")}`;
      if (isOver) throw new Error(`program ended without: ${what}\n${tail()}`);
      if (Date.now() > deadline) throw new Error(`no ${what} in ${timeoutMs / 1000} s\n${tail()}`);
      let timer: ReturnType<typeof setTimeout> | undefined;
      await Promise.race([
        new Promise<void>((resolve) => this.#waiters.push(resolve)),
        new Promise<void>((resolve) => timer = setTimeout(resolve, 1000)),
      ]);
      clearTimeout(timer);
    }
  }

  kill(signal: Deno.Signal = "SIGTERM"): void {
    try {
      this.#process.kill(signal);
    } catch {
      // already gone
    }
  }
}

/** Runs `body` with a fresh data directory; every started program is gone afterwards. */
export async function withPrograms(
  body: (start: (args: string[]) => Program, dataDir: string) => Promise<void>,
): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "skein-e2e-" });
  const started: Program[] = [];
  try {
    await body((args) => {
      const program = new Program(args, { SKEIN_HOME: dataDir, XDG_RUNTIME_DIR: dataDir });
      started.push(program);
      return program;
    }, dataDir);
  } finally {
    for (const program of started) program.kill();
    const stragglers = setTimeout(() => started.forEach((program) => program.kill("SIGKILL")), 20_000);
    await Promise.all(started.map((program) => program.status.catch(() => {})));
    clearTimeout(stragglers);
    await Deno.remove(dataDir, { recursive: true });
  }
}

/** The weights on a chain as an independent script reads them: hotkey → u16. */
export async function readWeightsByScript(url: string): Promise<Record<string, number>> {
  const script = fileURLToPath(new URL("./read_weights.ts", import.meta.url));
  const output = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-check", script, url, "1"],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  assert.equal(output.code, 0, new TextDecoder().decode(output.stderr));
  return JSON.parse(new TextDecoder().decode(output.stdout));
}
