/**
 * The state a node stands on: loads it at start, takes the outer steps that were committed, fetches what others have when
 * it fell behind or strayed, and serves it. Each new state is durable before it is shown to anybody.
 *
 *   none → at(s)            `open`: from disk, or the untrained model
 *   at(s) → at(s + 1)       `advance` with a certificate for s + 1 from our root
 *   at(s) → at(t), t > s    `catchUp` from peers; t = s when peers outvote our root
 */
import {
  type AllReduce,
  type Certificate,
  certificateFromPlain,
  decodeResult,
  plainCertificate,
} from "../allreduce/allreduce.ts";
import { describeError, isSkeinError, SkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Hotkey, Transport } from "../base/transport.ts";
import type { Codec } from "../codec/codec.ts";
import { downloadState } from "../state/download_state.ts";
import { askHeads, type Head } from "../state/heads.ts";
import { rootOf } from "../state/merkle.ts";
import type { ModelState } from "../state/model_state.ts";
import { serveState } from "../state/serve_state.ts";
import type { StateStore } from "../state/store.ts";
import { outerStep } from "../train/outer_step.ts";
import type { Run } from "./run_config.ts";

const HEAD_TIMEOUT_MS = 5000;

export interface StateKeeperDependencies {
  readonly transport: Transport;
  readonly allReduce: AllReduce;
  readonly store: StateStore;
  readonly codec: Codec;
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

  /** Does this certificate lead from our state to the next? */
  follows(certificate: Certificate): boolean {
    return certificate.outerStep === this.#state.outerStep + 1 &&
      certificate.proposal.anchorRoot === this.#root;
  }

  /**
   * The outer step, from committed bytes that follow our state.
   * @param chunks encoded, in element order
   */
  async advance(certificate: Certificate, chunks: readonly Uint8Array[]): Promise<void> {
    if (!this.follows(certificate)) {
      throw new SkeinError(
        "node/not-our-anchor",
        `take outer step ${certificate.outerStep}: we hold step ${this.#state.outerStep} with root ` +
          `${this.#root.slice(0, 12)}, the state before it is required, fetch it`,
      );
    }
    const { outerLearningRate, outerMomentum } = this.#run.config.training;
    const reduced = decodeResult(certificate.origin, chunks, this.#deps.codec);
    const next = outerStep(this.#state, reduced, {
      learningRate: outerLearningRate,
      momentum: outerMomentum,
    });
    await this.#adopt({ ...next, runId: this.#run.runId, certificate: plainCertificate(certificate) });
  }

  /**
   * Takes the newest state on offer when it is newer than ours, or of our step and better supported.
   * @returns whether the state changed
   */
  async catchUp(signal: AbortSignal): Promise<boolean> {
    const { transport, log } = this.#deps;
    const peers = transport.connected();
    const verifyHead = (head: Omit<Head, "peers">) => this.#verifyHead(head);
    const options = { timeoutMs: HEAD_TIMEOUT_MS, signal, verifyHead };
    const heads = await askHeads(peers, options, { transport, log });
    const isWorthHaving = this.#isWorthHaving(heads);
    if (!isWorthHaving) return false;
    const startedAt = this.#state.outerStep;
    try {
      const state = await downloadState(transport, peers, {
        runId: this.#run.runId,
        elementCount: this.#state.parameters.length,
        minOuterStep: Math.max(1, this.#state.outerStep),
        local: this.#state,
        verifyHead,
        signal,
        log,
      });
      // The best supported head may be our own: then there is nothing to move to.
      if (state.outerStep < this.#state.outerStep || await rootOf(state) === this.#root) return false;
      await this.#adopt(state);
      log.emit({ event: "state-fetched", from: startedAt, outerStep: state.outerStep, root: this.#root });
      return true;
    } catch (error) {
      if (!isSkeinError(error, "state/no-source")) throw error;
      log.warn(describeError(error));
      return false;
    }
  }

  /** A newer state; or, of our step, a root with more holders than ours, the lower root when there are as many. */
  #isWorthHaving(heads: readonly Head[]): boolean {
    const { outerStep } = this.#state;
    if (heads.some((head) => head.outerStep > outerStep)) return true;
    const holders = (root: string) =>
      heads.find((head) => head.outerStep === outerStep && head.root === root)?.peers.length ?? 0;
    const ours = holders(this.#root) + 1;
    return outerStep > 0 && heads.some((head) =>
      head.outerStep === outerStep && head.root !== this.#root &&
      (head.peers.length > ours || (head.peers.length === ours && head.root < this.#root))
    );
  }

  /** @throws {SkeinError} when the certificate is not of that step, or not signed by its group */
  #verifyHead({ outerStep, certificate }: Omit<Head, "peers">): void {
    if (outerStep === 0) return;
    const parsed = certificateFromPlain(certificate);
    if (parsed.outerStep !== outerStep) {
      throw new SkeinError(
        "node/bad-head",
        `check a state on offer: its certificate is of step ${parsed.outerStep}, ${outerStep} is required`,
      );
    }
    this.#deps.allReduce.verify(parsed);
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
