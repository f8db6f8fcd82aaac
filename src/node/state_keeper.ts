/**
 * The state a node stands on: loads it at start, takes the outer steps that were committed, fetches what others have when
 * it fell behind or strayed, and serves it. Each new state is durable before it is shown to anybody.
 *
 *   none → at(s)            `open`: from disk, or the untrained model
 *   at(s) → at(s + 1)       `advance` with a certificate for s + 1 from our root
 *   at(s) → at(t)           `catchUp` with peers: t > s, unless more stand behind another lineage than behind ours
 */
import {
  type AllReduce,
  type Certificate,
  certificateFromPlain,
  decodeResult,
  type EncodedChunks,
  mayGoOn,
  plainCertificate,
} from "../allreduce/allreduce.ts";
import { describeError, isSkeinError, SkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Hotkey, Transport } from "../base/transport.ts";
import { codecByName } from "../codec/by_name.ts";
import { downloadHead } from "../state/download_state.ts";
import { askHeads, type Head } from "../state/heads.ts";
import { rootOf } from "../state/merkle.ts";
import type { ModelState } from "../state/model_state.ts";
import { serveState } from "../state/serve_state.ts";
import type { StateStore } from "../state/store.ts";
import { outerStep } from "../train/outer_step.ts";
import { exchangeAt } from "./exchange_plan.ts";
import { type Choice, chooseState, type Offer } from "./fork_choice.ts";
import { RECOVERY_BLOCKS, type Run } from "./run_config.ts";

const HEAD_TIMEOUT_MS = 5000;

export interface StateKeeperDependencies {
  readonly transport: Transport;
  readonly allReduce: AllReduce;
  readonly store: StateStore;
  readonly log: Log;
}

export class StateKeeper {
  readonly #run: Run;
  readonly #deps: StateKeeperDependencies;
  #state: ModelState;
  #root: string;
  #certificate: Certificate | undefined;

  private constructor(run: Run, deps: StateKeeperDependencies, state: ModelState, root: string) {
    this.#run = run;
    this.#deps = deps;
    this.#state = state;
    this.#root = root;
    this.#setCertificate(state);
  }

  /** @param untrained the parameters of step 0 [n], used when nothing is stored */
  static async open(
    run: Run,
    untrained: Float32Array<ArrayBuffer>,
    deps: StateKeeperDependencies,
  ): Promise<StateKeeper> {
    const stored = await deps.store.load({ runId: run.runId, elementCount: untrained.length });
    const state = stored ?? {
      runId: run.runId,
      outerStep: 0,
      parameters: untrained,
      momentum: new Float32Array(untrained.length),
      certificate: null,
    };
    return new StateKeeper(run, deps, state, await rootOf(state));
  }

  get current(): ModelState {
    return this.#state;
  }

  /** Merkle root of `current`, hex. */
  get root(): string {
    return this.#root;
  }

  /** What led to `current`; undefined at step 0. */
  get certificate(): Certificate | undefined {
    return this.#certificate;
  }

  /**
   * The group that reduced what made `current`; empty at step 0. The origin's, because one result can be certified by two
   * ballots, and the next group's continuity must be counted against the same members everywhere.
   */
  members(): Hotkey[] {
    return this.#certificate?.origin.members.map(({ hotkey }) => hotkey) ?? [];
  }

  /** @returns stop serving */
  serve(): () => void {
    return serveState(this.#deps.transport, () => this.#state);
  }

  /** Is this certificate one for the step after ours, from our root? */
  isAnchored(certificate: Certificate): boolean {
    return certificate.outerStep === this.#state.outerStep + 1 &&
      certificate.proposal.anchorRoot === this.#root;
  }

  /** Does it lead from our state to the next: anchored here, by a group that may go on from the one before? */
  follows(certificate: Certificate, now: { block: number; present: readonly Hotkey[] }): boolean {
    if (!this.isAnchored(certificate)) return false;
    // Heights, not clocks: from when the anchor was made, as its group said.
    const madeAt = this.#certificate?.proposal.block ?? now.block;
    const recoveryBlock = madeAt + this.#run.config.training.roundBlocks + RECOVERY_BLOCKS;
    return mayGoOn(certificate.proposal, { previousMembers: this.members(), recoveryBlock, ...now });
  }

  /**
   * The outer step, from committed bytes that follow our state.
   * @param chunks encoded, in element order
   */
  async advance(certificate: Certificate, chunks: EncodedChunks): Promise<void> {
    if (!this.isAnchored(certificate)) {
      throw new SkeinError(
        "node/not-our-anchor",
        `take outer step ${certificate.outerStep}: we hold step ${this.#state.outerStep} with root ` +
          `${this.#root.slice(0, 12)}, the state before it is required, fetch it`,
      );
    }
    const { codec, outer } = exchangeAt(this.#run.config, certificate.outerStep);
    const reduced = decodeResult(certificate.origin, chunks, codecByName(codec));
    const next = outerStep(this.#state, reduced, outer);
    await this.#adopt({ ...next, runId: this.#run.runId, certificate: plainCertificate(certificate) });
  }

  /**
   * Moves to the state that most stand behind (fork_choice.ts): takes the outer steps that lead there from ours, or from a state
   * of which the root is signed; only failing that, a state as its holders show it.
   * @returns whether the state changed: also when it came only to a state on the way
   */
  async catchUp(signal: AbortSignal): Promise<boolean> {
    const { log } = this.#deps;
    const { outerStep: from } = this.#state;
    const root = this.#root;
    const choice = await this.#choose(signal);
    if (choice === undefined || choice.offer.root === root) return false;
    try {
      await this.#moveTo(choice, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isSkeinError(error)) throw error;
      log.warn(`move to state ${choice.offer.outerStep}: ${describeError(error)}`);
    }
    if (this.#root === root) return false;
    log.emit({ event: "state-fetched", from, outerStep: this.#state.outerStep, root: this.#root });
    return true;
  }

  /** What peers and we hold, and which of it to stand on. */
  async #choose(signal: AbortSignal): Promise<Choice | undefined> {
    const { transport, log } = this.#deps;
    const parsed = new Map<unknown, Certificate>();
    const verifyHead = (head: Omit<Head, "peers">) => {
      if (head.outerStep === 0) return true;
      try {
        parsed.set(head.certificate, this.#verifiedCertificate(head));
        return true;
      } catch (error) {
        // Of a group that we know too little of: no fault of who shows it, and no ground to stand on.
        if (isSkeinError(error, "allreduce/not-a-member")) return false;
        throw error;
      }
    };
    const options = { timeoutMs: HEAD_TIMEOUT_MS, signal, verifyHead };
    const heads = await askHeads(transport.connected(), options, { transport, log });
    const own = { outerStep: this.#state.outerStep, root: this.#root, certificate: this.#certificate };
    const offers: Offer[] = heads.map((head) => ({ ...head, certificate: parsed.get(head.certificate) }));
    const same = offers.findIndex(({ outerStep, root }) => outerStep === own.outerStep && root === own.root);
    if (same < 0) offers.push({ ...own, peers: [transport.self] });
    else offers[same] = { ...own, peers: [...offers[same].peers, transport.self] };
    return chooseState(offers);
  }

  /** Failing in the middle leaves the parent as our state: whole, signed for, and a step nearer. */
  async #moveTo({ offer, parent }: Choice, signal: AbortSignal): Promise<void> {
    const { transport, log, allReduce } = this.#deps;
    const certificate = offer.certificate!;
    const isOurStep = certificate.resultDigest === this.#certificate?.resultDigest;
    const download = async ({ outerStep, root, peers, certificate }: Offer) => {
      const plain = certificate === undefined ? null : plainCertificate(certificate);
      const local = this.#state;
      const { runId, parameters: { length: elementCount } } = local;
      const head = {
        outerStep,
        root,
        peers: peers.filter((peer) => peer !== transport.self),
        certificate: plain,
      };
      await this.#adopt(await downloadHead(transport, head, { runId, elementCount, local, signal, log }));
    };
    if (this.#root !== certificate.proposal.anchorRoot) {
      // The same step from the same bytes with another root: one of us is damaged, and most hold theirs.
      if (isOurStep || parent === undefined) {
        await download(offer);
        return;
      }
      await download(parent);
    }
    await this.advance(certificate, await allReduce.fetch(certificate, signal));
  }

  /** @throws {SkeinError} when the certificate is not of that step, or not signed by its group */
  #verifiedCertificate({ outerStep, certificate }: Omit<Head, "peers">): Certificate {
    const parsed = certificateFromPlain(certificate);
    if (parsed.outerStep !== outerStep) {
      throw new SkeinError(
        "node/bad-head",
        `check a state on offer: its certificate is of step ${parsed.outerStep}, ${outerStep} is required`,
      );
    }
    this.#deps.allReduce.verify(parsed);
    return parsed;
  }

  async #adopt(state: ModelState): Promise<void> {
    await this.#deps.store.save(state);
    const root = await rootOf(state);
    this.#state = state;
    this.#root = root;
    this.#setCertificate(state);
  }

  #setCertificate(state: ModelState): void {
    this.#certificate = state.outerStep === 0 ? undefined : certificateFromPlain(state.certificate);
    if (this.#certificate !== undefined) this.#deps.allReduce.resume(this.#certificate);
  }
}
