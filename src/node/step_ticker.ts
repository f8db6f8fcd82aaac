/** `step` events: each inner step on a slow adapter, a few a second on a fast one. */
import type { NodeContext } from "./context.ts";

const MIN_INTERVAL_MS = 250;

export class StepTicker {
  readonly #node: NodeContext;
  readonly #outerStep: number;
  #toldMs: number;
  #toldSteps = 0;

  constructor(node: NodeContext, outerStep: number) {
    this.#node = node;
    this.#outerStep = outerStep;
    this.#toldMs = node.clock.monotonicMs();
  }

  /** @param isLast always told */
  tick(innerStep: number, loss: number, isLast: boolean): void {
    const { clock, log, run, signer, network } = this.#node;
    const nowMs = clock.monotonicMs();
    if (!isLast && nowMs - this.#toldMs < MIN_INTERVAL_MS) return;
    const tokens = (innerStep - this.#toldSteps) * run.config.training.batchSize *
      run.config.model.contextLength;
    log.emit({
      event: "step",
      hotkey: signer.hotkey,
      outerStep: this.#outerStep,
      innerStep,
      loss,
      tokensPerSec: tokens / Math.max(1e-3, (nowMs - this.#toldMs) / 1000),
      peers: network.transport.connected().length,
    });
    this.#toldMs = nowMs;
    this.#toldSteps = innerStep;
  }
}
