/**
 * How an attempt fails, and how a round ends by what others committed. A certificate of this step settles it whatever goes
 * on here: with the result at hand the round is over; without it the result is fetched (*pulling*), and nothing else
 * happens until that ends; and when it is the very result that is coming in, the certificate is *awaited*.
 */
import type { Hotkey } from "../base/transport.ts";
import type { Attempt } from "./attempt.ts";
import { type Certificate, mayGoOn } from "./certificate.ts";
import { orderKey } from "./order.ts";
import { proposalDigest } from "./proposal.ts";
import type { RoundCore } from "./round_core.ts";

const FIRST_PAUSE_MS = 200;
const MAX_PAUSE_MS = 10_000;

export class RoundEndings {
  readonly #core: RoundCore;
  #pulling: Certificate | undefined;
  #awaited: Certificate | undefined;

  constructor(core: RoundCore) {
    this.#core = core;
  }

  /** Committed by others, and its result is being fetched. */
  get isPulling(): boolean {
    return this.#pulling !== undefined;
  }

  /** Committed by the others while its result is still coming in here: no need to ask for it again. */
  get isAwaited(): boolean {
    return this.#awaited !== undefined;
  }

  /** The attempt failed → none, and a pause before leading again. */
  drop(reason: string, suspects: readonly Hotkey[]): void {
    const core = this.#core;
    const { attempt } = core;
    if (!attempt) return;
    for (const hotkey of suspects) core.suspect(hotkey);
    core.emit("attempt-dropped", {
      outerStep: attempt.proposal.outerStep,
      attempt: attempt.proposal.attempt,
      reason,
      suspects: [...suspects],
    });
    if (this.isAwaited) return this.settle(attempt);
    core.forget(attempt);
    core.pausedUntilMs = core.nowMs + this.#pauseMs();
    core.idleSinceMs = undefined;
  }

  /** The attempt is over here, one way or the other, and the others committed it. */
  settle(attempt: Attempt): void {
    this.#core.forget(attempt);
    this.onCertificate(this.#awaited!);
  }

  /** @param certificate its signatures are checked */
  onCertificate(certificate: Certificate): void {
    const core = this.#core;
    const { ready } = core.options;
    if (certificate.outerStep < ready.outerStep) return;
    if (certificate.outerStep > ready.outerStep) {
      return core.finish({ kind: "superseded", outerStep: certificate.outerStep });
    }
    if (this.#pulling) return;
    if (certificate.proposal.anchorRoot !== ready.anchorRoot) {
      return core.finish({
        kind: "aborted",
        code: "allreduce/root-mismatch",
        reason:
          `the group committed from anchor ${certificate.proposal.anchorRoot}, ours is ${ready.anchorRoot}`,
      });
    }
    if (!mayGoOn(certificate.proposal, core.continuity)) {
      return core.emit("certificate-refused", { members: certificate.proposal.members.length });
    }
    const { resultDigest, origin, chunkDigests } = certificate;
    const isArriving = core.attempt?.stage === "reducing" && core.attempt.digest === proposalDigest(origin);
    if (isArriving && !core.held.has(resultDigest)) {
      this.#awaited = certificate;
      return;
    }
    this.#awaited = undefined;
    if (core.attempt) core.forget(core.attempt);
    if (core.held.has(resultDigest)) {
      return core.finish({ kind: "committed", certificate, attempts: core.attemptCount });
    }
    this.#pulling = certificate;
    const sources = certificate.votes.map((v) => v.hotkey).filter((h) => h !== core.self);
    core.act({ type: "fetch", resultDigest, origin, sources, chunkDigests });
  }

  /** Pulling → committed. @returns whether this result was being pulled */
  pulled(resultDigest: string): boolean {
    const certificate = this.#pulling;
    if (certificate?.resultDigest !== resultDigest) return false;
    this.#core.finish({ kind: "committed", certificate, attempts: this.#core.attemptCount });
    return true;
  }

  /** Pulling → superseded: the whole state is to be had elsewhere. @returns whether this result was being pulled */
  pullFailed(resultDigest: string): boolean {
    if (this.#pulling?.resultDigest !== resultDigest) return false;
    this.#core.finish({ kind: "superseded", outerStep: this.#core.options.ready.outerStep });
    return true;
  }

  /**
   * Before leading again: longer with each attempt that failed, and of another length for each member, drawn by hash. Two
   * that lead at the same moment refuse each other, and with equal pauses would do so for ever.
   */
  #pauseMs(): number {
    const { attemptCount, options, self } = this.#core;
    const key = orderKey(`${options.shape.seed}/${attemptCount}`, options.ready.outerStep, self);
    const draw = new DataView(key.buffer, key.byteOffset).getUint32(0) / 2 ** 32;
    const mostMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(10, attemptCount - 1));
    return mostMs * draw;
  }
}
