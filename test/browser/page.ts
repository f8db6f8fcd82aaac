/**
 * What the browser loads before the kernel tests: the few parts of `Deno` that they name.
 * `Deno.test` collects here; whoever drives the page then runs the tests one by one, by index, and reports.
 * Imported first, and it must stay without imports of tests: modules run in the order in which they are imported.
 */
import { type RunName, type TrainingRun, trainSteps } from "./training_run.ts";

interface Definition {
  readonly name: string;
  readonly fn: (context: unknown) => void | Promise<void>;
  readonly ignore?: boolean;
}

export interface PageTest {
  readonly name: string;
  readonly isIgnored: boolean;
}

export interface TestOutcome {
  readonly milliseconds: number;
  /** The error's stack, or empty: it passed. */
  readonly error: string;
}

/** What a driver calls by way of `globalThis.skeinPage`. Binary results travel as base64. */
export interface SkeinPage {
  tests(): PageTest[];
  runTest(index: number): Promise<TestOutcome>;
  trainSteps(name: RunName): Promise<SentRun>;
}

type Vectors = "gradients" | "start" | "end";
export type SentRun = Omit<TrainingRun, Vectors> & Readonly<Record<Vectors, string>>;

const tests: Definition[] = [];

/** Every form of `Deno.test` that names a test; a form that is not known must not lose one silently. */
function collect(first: string | Definition, second?: unknown, third?: unknown): void {
  const definition = typeof first === "string"
    ? { name: first, ...typeof second === "object" ? second : {}, fn: third ?? second }
    : { ...first };
  if (typeof definition.name !== "string" || typeof definition.fn !== "function") {
    throw new TypeError("register a test in the browser: a name and a function are required");
  }
  tests.push(definition as Definition);
}

const toBase64 = (values: Float32Array<ArrayBuffer>) => new Uint8Array(values.buffer).toBase64();

const page: SkeinPage = {
  tests: () => tests.map(({ name, ignore }) => ({ name, isIgnored: ignore === true })),
  async runTest(index) {
    const { name, fn } = tests[index];
    const startMs = performance.now();
    let error = "";
    try {
      await fn({ name });
    } catch (thrown) {
      error = thrown instanceof Error ? thrown.stack ?? thrown.message : String(thrown);
    }
    return { milliseconds: performance.now() - startMs, error };
  },
  async trainSteps(name) {
    const run = await trainSteps(name);
    const { gradients, start, end } = run;
    return { ...run, gradients: toBase64(gradients), start: toBase64(start), end: toBase64(end) };
  },
};

Object.assign(globalThis, {
  Deno: { test: collect },
  skeinPage: page,
});
