/** A run that exchanges its first two steps as u8 and the rest sparsely, by the real `AllReduce` in virtual time. */
import assert from "node:assert/strict";
import { type Certificate, decodeResult, type EncodedChunks } from "../../src/allreduce/allreduce.ts";
import { CpuReducer } from "../../src/codec/cpu_reducer.ts";
import { sparseTopK } from "../../src/codec/sparse.ts";
import { u8Blockwise } from "../../src/codec/u8_blockwise.ts";
import { ChainHeight } from "./chain_height.ts";
import { fakeRoundKeys } from "./fake_signer.ts";
import { type Disk, newDisk, Participant } from "./participant.ts";
import { SimNetwork } from "./sim_network.ts";
import { VirtualClock } from "./virtual_clock.ts";

const HOTKEYS = ["a", "b", "c"];
const ELEMENTS = 4096;
const DENSE_STEPS = 2;
const LAST_STEP = 5;
const PATIENCE_MS = 120_000;

interface Committed {
  readonly certificate: Certificate;
  readonly root: string;
  readonly chunks: EncodedChunks;
}

class Run {
  readonly clock = new VirtualClock();
  readonly network = new SimNetwork(HOTKEYS, this.clock, 1);
  readonly disks = new Map<string, Disk>();
  readonly failures: unknown[] = [];
  /** By step and member. */
  readonly commits = new Map<number, Map<string, Committed>>();
  readonly #chain = new ChainHeight(this.clock);
  readonly #participants: Participant[] = [];

  start(hotkey: string): void {
    const disk = newDisk(HOTKEYS);
    this.disks.set(hotkey, disk);
    const participant = new Participant({
      hotkey,
      elementCount: ELEMENTS,
      recoveryBlocks: 1_000_000,
      samples: 1,
      bandwidthBytesPerSec: 1000,
      values: Float32Array.from({ length: ELEMENTS }, (_, i) => Math.sin(i * i)),
    }, {
      transport: this.network.join(hotkey),
      clock: this.clock,
      codec: sparseTopK,
      reducer: new CpuReducer(sparseTopK, { clip: true }),
      warmUp: { lastStep: DENSE_STEPS, codec: u8Blockwise, reducer: new CpuReducer(u8Blockwise) },
      disk,
      roundKeys: fakeRoundKeys(hotkey),
      isMember: (other) => HOTKEYS.includes(other),
      block: () => this.#chain.at(hotkey),
      expected: () => [...this.disks.keys()],
      download: () => this.#newest(),
      onCommit: (certificate, root, chunks) => {
        const of = this.commits.get(certificate.outerStep) ?? new Map<string, Committed>();
        this.commits.set(certificate.outerStep, of.set(hotkey, { certificate, root, chunks }));
      },
      onEnd: () => {},
      onBadCertificate: (error) => this.failures.push(error),
      onBelieved: () => {},
    });
    this.#participants.push(participant);
    participant.live().catch((error) => this.failures.push(error));
    this.network.openAll(hotkey);
  }

  stepOf = (hotkey: string): number => this.disks.get(hotkey)!.state.outerStep;

  async until(isDone: () => boolean): Promise<void> {
    const isReached = await this.clock.advance(isDone, this.clock.monotonicMs() + PATIENCE_MS);
    assert.ok(isReached, `steps ${[...this.disks.keys()].map(this.stepOf)}`);
  }

  end(): void {
    for (const participant of this.#participants) participant.crash();
    assert.deepEqual([...this.failures, ...this.network.failures], []);
  }

  #newest() {
    const states = [...this.disks.values()].map(({ state }) => state);
    return states.reduce((newest, state) => state.outerStep > newest.outerStep ? state : newest);
  }
}

Deno.test("the first steps are exchanged as u8 and the others sparsely, also by a member that joins in between", async () => {
  const run = new Run();
  for (const hotkey of ["a", "b"]) run.start(hotkey);
  await run.until(() => run.stepOf("a") >= DENSE_STEPS);
  run.start("c");
  await run.until(() => HOTKEYS.every((hotkey) => run.stepOf(hotkey) >= LAST_STEP));
  run.end();
  assert.ok([...run.commits.values()].some((of) => of.has("c")), "c took part");
  for (const [step, of] of run.commits) {
    const codec = step <= DENSE_STEPS ? u8Blockwise : sparseTopK;
    const [{ certificate, root }] = of.values();
    assert.equal(certificate.origin.codec, codec.name);
    for (const each of of.values()) {
      assert.equal(each.root, root, `step ${step}`);
      const mean = decodeResult(each.certificate.origin, each.chunks, codec);
      const moved = mean.filter((value) => value !== 0).length;
      if (step <= DENSE_STEPS) assert.ok(moved > 0.9 * ELEMENTS, `${moved} of ${ELEMENTS} moved`);
      else assert.equal(moved, ELEMENTS / 64);
    }
  }
});
