/**
 * The inner optimisation of one outer step: AdamW from the anchor over the member's own pages. The moments start at zero
 * at every anchor, so that a validator who knows anchor, pages and schedule can replay any prefix. Miner and
 * validator run this same function; the validator stops at the waypoint.
 */
import { assert } from "../base/assert.ts";
import { pseudoGradient } from "./pseudo_gradient.ts";

/** The part of the train engine that inner steps need. */
export interface InnerEngine {
  /** Also zeroes the optimiser's moments and its step count. */
  loadParameters(parameters: Float32Array): void;
  /** As the steps called so far leave them. */
  readParameters(): Promise<Float32Array>;
  /** May be called before the step before has resolved. @param tokens [batchSize, contextLength + 1] */
  trainStep(tokens: Uint32Array, learningRate: number): Promise<{ loss: number; gradNorm: number }>;
}

export interface InnerPlan {
  /** θₛ, not modified. */
  readonly anchor: Float32Array;
  /** Tokens of an inner step, counted from 0: [batchSize, contextLength + 1]. */
  readonly batch: (innerStep: number) => Uint32Array;
  readonly learningRate: (innerStep: number) => number;
  readonly waypointSteps: number;
}

/** One member's way from the anchor, as far as it has come. */
export class InnerRun {
  readonly #engine: InnerEngine;
  readonly #plan: InnerPlan;
  #stepCount = 0;
  #waypoint?: Float32Array<ArrayBuffer>;
  /** Of the step that was queued last. */
  #newest?: Promise<{ loss: number }>;

  /** Loads the anchor into the engine: at most one run at a time may use it. */
  constructor(engine: InnerEngine, plan: InnerPlan) {
    assert(plan.waypointSteps > 0, "a waypoint after no step proves nothing");
    this.#engine = engine;
    this.#plan = plan;
    engine.loadParameters(plan.anchor);
  }

  get stepCount(): number {
    return this.#stepCount;
  }

  /** The pseudo-gradient after `waypointSteps`, undefined before. */
  get waypoint(): Float32Array<ArrayBuffer> | undefined {
    return this.#waypoint;
  }

  /**
   * Queues one inner step and waits for the one before it, so that the device goes on while the host hears of it; takes the
   * waypoint when it is due.
   * @returns the newest loss that is known, in nats: the step before's, the first step's own. One that is not finite is heard
   * of a step late, which harms nothing: the engine leaves the parameters as they were.
   */
  async step(): Promise<number> {
    const before = this.#newest;
    this.#newest = this.#engine.trainStep(
      this.#plan.batch(this.#stepCount),
      this.#plan.learningRate(this.#stepCount),
    );
    this.#newest.catch(() => {}); // Whoever waits for it next hears of it.
    this.#stepCount++;
    if (this.#stepCount === this.#plan.waypointSteps) this.#waypoint = await this.pseudoGradient();
    const { loss } = await (before ?? this.#newest);
    return loss;
  }

  /** anchor − local after all steps so far: what the all-reduce averages. */
  async pseudoGradient(): Promise<Float32Array<ArrayBuffer>> {
    // Read in its turn, behind the steps; both are waited for, so that neither fails unheard.
    const [local] = await Promise.all([this.#engine.readParameters(), this.#newest]);
    return pseudoGradient(this.#plan.anchor, local);
  }
}
