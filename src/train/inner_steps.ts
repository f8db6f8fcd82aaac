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
  readParameters(): Promise<Float32Array>;
  /** @param tokens [batchSize, contextLength + 1] */
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

  /** One inner step; takes the waypoint when it is due. @returns the loss in nats before the step */
  async step(): Promise<number> {
    const { loss } = await this.#engine.trainStep(
      this.#plan.batch(this.#stepCount),
      this.#plan.learningRate(this.#stepCount),
    );
    this.#stepCount++;
    if (this.#stepCount === this.#plan.waypointSteps) this.#waypoint = await this.pseudoGradient();
    return loss;
  }

  /** anchor − local: what the all-reduce averages. */
  async pseudoGradient(): Promise<Float32Array<ArrayBuffer>> {
    return pseudoGradient(this.#plan.anchor, await this.#engine.readParameters());
  }
}
