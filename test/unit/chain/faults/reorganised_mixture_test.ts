/**
 * Random faults on the chain of four ideas, which can be reorganised: two submitters of one account, blocks taken back before they are
 * final, dropped sockets, pools that forget or refuse. Each call has one effect on the chain that remains. A failure names its seed.
 */
import { strict as assert } from "node:assert";
import { Random } from "../../../../src/base/random.ts";
import type { KeyringPair } from "../../../../src/chain/sr25519.ts";
import { Submitter } from "../../../../src/chain/submit.ts";
import { VirtualClock } from "../../../simulation/virtual_clock.ts";
import { fakeCall, FakeChain } from "../fake_chain.ts";
import { POOL_FAULTS, type PoolFault } from "../submission_faults.ts";

const SEEDS = 200;
const SECOND = 1000;
const FINALITY_LAG = 5;
const account = { address: "alice" } as KeyringPair;

const FAULTS: readonly (PoolFault | undefined)[] = [undefined, ...POOL_FAULTS];

const pick = <T>(random: Random, list: readonly T[]): T => list[random.nextBelow(list.length)];

/** One trouble. */
function disturb(chain: FakeChain, random: Random): void {
  switch (random.nextBelow(4)) {
    case 0:
      return chain.loseConnection();
    case 1:
      if (chain.looseCount === 0) return;
      return chain.retract(1 + random.nextBelow(chain.looseCount), random.nextBelow(2) === 0);
    case 2:
      return chain.pool.clear();
    case 3:
      chain.isDeaf = !chain.isDeaf;
  }
}

async function runEpisode(seed: number): Promise<void> {
  const random = new Random(seed);
  const clock = new VirtualClock();
  const chain = new FakeChain(clock);
  chain.finalityLag = FINALITY_LAG;
  const stop = chain.startMining();
  const pass = (ms: number) => clock.advance(() => false, clock.nowMs() + ms);
  const submitters = [1, 2].map((n) =>
    new Submitter(
      { callTimeoutMs: 1e9, until: pick(random, ["included", "finalized"] as const) },
      chain.dependencies(seed * 2 + n),
    )
  );
  await pass(10 * SECOND);
  const calls: string[] = [];
  const done: Promise<unknown>[] = [];
  for (let i = 0; i < 30; i++) {
    if (random.nextBelow(3) === 0) {
      const call = `call ${calls.length}`;
      calls.push(call);
      done.push(pick(random, submitters).submit(call, account, () => fakeCall(call)));
    }
    if (random.nextBelow(3) === 0) chain.faults.push(pick(random, FAULTS));
    if (random.nextBelow(3) === 0) disturb(chain, random);
    await pass(random.nextBelow(5 * SECOND));
  }
  chain.isDeaf = false;
  chain.faults.length = 0;
  await pass(300 * SECOND);
  await Promise.all(done);
  // Nothing is under way any more: another hundred blocks change nothing.
  assert.deepEqual(chain.calls.toSorted(), calls.toSorted());
  await pass(100 * SECOND);
  assert.deepEqual(chain.calls.toSorted(), calls.toSorted());
  stop();
  chain.closing.abort();
}

Deno.test(`each call has one effect through ${SEEDS} random mixtures of faults and reorganisations`, async () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    await runEpisode(seed).catch((error) => {
      throw new Error(`seed ${seed}: ${error.message}`, { cause: error });
    });
  }
});
