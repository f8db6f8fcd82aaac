/**
 * Submits calls so that each takes effect at most once, and once where that is possible: through a busy account, a full pool
 * and lost connections. The rule: what may have reached a pool is only ever sent again as the same bytes, whose nonce lets
 * them in once; the call is signed anew only after the earlier extrinsic is known never to be included.
 */
import type { ApiPromise } from "@polkadot/api";
import type { Clock } from "../base/clock.ts";
import { isSkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { Call } from "./calls.ts";
import { callFailed, callRefused } from "./dispatch_error.ts";
import { chainError } from "./errors.ts";
import { type Fate, findFate, readInclusion, type SignedCall } from "./inclusion.ts";
import type { BlockRef } from "./metagraph.ts";
import { Nonces } from "./nonces.ts";
import { type PoolWatch, submitAndWatch, type WatchEnd } from "./pool_watch.ts";
import { isAlreadyInPool, isContention } from "./pool_refusal.ts";
import type { KeyringPair } from "./sr25519.ts";
import type { SteadyProvider } from "./steady_provider.ts";
import type { ChainRequest } from "./storage.ts";

export interface SubmitOptions {
  /** Time with a connected node until a call is given up. */
  readonly callTimeoutMs: number;
}

export interface SubmitDependencies {
  readonly api: ApiPromise;
  readonly provider: SteadyProvider;
  readonly request: ChainRequest;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
}

/** Blocks that a signature is good for. */
const ERA_BLOCKS = 64;
/** Above this lag of finality the signature is anchored in the best block. */
const FINALITY_LAG_BLOCKS = ERA_BLOCKS / 2;
const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 3000;
/** How often to look at the chain while the pool is silent, and while nothing is watched. */
const SILENCE_MS = 15_000;
const LOOK_AGAIN_MS = 1000;

export class Submitter {
  readonly #deps: SubmitDependencies;
  readonly #options: SubmitOptions;
  readonly #nonces: Nonces;

  constructor(options: SubmitOptions, deps: SubmitDependencies) {
    this.#options = options;
    this.#deps = deps;
    this.#nonces = new Nonces(deps.api, deps.request);
  }

  /**
   * @param what is being done, for errors: "transfer 5 rao to 5F…"
   * @returns the block that includes the call, its effects in place
   * @throws {SkeinError} `chain/call-failed`, `chain/call-refused`, `chain/timeout`, `chain/disconnected`
   */
  async submit(what: string, account: KeyringPair, build: () => Call): Promise<BlockRef> {
    const { api, provider, request, clock, log, random } = this.#deps;
    const deadlineMs = provider.uptimeMs() + this.#options.callTimeoutMs;
    for (let attempt = 0;; attempt++) {
      const { fate, hex } = await this.#attempt(what, account, build, { attempt, deadlineMs });
      if (fate.kind === "included") {
        const { block, dispatchError } = await readInclusion(api, request, fate.blockHash, hex);
        if (dispatchError !== undefined) throw callFailed(api, what, dispatchError, fate.blockHash);
        return block;
      }
      if (provider.uptimeMs() > deadlineMs) {
        throw this.#timeout(what, `${attempt + 1} attempts, all superseded`);
      }
      log.debug(`chain: ${what}: ${fate.kind}, signing anew`);
      const pauseMs = Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt, 10));
      await clock.sleep(pauseMs * (0.5 + random.nextFloat()));
    }
  }

  /** One signature, to its end. */
  async #attempt(
    what: string,
    account: KeyringPair,
    build: () => Call,
    { attempt, deadlineMs }: { attempt: number; deadlineMs: number },
  ): Promise<{ fate: Fate; hex: string }> {
    const sent = await this.#nonces.exclusive(account.address, async (nonce) => {
      const signed = await this.#sign(account, build, nonce);
      try {
        return { signed, watch: await submitAndWatch(await this.#deps.provider.connected(), signed.hex) };
      } catch (error) {
        if (isSkeinError(error, "chain/disconnected") || isAlreadyInPool(error as Error)) return { signed };
        if (isContention(error as Error, attempt)) return { signed, isRefused: true };
        throw callRefused(what, error as Error);
      }
    });
    const { signed } = sent;
    try {
      if (sent.isRefused) return { fate: { kind: "superseded" }, hex: signed.hex };
      return { fate: await this.#settle(what, signed, sent.watch, deadlineMs), hex: signed.hex };
    } finally {
      this.#nonces.release(signed.ss58, signed.nonce);
    }
  }

  async #sign(account: KeyringPair, build: () => Call, nonce: number): Promise<SignedCall> {
    const { api, request } = this.#deps;
    const [best, finalized] = await Promise.all([
      request("chain_getHeader", []),
      request("chain_getFinalizedHead", []).then((hash) => request("chain_getHeader", [hash])),
    ]);
    const isLagging = Number(best.number) - Number(finalized.number) > FINALITY_LAG_BLOCKS;
    const birthBlock = Number((isLagging ? best : finalized).number);
    const blockHash = await request("chain_getBlockHash", [birthBlock]);
    const call = build();
    call.sign(account, {
      blockHash,
      era: api.registry.createType("ExtrinsicEra", { current: birthBlock, period: ERA_BLOCKS }),
      genesisHash: api.genesisHash,
      nonce,
      runtimeVersion: api.runtimeVersion,
      signedExtensions: api.registry.signedExtensions,
    });
    const lastBlock = birthBlock + ERA_BLOCKS - 1;
    return { hex: call.toHex(), ss58: account.address, nonce, birthBlock, lastBlock };
  }

  /** Follows what may be in a pool until it is on chain or never can be. */
  async #settle(
    what: string,
    signed: SignedCall,
    firstWatch: PoolWatch | undefined,
    deadlineMs: number,
  ): Promise<Fate> {
    const { api, provider, request } = this.#deps;
    let watch = firstWatch;
    for (;;) {
      const end = await this.#wait(watch);
      if (end?.kind === "inBlock") {
        watch?.stop();
        return { kind: "included", blockHash: end.blockHash };
      }
      const fate = await findFate(api, request, signed);
      if (fate.kind !== "pending") {
        watch?.stop();
        return fate;
      }
      if (provider.uptimeMs() > deadlineMs) {
        watch?.stop();
        throw this.#timeout(what, `not included yet, which may happen until block ${signed.lastBlock}`);
      }
      if (watch === undefined || end !== undefined) watch = await this.#sendAgain(signed);
    }
  }

  /** @returns undefined after a silence */
  async #wait(watch: PoolWatch | undefined): Promise<WatchEnd | undefined> {
    const { promise: silence, resolve } = Promise.withResolvers<undefined>();
    const cancel = this.#deps.clock.after(
      watch === undefined ? LOOK_AGAIN_MS : SILENCE_MS,
      () => resolve(undefined),
    );
    const end = await Promise.race([silence, ...(watch === undefined ? [] : [watch.ended])]);
    cancel();
    return end;
  }

  /** The same bytes: harmless however often. @returns undefined when the pool has them, or does not want them now */
  async #sendAgain(signed: SignedCall): Promise<PoolWatch | undefined> {
    try {
      return await submitAndWatch(await this.#deps.provider.connected(), signed.hex);
    } catch (error) {
      this.#deps.log.debug(`chain: sending nonce ${signed.nonce} again: ${(error as Error).message}`);
      return undefined;
    }
  }

  #timeout(what: string, found: string): Error {
    const seconds = Math.round(this.#options.callTimeoutMs / 1000);
    return chainError(
      "chain/timeout",
      `${what}: ${found}, ${seconds} s were allowed, look at the account and try again`,
    );
  }
}
