import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { planOf } from "../../../src/allreduce/proposal.ts";
import { codecByName } from "../../../src/codec/by_name.ts";
import { leftOut } from "../../../src/codec/error_feedback.ts";
import { EXCHANGES } from "../../../src/node/exchange_plan.ts";
import { readResidual, writeResidual } from "../../../src/node/residual_file.ts";
import { ResidualKeeper } from "../../../src/node/residual_keeper.ts";
import { defineRun } from "../../../src/node/run_config.ts";

const ROOTS = ["aa", "bb", "cc"].map((byte) => byte.repeat(32));
const ELEMENTS = 5000;
/** After the dense steps of a sparse run. */
const STEP = EXCHANGES.sparse.denseSteps + 1;
const DELTA = Float32Array.from({ length: ELEMENTS }, (_, i) => Math.sin(i * i) * 0.01);

async function inTemporary(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "skein-residual-"));
  try {
    await body(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function keeperOf(directory: string, codec: string, root: string, warnings: string[] = []) {
  const run = defineRun({ genesisHash: "0x1", netuid: 1, preset: "pico", corpusDigest: "a", codec });
  const node = {
    run,
    runHome: directory,
    codec: codecByName(codec),
    signer: { hotkey: "us" },
    log: { warn: (message: string) => warnings.push(message) },
    states: { root, current: { parameters: DELTA } },
  };
  return ResidualKeeper.open(node as any);
}

/** A certificate as far as the residual looks at it: two members, chunks of 3072 elements. */
function certificateOf(anchorRoot: string, innerSteps: number, hotkey = "us"): any {
  const members = [hotkey, "other"].map((each) => ({ hotkey: each, innerSteps, bandwidthBytesPerSec: 1 }));
  return { origin: { anchorRoot, elementCount: ELEMENTS, chunkElements: 3072, members } };
}

Deno.test("what the committed plan left out comes back decayed in the next round, after a restart, too", async () => {
  await inTemporary(async (directory) => {
    const keeper = await keeperOf(directory, "sparse", ROOTS[0]);
    const offered = keeper.offer(DELTA, { outerStep: STEP, anchorRoot: ROOTS[0], innerSteps: 9 });
    assert.deepEqual(offered, DELTA, "nothing is left over at first");
    const certificate = certificateOf(ROOTS[0], 9);
    await keeper.moved({ root: ROOTS[1], certificate });
    const expected = leftOut(codecByName("sparse"), DELTA, planOf(certificate.origin).chunks)
      .map((v) => Math.fround(0.95 * v));
    const zeros = new Float32Array(ELEMENTS);
    const warnings: string[] = [];
    const restarted = await keeperOf(directory, "sparse", ROOTS[1], warnings);
    for (const each of [keeper, restarted]) {
      assert.deepEqual(each.offer(zeros, { outerStep: STEP, anchorRoot: ROOTS[1], innerSteps: 1 }), expected);
    }
    assert.deepEqual(warnings, []);
  });
});

Deno.test("a round without us, of other values of ours, or from another anchor leaves the residual as it is", async () => {
  const others = [
    certificateOf(ROOTS[0], 9, "somebody"),
    certificateOf(ROOTS[0], 6),
    certificateOf(ROOTS[2], 9),
    undefined,
  ];
  for (const certificate of others) {
    await inTemporary(async (directory) => {
      const keeper = await keeperOf(directory, "sparse", ROOTS[0]);
      keeper.offer(DELTA, { outerStep: STEP, anchorRoot: ROOTS[0], innerSteps: 9 });
      await keeper.moved({ root: ROOTS[1], certificate });
      const next = keeper.offer(DELTA, { outerStep: STEP, anchorRoot: ROOTS[1], innerSteps: 9 });
      assert.deepEqual(next, DELTA);
    });
  }
});

Deno.test("a dense step of a sparse run offers nothing of the residual and leaves nothing in it", async () => {
  await inTemporary(async (directory) => {
    const keeper = await keeperOf(directory, "sparse", ROOTS[0]);
    const dense = { outerStep: STEP - 1, anchorRoot: ROOTS[0], innerSteps: 9 };
    assert.equal(keeper.offer(DELTA, dense), DELTA);
    await keeper.moved({ root: ROOTS[1], certificate: certificateOf(ROOTS[0], 9) });
    const zeros = new Float32Array(ELEMENTS);
    assert.deepEqual(keeper.offer(zeros, { outerStep: STEP, anchorRoot: ROOTS[1], innerSteps: 9 }), zeros);
  });
});

Deno.test("a run without error feedback neither adds nor writes anything", async () => {
  await inTemporary(async (directory) => {
    const keeper = await keeperOf(directory, "u8", ROOTS[0]);
    assert.equal(keeper.offer(DELTA, { outerStep: STEP, anchorRoot: ROOTS[0], innerSteps: 9 }), DELTA);
    await keeper.moved({ root: ROOTS[1], certificate: certificateOf(ROOTS[0], 9) });
    assert.equal(await readResidual(directory, { root: ROOTS[1], elementCount: ELEMENTS }), undefined);
  });
});

Deno.test("a damaged residual, or another state's, starts at zero and says so", async () => {
  await inTemporary(async (directory) => {
    await writeResidual(directory, { root: ROOTS[0], values: DELTA });
    assert.deepEqual(await readResidual(directory, { root: ROOTS[0], elementCount: ELEMENTS }), DELTA);
    const zeros = new Float32Array(ELEMENTS);
    const warnings: string[] = [];
    const other = await keeperOf(directory, "sparse", ROOTS[1], warnings);
    assert.deepEqual(other.offer(zeros, { outerStep: STEP, anchorRoot: ROOTS[1], innerSteps: 9 }), zeros);
    const path = join(directory, "residual.bin");
    const whole = readFileSync(path);
    whole[100] ^= 1;
    writeFileSync(path, whole);
    const damaged = await keeperOf(directory, "sparse", ROOTS[0], warnings);
    assert.deepEqual(damaged.offer(zeros, { outerStep: STEP, anchorRoot: ROOTS[0], innerSteps: 9 }), zeros);
    writeFileSync(path, whole.subarray(0, 50));
    await keeperOf(directory, "sparse", ROOTS[0], warnings);
    assert.equal(warnings.length, 3);
    assert.match(warnings[0], /belongs to state aaaaaaaaaaaa.*starts at zero/);
    assert.match(warnings[1], /not what was written/);
  });
});

/** How much more array memory was held at any time during `work`, MiB. */
async function peakMiB(work: () => Promise<unknown>): Promise<number> {
  const held = () => Deno.memoryUsage().external / 2 ** 20;
  const before = held();
  let peak = before;
  const timer = setInterval(() => peak = Math.max(peak, held()), 0);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return Math.max(peak, held()) - before;
}

Deno.test("a large residual is written from its array and read into one, without copies", async () => {
  await inTemporary(async (directory) => {
    const values = new Float32Array(4 << 20).fill(0.5); // 16 MiB
    const want = { root: ROOTS[0], elementCount: values.length };
    let read: Float32Array | undefined;
    const writing = await peakMiB(() => writeResidual(directory, { root: ROOTS[0], values }));
    const reading = await peakMiB(async () => read = await readResidual(directory, want));
    assert.ok(writing < 8, `${writing} MiB while writing`);
    assert.ok(reading < 24, `${reading} MiB while reading`);
    assert.deepEqual(new Uint8Array(read!.buffer), new Uint8Array(values.buffer));
  });
});
