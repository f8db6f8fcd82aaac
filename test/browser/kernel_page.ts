/**
 * The page in Chromium that has the kernel tests and the engine in it, served on loopback, and what a test may ask of it.
 * A call that takes too long fails by name: a GPU process that hangs must not hang the tests. SwiftShader compiles large kernels
 * with barriers for seconds, on a busy machine for minutes.
 */
import { rmSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { bundleModules, bundlePage } from "./bundle.ts";
import { launchChromium } from "./chromium.ts";
import type { PageTest, SkeinPage, TestOutcome } from "./page.ts";
import type { RunName, TrainingRun } from "./training_run.ts";

const TIMEOUT_MS = 240_000;
const IMPORT_MAP = { imports: { "node:assert": "/assert.js" } };
const HTML = `<!doctype html><title>Skein</title><link rel="icon" href="data:,">` +
  `<script type="importmap">${JSON.stringify(IMPORT_MAP)}</script>`;

declare const skeinPage: SkeinPage;

export class KernelPage {
  /** Chromium's version. */
  readonly version: string;
  readonly bundleBytes: number;
  /** From the start of Chromium until the page's modules have run. */
  readonly startMs: number;
  #browser: Browser;
  #server: Deno.HttpServer;
  #page: Page;

  private constructor(
    browser: Browser,
    server: Deno.HttpServer,
    page: Page,
    measured: { bundleBytes: number; startMs: number },
  ) {
    this.version = browser.version();
    this.#browser = browser;
    this.#server = server;
    this.#page = page;
    this.bundleBytes = measured.bundleBytes;
    this.startMs = measured.startMs;
  }

  static async open(executablePath: string): Promise<KernelPage> {
    const files = await bundleFiles();
    const server = serve(files);
    const startMs = performance.now();
    const browser = await launchChromium(executablePath).catch(async (error) => {
      await server.shutdown();
      throw error;
    });
    const page = await browser.newPage();
    const { port } = server.addr as Deno.NetAddr;
    await page.goto(`http://127.0.0.1:${port}/`);
    // The modules wait for an adapter where they stand, and a page is loaded before that: the import ends when all have run.
    const failure = await page.evaluate(
      (path) => import(path).then(() => "", (error) => String(error?.stack ?? error)),
      "/page.js",
    );
    const bundleBytes = files.get("/page.js")!.length;
    const opened = new KernelPage(browser, server, page, {
      bundleBytes,
      startMs: performance.now() - startMs,
    });
    if (failure !== "") {
      await opened.close();
      throw new Error(`load the kernel tests in Chromium: their modules did not run\n${failure}`);
    }
    return opened;
  }

  tests(): Promise<PageTest[]> {
    return this.#page.evaluate(() => skeinPage.tests());
  }

  runTest(index: number): Promise<TestOutcome> {
    return within(`kernel test ${index}`, this.#page.evaluate((index) => skeinPage.runTest(index), index));
  }

  async trainSteps(name: RunName): Promise<TrainingRun> {
    const work = this.#page.evaluate((name) => skeinPage.trainSteps(name), name);
    const run = await within(`training steps of ${name}`, work);
    const { gradients, start, end } = run;
    return { ...run, gradients: fromBase64(gradients), start: fromBase64(start), end: fromBase64(end) };
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#server.shutdown();
  }
}

async function bundleFiles(): Promise<ReadonlyMap<string, string>> {
  const directory = Deno.makeTempDirSync({ prefix: "skein-page-" });
  try {
    return new Map([
      ["/page.js", await bundlePage(directory)],
      ["/assert.js", await bundleModules(directory, "assert", ["test/browser/page_assert.ts"])],
    ]);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function serve(files: ReadonlyMap<string, string>): Deno.HttpServer {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/") return new Response(HTML, { headers: { "content-type": "text/html" } });
    const text = files.get(pathname);
    if (text === undefined) return new Response(`no ${pathname}`, { status: 404 });
    return new Response(text, { headers: { "content-type": "text/javascript" } });
  });
}

async function within<R>(what: string, work: Promise<R>): Promise<R> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    const late = () => reject(new Error(`${what} in Chromium: no answer in ${TIMEOUT_MS / 1000} s`));
    timer = setTimeout(late, TIMEOUT_MS);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

function fromBase64(text: string): Float32Array<ArrayBuffer> {
  return new Float32Array(Uint8Array.fromBase64(text).buffer);
}
