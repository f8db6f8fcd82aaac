/** Logits of a Hugging Face checkpoint over given tokens, into a NumPy file: `skein logits`. */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { choosePrecision, openDevice, type Precision, requirePrecision } from "../gpu/mod.ts";
import { LogitsEngine } from "../model/mod.ts";
import { NpyWriter } from "../state/npy.ts";
import { checkFinite } from "./finite.ts";
import { loadCheckpoint } from "./load_checkpoint.ts";
import { checkTokenRows, readTokenRows, type TokenRows } from "./token_rows.ts";

export interface CheckpointTask {
  readonly checkpoint: string;
  /** JSON: [batch][time] */
  readonly tokens: string;
  /** A .npy file for logits, a directory for gradients. */
  readonly out: string;
  /** f32 unless given. */
  readonly precision?: Precision;
}

export interface CheckpointDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** This machine's adapter unless given. */
  readonly open?: typeof openDevice;
}

/** For `--json`. */
export interface CheckpointSummary {
  readonly adapter: string;
  readonly family: string;
  readonly batch: number;
  readonly context: number;
  readonly out: string;
  readonly seconds: number;
}

/** Sequences that go through the model together: about so many tokens. */
const ROWS_AT_ONCE = 1024;

/**
 * Writes f32 [batch, time, vocabulary].
 * @throws {SkeinError} `node/bad-tokens`, as `loadCheckpoint`, `gpu/too-large`, `gpu/no-f16`,
 * `node/not-finite`
 */
export async function writeCheckpointLogits(
  task: CheckpointTask,
  { clock, log, open = openDevice }: CheckpointDeps,
): Promise<CheckpointSummary & { vocabulary: number }> {
  const startMs = clock.monotonicMs();
  const rows = await readTokenRows(task.tokens);
  const { config, parameters } = await loadCheckpoint(task.checkpoint);
  checkTokenRows(rows, config, 1, task.tokens);
  const { precision = "f32" } = task;
  const gpu = await open({ log });
  try {
    requirePrecision(await choosePrecision(gpu, precision, log), precision, gpu.adapterName);
    const batchSize = Math.min(rows.batchSize, Math.max(1, Math.floor(ROWS_AT_ONCE / rows.length)));
    const engine = new LogitsEngine(gpu, config, {
      batchSize,
      contextLength: rows.length,
      precision,
    });
    engine.loadParameters(parameters);
    await writeLogits({ out: task.out, precision }, engine, rows, log);
    engine.destroy();
  } finally {
    gpu.close();
  }
  return {
    adapter: gpu.adapterName,
    family: config.family,
    batch: rows.batchSize,
    context: rows.length,
    vocabulary: config.vocabSize,
    out: task.out,
    seconds: (clock.monotonicMs() - startMs) / 1000,
  };
}

async function writeLogits(
  { out, precision }: { out: string; precision: Precision },
  engine: LogitsEngine,
  rows: TokenRows,
  log: Log,
): Promise<void> {
  const { batchSize, config: { vocabSize } } = engine;
  const writer = await NpyWriter.create(out, [rows.batchSize, rows.length, vocabSize]);
  try {
    for (let first = 0; first < rows.batchSize; first += batchSize) {
      // The last group may be smaller: rows of zeros fill it and their logits are left out.
      const tokens = new Uint32Array(batchSize * rows.length);
      tokens.set(rows.tokens.subarray(first * rows.length, (first + batchSize) * rows.length));
      const wanted = Math.min(batchSize, rows.batchSize - first) * rows.length;
      for await (const { firstRow, logits } of engine.logits(tokens)) {
        if (firstRow >= wanted) continue;
        const own = logits.subarray(0, (wanted - firstRow) * vocabSize);
        checkFinite(own, `the logits of rows from ${first} on`, precision);
        await writer.append(own);
      }
      log.info(`logits of ${Math.min(first + batchSize, rows.batchSize)} of ${rows.batchSize} rows`);
    }
    await writer.finish();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}
