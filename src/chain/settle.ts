/** Follows signed bytes that may be in a pool until they are on chain or never can be; what pools say only hastens the looking. */
import type { ApiPromise } from "@polkadot/api";
import type { Clock } from "../base/clock.ts";
import { describeError, isSkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { type Fate, findFate, type SignedCall } from "./inclusion.ts";
import { isAlreadyInPool } from "./pool_refusal.ts";
import { type PoolWatch, submitAndWatch, type WatchEnd } from "./pool_watch.ts";
import type { SteadyProvider } from "./steady_provider.ts";
import type { ChainRequest } from "./storage.ts";

export interface SettleDependencies {
  readonly api: ApiPromise;
  readonly provider: Pick<SteadyProvider, "connected">;
  readonly request: ChainRequest;
  readonly clock: Clock;
  readonly log: Log;
}

/** How often to look at the chain while the pool is silent, and while nothing is watched. */
const SILENCE_MS = 15_000;
const LOOK_AGAIN_MS = 1000;

/** @param checkPatience throws when there is none left; told what a pool said of the bytes @returns never `pending` */
export async function settle(
  signed: SignedCall,
  firstWatch: PoolWatch | undefined,
  deps: SettleDependencies,
  checkPatience: (refusal: string | undefined) => void,
): Promise<Fate> {
  const { api, request } = deps;
  let watch = firstWatch;
  let refusal: string | undefined;
  try {
    for (;;) {
      const end = await waitFor(watch, deps.clock);
      if (end?.kind === "inBlock") return { kind: "included", blockHash: end.blockHash };
      const fate = await orPending<Fate>(findFate(api, request, signed), { kind: "pending" }, deps.log);
      if (fate.kind !== "pending") return fate;
      if (end?.kind === "gone") refusal = end.status;
      checkPatience(refusal);
      if (watch !== undefined && end === undefined) continue;
      watch = await sendAgain(signed, deps, (message) => refusal = message);
    }
  } finally {
    watch?.stop();
  }
}

/** A chain that could not be read says nothing, and is looked at again. */
export async function orPending<T>(reading: Promise<T>, pending: T, log: Log): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (!isSkeinError(error, "chain/request-failed")) throw error;
    log.debug(`chain: ${describeError(error)}, looking again`);
    return pending;
  }
}

/** @returns undefined after a silence */
async function waitFor(watch: PoolWatch | undefined, clock: Clock): Promise<WatchEnd | undefined> {
  const { promise: silence, resolve } = Promise.withResolvers<undefined>();
  const cancel = clock.after(watch === undefined ? LOOK_AGAIN_MS : SILENCE_MS, () => resolve(undefined));
  const end = await Promise.race([silence, ...(watch === undefined ? [] : [watch.ended])]);
  cancel();
  return end;
}

/** The same bytes: harmless however often. @returns undefined when the pool has them, or does not want them now */
async function sendAgain(
  signed: SignedCall,
  { provider, log }: SettleDependencies,
  onRefused: (message: string) => void,
): Promise<PoolWatch | undefined> {
  try {
    return await submitAndWatch(await provider.connected(), signed.hex);
  } catch (error) {
    log.debug(`chain: sending nonce ${signed.nonce} again: ${(error as Error).message}`);
    if (!isSkeinError(error) && !isAlreadyInPool(error as Error)) onRefused((error as Error).message);
    return undefined;
  }
}
