/**
 * What the runtime allows only so often, or not yet: asked for when it has refused a call for that, so that the error can say from which
 * block on it will not. Runtimes differ in where they keep it; one that does not tell leaves the refusal as it is.
 */
import { isSkeinError } from "../base/errors.ts";
import { type ChainView, optionalItem, readItems } from "./chain_view.ts";
import { chainError } from "./errors.ts";

export interface RateLimit {
  /** Errors of SubtensorModule that mean it. */
  readonly errors: readonly string[];
  /** The pool's numbers that mean it. */
  readonly customs: readonly number[];
  /** As it stands in a sentence. */
  readonly rule: string;
  /** @returns the first block that is late enough, where the runtime tells */
  next(view: ChainView): Promise<number | undefined>;
}

/** One subnet a while, whoever founds it. */
export const foundingLimit: RateLimit = {
  errors: ["NetworkTxRateLimitExceeded"],
  customs: [6],
  rule: "the chain lets subnets be founded only so often",
  async next(view) {
    const { api } = view;
    const [limit, last] = await readItems(view, [
      optionalItem(api, "networkRateLimit"),
      optionalItem(api, "networkLastRegistered") ??
        optionalItem(api, "lastRateLimitedBlock", { NetworkLastRegistered: null }),
    ]);
    return sum(last, limit);
  },
};

export const startLimit = (netuid: number): RateLimit => ({
  errors: ["NeedWaitingMoreBlocksToStarCall"],
  customs: [],
  rule: "a subnet is too young at first",
  async next(view) {
    const [founded, delay] = await readItems(view, [
      optionalItem(view.api, "networkRegisteredAt", netuid),
      optionalItem(view.api, "startCallDelay"),
    ]);
    return sum(founded, delay ?? view.api.consts.subtensorModule?.durationOfStartCall);
  },
});

export const registrationLimit = (netuid: number): RateLimit => ({
  errors: ["TooManyRegistrationsThisInterval"],
  customs: [6],
  rule: "the subnet takes only so many in an interval",
  async next(view) {
    const [last, interval] = await readItems(view, [
      optionalItem(view.api, "lastAdjustmentBlock", netuid),
      optionalItem(view.api, "adjustmentInterval", netuid),
    ]);
    return sum(last, interval);
  },
});

export const servingLimit = (netuid: number, hotkey: string): RateLimit => ({
  errors: ["ServingRateLimitExceeded"],
  customs: [12],
  rule: "the subnet takes an address only so often",
  async next(view) {
    const [axon, limit] = await readItems(view, [
      optionalItem(view.api, "axons", netuid, hotkey),
      optionalItem(view.api, "servingRateLimit", netuid),
    ]);
    return sum(axon?.block, limit);
  },
});

/**
 * @param read at the newest head
 * @throws {SkeinError} `chain/too-soon` (payload: `block`) in place of a refusal that means the limit; what the call throws otherwise
 */
export async function tellingWhen<T>(
  what: string,
  limit: RateLimit | undefined,
  read: <R>(task: (view: ChainView) => Promise<R>) => Promise<R>,
  call: Promise<T>,
): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (limit === undefined || !isMeant(error, limit)) throw error;
    const found = await read(async (view) => ({ now: view.block.number, block: await limit.next(view) }))
      .catch(() => undefined);
    if (found?.block === undefined || found.block <= found.now) throw error;
    throw chainError(
      "chain/too-soon",
      `${what}: block ${found.now}, ${limit.rule}, block ${found.block} or later is required, wait for it`,
      { block: found.block },
      error,
    );
  }
}

function isMeant(error: unknown, { errors, customs }: RateLimit): boolean {
  if (isSkeinError(error, "chain/call-refused")) return customs.includes(error.payload.customError as number);
  if (!isSkeinError(error, "chain/call-failed")) return false;
  return errors.some((name) => error.payload.error === `SubtensorModule.${name}`);
}

/** Block numbers are far below 2⁵³. */
function sum(a: unknown, b: unknown): number | undefined {
  return a === undefined || a === null || b === undefined || b === null ? undefined : Number(a) + Number(b);
}
