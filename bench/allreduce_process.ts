/**
 * A child process that talks in lines of JSON: commands on its standard input, reports on its standard output. Its
 * errors go to ours. What it has used so far is read from /proc, so that the child need not measure itself.
 */
import { fileURLToPath } from "node:url";
import { V8_FLAGS } from "../src/node/v8_memory.ts";

export interface Report {
  readonly report: string;
  readonly [key: string]: unknown;
}

export interface ProcessUse {
  /** Of user and kernel, all threads. */
  readonly cpuSeconds: number;
  /** VmHWM: the highest resident set since the start, the program's own text included. */
  readonly peakRssBytes: number;
}

/** USER_HZ, fixed by the kernel's interface. */
const TICKS_PER_SEC = 100;

export class JsonProcess {
  readonly name: string;
  readonly pid: number;
  #process: Deno.ChildProcess;
  #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  #reports: Report[] = [];
  #wake: () => void = () => {};
  #isOver = false;

  /**
   * @param script a path; a relative one begins here
   * @param prefix a command that runs the rest, for instance `ip netns exec NAME`
   */
  constructor(name: string, script: string, options: object, prefix: readonly string[] = []) {
    const path = fileURLToPath(new URL(script, import.meta.url));
    const config = fileURLToPath(new URL("../deno.json", import.meta.url));
    const [command, ...args] = [
      ...prefix,
      Deno.execPath(),
      "run",
      "-A",
      "--quiet",
      "--no-check",
      "--unstable-net",
      // A bundle needs none, and a lock file to read would count as memory.
      script.endsWith(".js") ? "--no-config" : `--config=${config}`,
      ...v8Flags(),
      path,
      JSON.stringify(options),
    ];
    this.name = name;
    this.#process = new Deno.Command(command, { args, stdin: "piped", stdout: "piped", stderr: "inherit" })
      .spawn();
    this.pid = this.#process.pid;
    this.#writer = this.#process.stdin.getWriter();
    this.#read().finally(() => {
      this.#isOver = true;
      this.#wake();
    });
  }

  async send(command: object): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(JSON.stringify(command) + "\n"));
  }

  /** The next report of that name; another one in its place, or the process's end, is an error. */
  async next(report: string): Promise<Report> {
    while (this.#reports.length === 0) {
      if (this.#isOver) throw new Error(`${this.name} ended, "${report}" was expected`);
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const found = this.#reports.shift()!;
    if (found.report === report) return found;
    throw new Error(`${this.name} reports ${JSON.stringify(found).slice(0, 600)}, "${report}" was expected`);
  }

  async ask(command: object, report: string): Promise<Report> {
    await this.send(command);
    return await this.next(report);
  }

  use(): ProcessUse {
    const status = Deno.readTextFileSync(`/proc/${this.pid}/status`);
    const fields = Deno.readTextFileSync(`/proc/${this.pid}/stat`).split(") ")[1].split(" ");
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SEC,
      peakRssBytes: 1024 * Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]),
    };
  }

  async stop(): Promise<void> {
    await this.#writer.close().catch(() => {});
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // already gone
    }
    await this.#process.status;
  }

  async #read(): Promise<void> {
    let pending = "";
    for await (const text of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (pending + text).split("\n");
      pending = lines.pop()!;
      for (const line of lines) {
        if (line.startsWith("{")) this.#reports.push(JSON.parse(line));
        else if (line !== "") console.error(`${this.name}: ${line}`); // what V8's flags print
      }
      this.#wake();
    }
  }
}

/** The program's own, and for experiments `SKEIN_BENCH_V8_FLAGS=--cpu-prof,…`. */
function v8Flags(): string[] {
  const more = Deno.env.get("SKEIN_BENCH_V8_FLAGS");
  return [`--v8-flags=${[V8_FLAGS, ...(more ? [more] : [])].join(",")}`];
}

/** In a child: its commands, one at a time. Ends when the parent closes its end. */
export async function* commands(): AsyncGenerator<Record<string, unknown>> {
  let pending = "";
  for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (pending + text).split("\n");
    pending = lines.pop()!;
    for (const line of lines) yield JSON.parse(line);
  }
}

/** In a child. */
export function tell(report: string, fields: object = {}): void {
  const bytes = new TextEncoder().encode(JSON.stringify({ report, ...fields }) + "\n");
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}
