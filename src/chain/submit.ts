/**
 * Submits calls so that each takes effect at most once, and once where that is possible: through a busy account, a full pool,
 * lost connections and reorganisations. The rule: what may have reached a pool is only ever sent again as the same bytes, whose
 * nonce lets them in once; the call is signed anew only after it is final that the earlier extrinsic never is included.
 *
 * A call is signed, then *pending* until it is in a block, then *included* until that block is final; a block that the chain
 * goes on without makes it pending again.
 */
import type { ApiPromise } from "@polkadot/api";
import type { Clock } from "../base/clock.ts";
import { describeError, isSkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { CallObserver, CallStage } from "./call_stage.ts";
import type { Call } from "./calls.ts";
import { isUnknownBlock } from "./head_reads.ts";
import { callFailed, callRefused } from "./dispatch_error.ts";
import { chainError } from "./errors.ts";
import { checkBalance, type Spending } from "./fees.ts";
import {
  type Fate,
  type Finality,
  findFate,
  findFinality,
  readInclusion,
  type SignedCall,
} from "./inclusion.ts";
import type { BlockRef } from "./chain_view.ts";
import { Nonces } from "./nonces.ts";
import { type PoolWatch, submitAndWatch } from "./pool_watch.ts";
import { isAlreadyInPool, isBadProof, isContention, maySpeakOfCopy } from "./pool_refusal.ts";
import { hasMovedOn } from "./runtime.ts";
import { orPending, settle } from "./settle.ts";
import { signCall, type SignedWithMethod } from "./sign_call.ts";
import type { KeyringPair } from "./sr25519.ts";
import type { SteadyProvider } from "./steady_provider.ts";
import type { ChainRequest } from "./storage.ts";
import type { Inclusion, Sent, Task } from "./submit_task.ts";

export interface SubmitOptions {
  /** Time with a connected node until a call is given up. */
  readonly callTimeoutMs: number;
  /** When a call counts as done: in a block, by default, or in a block that is final. */
  readonly until?: "included" | "finalized";
}

export interface SubmitDependencies {
  readonly api: ApiPromise;
  readonly provider: Pick<SteadyProvider, "uptimeMs" | "connected" | "beginCall" | "closed">;
  readonly request: ChainRequest;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  readonly onCall?: CallObserver;
}

const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 3000;
const LOOK_AGAIN_MS = 1000;
const FINALITY_POLL_MS = 2000;
/** A call is looked after for so long where nothing becomes final: questions about all of them would never end. */
const KEEP_IN_MS = 3_600_000;
/** A failure that is not final after so long is told all the same: some chains never make anything final. */
const FAILURE_PATIENCE_MS = 60_000;

export class Submitter {
  readonly #deps: SubmitDependencies;
  readonly #options: SubmitOptions;
  readonly #nonces: Nonces;
  #taskCount = 0;

  constructor(options: SubmitOptions, deps: SubmitDependencies) {
    this.#options = options;
    this.#deps = deps;
    this.#nonces = new Nonces(deps.api, deps.request);
  }

  /**
   * Also a call that is done with its inclusion is followed on until that is final, and brought in again if need be. A failure
   * is only told once it is final, on another fork the call might succeed; or after a minute in a block that stays.
   * @param what is being done, for errors: "transfer 5 TAO to 5F…"
   * @returns the block that includes the call, its effects in place
   * @throws {SkeinError} `chain/call-failed`, `chain/call-refused`, `chain/balance-too-low`, `chain/timeout`, `chain/disconnected`
   */
  async submit(
    what: string,
    account: KeyringPair,
    build: () => Call,
    spending: Spending = {},
  ): Promise<BlockRef> {
    const { api, provider } = this.#deps;
    const endCall = provider.beginCall();
    try {
      const deadlineMs = provider.uptimeMs() + this.#options.callTimeoutMs;
      const order = ++this.#taskCount;
      const task: Task = { what, account, build, spending, order, deadlineMs, attemptCount: 0 };
      const first = await this.#include(task);
      if (this.#options.until !== "finalized" && first.dispatchError === undefined) {
        this.#keepIn({ ...task, deadlineMs: provider.uptimeMs() + KEEP_IN_MS }, first);
        return first.block;
      }
      const { block, dispatchError } = await this.#finalize(task, first);
      if (dispatchError !== undefined) throw callFailed(api, what, dispatchError, block.hash);
      return block;
    } finally {
      endCall();
    }
  }

  /** Pending → included. @param signed what is under way already, after a reorganisation */
  async #include(task: Task, signed?: SignedCall): Promise<Inclusion> {
    const { api, request, log } = this.#deps;
    let fate: Fate | undefined;
    for (;;) {
      if (signed === undefined) ({ signed, fate } = await this.#attempt(task));
      else fate = await this.#follow(task, signed, undefined);
      if (fate.kind === "included") {
        try {
          const found = await readInclusion(api, request, fate.blockHash, signed.hex);
          const hasFailed = found.dispatchError !== undefined;
          this.#tell(task, { kind: "included", block: found.block.number, hasFailed });
          return { signed, ...found };
        } catch (error) {
          if (!isSkeinError(error, "chain/request-failed")) throw error;
          log.debug(`chain: ${task.what}: ${describeError(error)}, looking again`);
          this.#checkDeadline(task, `its block ${fate.blockHash} cannot be read`);
          await this.#sleep(LOOK_AGAIN_MS);
          continue;
        }
      }
      this.#checkDeadline(task, `${task.attemptCount} attempts, the last ${fate.kind}`);
      log.debug(`chain: ${task.what}: ${fate.kind}, signing anew`);
      signed = undefined;
    }
  }

  /** Included → final, by way of any number of other blocks; the nonce is ours until then. */
  async #finalize(task: Task, first: Inclusion): Promise<Inclusion> {
    const { api, provider, request, log } = this.#deps;
    let inclusion = first;
    let failedAtMs = provider.uptimeMs();
    for (;;) {
      const { block, signed } = inclusion;
      const finality = await orPending<Finality>(findFinality(api, request, block), "pending", log);
      if (finality === "final") {
        this.#release(signed);
        return inclusion;
      }
      if (finality === "retracted") {
        log.info(
          `chain: ${task.what}: block ${block.number} was reorganised away, bringing the call in again`,
        );
        this.#tell(task, { kind: "sent", lastBlock: signed.lastBlock });
        inclusion = await this.#include(task, signed);
        failedAtMs = provider.uptimeMs();
        continue;
      }
      if (inclusion.dispatchError !== undefined && provider.uptimeMs() - failedAtMs > FAILURE_PATIENCE_MS) {
        log.warn(`chain: ${task.what}: block ${block.number} is not final yet, its answer is taken as it is`);
        this.#release(signed);
        return inclusion;
      }
      try {
        this.#checkDeadline(task, `included in block ${block.number}, which is not final yet`);
      } catch (error) {
        // Should that block be taken back, the nonce is free, and calls after it would wait for it for ever.
        this.#release(signed);
        throw error;
      }
      await this.#sleep(FINALITY_POLL_MS);
    }
  }

  /** For a call that its caller takes to be done. */
  #keepIn(task: Task, first: Inclusion): void {
    const { api, provider, log } = this.#deps;
    this.#finalize(task, first).then(({ block, dispatchError }) => {
      if (dispatchError === undefined) return;
      log.warn(
        `chain: after a reorganisation: ${callFailed(api, task.what, dispatchError, block.hash).message}`,
      );
    }).catch((error) => {
      if (provider.closed.aborted) return;
      if (isSkeinError(error, "chain/timeout")) return log.debug(`chain: ${task.what}: followed no further`);
      log.warn(`chain: after a reorganisation: ${describeError(error)}`);
    });
  }

  /** One signature, to a block or to the certainty that it comes into none. */
  async #attempt(task: Task): Promise<{ fate: Fate; signed: SignedCall }> {
    const { account, order } = task;
    const { signed, watch, fate } = await this.#nonces.inTurn(account.address, order, () => this.#send(task));
    return { signed, fate: fate ?? await this.#follow(task, signed, watch) };
  }

  /** Until a pool has the call, or may have it; while one is refused for the moment, younger calls wait. */
  async #send(task: Task): Promise<Sent> {
    const { random } = this.#deps;
    const { address } = task.account;
    for (;;) {
      const attempt = task.attemptCount++;
      const pauseMs = Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt - 1, 10));
      if (attempt > 0) await this.#sleep(pauseMs * (0.5 + random.nextFloat()));
      const nonce = await this.#nonces.take(address);
      let sent: Sent | undefined;
      try {
        sent = await this.#sendOnce(task, nonce, attempt);
      } finally {
        if (sent === undefined) this.#nonces.release(address, nonce);
      }
      if (sent !== undefined) return sent;
      const found = `the transaction pool refused it ${task.attemptCount} times`;
      this.#checkDeadline(task, `${found}, the last time with ${task.lastRefusal}`);
    }
  }

  /** @returns undefined when it was refused for the moment */
  async #sendOnce(task: Task, nonce: number, attempt: number): Promise<Sent | undefined> {
    const { provider, api, request, log } = this.#deps;
    const signed = await this.#sign(task, nonce);
    try {
      const link = await provider.connected();
      this.#tell(task, { kind: "sent", lastBlock: signed.lastBlock });
      return { signed, watch: await submitAndWatch(link, signed.hex) };
    } catch (error) {
      if (isSkeinError(error, "chain/disconnected") || isAlreadyInPool(error as Error)) return { signed };
      this.#tell(task, { kind: "refused" });
      const isForNow = isContention(error as Error, attempt) ||
        (isBadProof(error as Error) && await hasMovedOn(api, request));
      if (!isForNow) throw callRefused(task.what, error as Error, signed.method);
      task.lastRefusal = (error as Error).message;
      log.debug(`chain: ${task.what}: ${describeError(error)}, signing anew`);
      if (!maySpeakOfCopy(error as Error)) return undefined;
      const fate = await orPending<Fate>(findFate(api, request, signed), { kind: "pending" }, log);
      return fate.kind === "included" ? { signed, fate } : undefined;
    }
  }

  /** The nonce stays ours only with a call that is included. */
  async #follow(task: Task, signed: SignedCall, watch: PoolWatch | undefined): Promise<Fate> {
    let fate: Fate | undefined;
    try {
      return fate = await settle(
        signed,
        watch,
        this.#deps,
        (refusal) => {
          const found = `not included yet, which may happen until block ${signed.lastBlock}`;
          this.#checkDeadline(task, refusal === undefined ? found : `${found}, a pool answers ${refusal}`);
        },
      );
    } finally {
      if (fate?.kind !== "included") this.#release(signed);
    }
  }

  /** By an account that can pay. */
  async #sign(task: Task, nonce: number): Promise<SignedWithMethod> {
    const { api, request } = this.#deps;
    for (;;) {
      try {
        const signed = await signCall(api, request, { ...task, nonce });
        await checkBalance(api, request, task.what, signed, task.spending);
        return signed;
      } catch (error) {
        // Two nodes, or a node in two minds, while we looked at it.
        if (!isUnknownBlock(error)) throw error;
        this.#checkDeadline(task, "the chain's head cannot be read");
        await this.#sleep(LOOK_AGAIN_MS);
      }
    }
  }

  #tell({ what, order }: Task, stage: CallStage): void {
    this.#deps.onCall?.(what, order, stage);
  }

  #release({ ss58, nonce }: SignedCall): void {
    this.#nonces.release(ss58, nonce);
  }

  #sleep(ms: number): Promise<void> {
    return this.#deps.clock.sleep(ms, this.#deps.provider.closed);
  }

  #checkDeadline({ what, deadlineMs }: Task, found: string): void {
    if (this.#deps.provider.uptimeMs() <= deadlineMs) return;
    const seconds = Math.round(this.#options.callTimeoutMs / 1000);
    throw chainError(
      "chain/timeout",
      `${what}: ${found}, ${seconds} s were allowed, look at the account and try again`,
    );
  }
}
