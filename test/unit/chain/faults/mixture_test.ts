/**
 * Random faults between clients and a real local chain: two clients of one account, three endpoints that drop, fall silent, go down and
 * come up, a chain that restarts and forgets its pool, submissions that meet anything. Episodes follow each other on one chain; each
 * is drawn from its seed, heals, and must then have one effect a call. A failure names its seed.
 */
import { strict as assert } from "node:assert";
import { Random } from "../../../../src/base/random.ts";
import type { ChainClient } from "../../../../src/chain/client.ts";
import { SUBMISSION_FAULTS, type SubmissionFault } from "../submission_faults.ts";
import type { FaultyNode } from "./faulty_node.ts";
import { checkLines, type FaultRoom, payAll, SECOND, withFaultRoom } from "./fault_room.ts";

/** A tenth of a second each; SKEIN_FAULT_SEEDS=200 or more for a campaign. */
const SEEDS = Number(Deno.env.get("SKEIN_FAULT_SEEDS") ?? 40);

const FAULTS: readonly (SubmissionFault | undefined)[] = [undefined, ...SUBMISSION_FAULTS];

const pick = <T>(random: Random, list: readonly T[]): T => list[random.nextBelow(list.length)];

/** One trouble. */
async function disturb({ nodes, restart }: FaultRoom, random: Random): Promise<void> {
  const node: FaultyNode = pick(random, nodes);
  switch (random.nextBelow(6)) {
    case 0:
      return node.cutAll();
    case 1:
      return node.goDown();
    case 2:
      return void (node.isUp = true);
    case 3:
      return void (node.isSilent = !node.isSilent);
    case 4:
      return void node.faults.push(pick(random, FAULTS), pick(random, FAULTS));
    case 5:
      if (random.nextBelow(4) === 0) await restart(random.nextBelow(60 * SECOND));
  }
}

function heal({ nodes }: FaultRoom): void {
  for (const node of nodes) {
    node.isUp = true;
    if (node.isSilent) node.cutAll();
    node.isSilent = false;
    node.faults.length = 0;
  }
}

async function runEpisode(room: FaultRoom, clients: readonly ChainClient[], seed: number): Promise<void> {
  const random = new Random(seed);
  room.lines.length = 0;
  const payments: ReturnType<typeof payAll>[] = [];
  for (let i = 0; i < 6; i++) {
    if (random.nextBelow(2) === 0) payments.push(payAll(pick(random, clients), 1 + random.nextBelow(2)));
    await disturb(room, random);
    await room.pass(random.nextBelow(6 * SECOND));
  }
  heal(room);
  await room.settled(Promise.all(payments.map(({ done }) => done)));
  // For both, a chance to look at a connection that was silent.
  await room.pass(30 * SECOND);
  for (const { check } of payments) await room.settled(check(clients[0]));
  checkLines(room.lines);
}

Deno.test(`each call has one effect through ${SEEDS} random mixtures of faults before a real chain`, () =>
  withFaultRoom(async (room) => {
    const options = { replyTimeoutMs: 5 * SECOND, callTimeoutMs: 3600 * SECOND };
    const clients = [await room.connect(options), await room.connect(options)];
    for (let seed = 0; seed < SEEDS; seed++) {
      try {
        await runEpisode(room, clients, seed);
      } catch (error) {
        assert.fail(`seed ${seed}: ${(error as Error).message}`);
      }
    }
  }, { nodeCount: 3, blockMs: 12 * SECOND }));
