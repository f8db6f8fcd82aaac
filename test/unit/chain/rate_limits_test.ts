/** Refusals that mean "not yet" say until when, where the runtime tells. */
import { strict as assert } from "node:assert";
import { chainError } from "../../../src/chain/errors.ts";
import {
  foundingLimit,
  type RateLimit,
  registrationLimit,
  servingLimit,
  startLimit,
  tellingWhen,
} from "../../../src/chain/rate_limits.ts";
import type { ChainView } from "../../../src/chain/chain_view.ts";
import { devAccount } from "../../../src/chain/sr25519.ts";
import { type Entries, viewOf } from "./fake_view.ts";
import { offlineApi } from "./offline_api.ts";
import { metadataSpec293, metadataSpec393 } from "./recorded.ts";

const HOTKEY = devAccount("//Alice").address;
const refused = (customError: number) => chainError("chain/call-refused", "no", { customError });
const failed = (name: string) => chainError("chain/call-failed", "no", { error: `SubtensorModule.${name}` });

function outcome(view: ChainView, limit: RateLimit, error: Error): Promise<any> {
  const read = <R>(task: (view: ChainView) => Promise<R>) => task(view);
  return tellingWhen("do it", limit, read, Promise.reject(error)).catch((error) => error);
}

const AXON = { axons: ["Axon", { block: 470, ip: 1, port: 1 }], servingRateLimit: ["u64", 50] } as const;
const types = {
  Axon: { block: "u64", ip: "u128", port: "u16" },
};
const cases: readonly (readonly [string, Entries, RateLimit, Error, number])[] = [
  [
    "a subnet's foundation",
    { networkRateLimit: ["u64", 7200], networkLastRegistered: ["u64", 100] },
    ...[foundingLimit, failed("NetworkTxRateLimitExceeded"), 7300] as const,
  ],
  [
    "a subnet's foundation, by the newer entry",
    { networkRateLimit: ["u64", 7200], lastRateLimitedBlock: ["u64", 200] },
    ...[foundingLimit, refused(6), 7400] as const,
  ],
  [
    "a subnet's start",
    { networkRegisteredAt: ["u64", 495], startCallDelay: ["u64", 10] },
    ...[startLimit(1), failed("NeedWaitingMoreBlocksToStarCall"), 505] as const,
  ],
  [
    "a registration",
    { lastAdjustmentBlock: ["u64", 300], adjustmentInterval: ["u16", 360] },
    ...[registrationLimit(1), refused(6), 660] as const,
  ],
  ["an axon", AXON as unknown as Entries, servingLimit(1, HOTKEY), refused(12), 520],
];

for (const [name, entries, limit, error, block] of cases) {
  Deno.test(`${name} that is refused for its frequency says from which block on it is not`, async () => {
    const told = await outcome(viewOf(500, entries, { types }), limit, error);
    assert.equal(told.code, "chain/too-soon");
    assert.equal(told.payload.block, block);
    assert.match(
      told.message,
      new RegExp(`^do it: block 500, .*, block ${block} or later is required, wait for it$`),
    );
    assert.equal(told.cause, error);
  });

  Deno.test(`${name} that is refused for another reason, or where the runtime tells nothing, is told as it was`, async () => {
    const other = failed("SubnetNotExists");
    assert.equal(await outcome(viewOf(500, entries, { types }), limit, other), other);
    assert.equal(await outcome(viewOf(500, {}, { types }), limit, error), error);
    // Past it: some other limit with the same number.
    assert.equal(await outcome(viewOf(9000, entries, { types }), limit, error), error);
  });
}

Deno.test("the delay of a start is a constant of older runtimes", async () => {
  const view = viewOf(500, { networkRegisteredAt: ["u64", 495] }, { constants: { durationOfStartCall: 20 } });
  const told = await outcome(view, startLimit(1), failed("NeedWaitingMoreBlocksToStarCall"));
  assert.equal(told.payload.block, 515);
});

Deno.test("the recorded runtimes tell each of these blocks", async () => {
  for (const [metadata, spec] of [[metadataSpec293(), 293], [metadataSpec393(), 393]] as const) {
    const api = await offlineApi(metadata, spec);
    const request = (_: string, [keys]: any[]) =>
      Promise.resolve([{ changes: keys.map((key: string) => [key, null]) }]);
    const view = { api, request, block: { number: 1, hash: "0x" } } as unknown as ChainView;
    const limits = [foundingLimit, startLimit(1), registrationLimit(1)];
    for (const limit of limits) assert.ok(Number.isInteger(await limit.next(view)), `${spec}: ${limit.rule}`);
    assert.equal(await servingLimit(1, HOTKEY).next(view), undefined, "nobody has served");
  }
});
