/** A real `skein chain` in a process of its own, to be killed. */
const CLI = new URL("../../../cli.ts", import.meta.url).pathname;

export class ChainProcess {
  readonly url: string;
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;

  /** @throws when it ends before it serves, with what it said */
  static async start(home: string, blockMs: number): Promise<ChainProcess> {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", CLI, "chain", "--home", home, "--port", "0"]
        .concat("--block-ms", String(blockMs), "--json"),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await lines.read();
      if (done) throw new Error(`start the chain in ${home}: ${await new Response(child.stderr).text()}`);
      text += value;
      const started = text.split("\n").find((line) => line.startsWith('{"event":"chain"'));
      if (started?.endsWith("}")) return new ChainProcess(child, lines, JSON.parse(started).url);
    }
  }

  private constructor(child: Deno.ChildProcess, lines: ReadableStreamDefaultReader<string>, url: string) {
    this.#child = child;
    this.#lines = lines;
    this.url = url;
    this.#drain();
  }

  /** SIGKILL: it does nothing more. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await this.#child.stderr.cancel();
  }

  /** What nobody reads would block it in time. */
  async #drain(): Promise<void> {
    while (!(await this.#lines.read()).done);
  }
}
