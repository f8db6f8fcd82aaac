/** The `round` event: what a node holds after an outer step, and what the way there cost it. */
import { codecByName } from "../codec/by_name.ts";
import type { NodeContext } from "./context.ts";
import { validationLoss } from "./evaluation.ts";
import { exchangeAt } from "./exchange_plan.ts";

export class RoundMeter {
  readonly #node: NodeContext;
  #startMs: number;
  #start: { sentBytes: number; receivedBytes: number };

  /** Measures from here on. */
  constructor(node: NodeContext) {
    this.#node = node;
    this.#startMs = node.clock.monotonicMs();
    this.#start = node.network.transport.traffic();
  }

  /** Of the state that the node has come to; evaluates it and starts measuring anew. */
  async report(): Promise<void> {
    const { states, network, clock, log, signer, options, run } = this.#node;
    const { sentBytes, receivedBytes } = network.transport.traffic();
    const { outerStep, parameters } = states.current;
    const seconds = (clock.monotonicMs() - this.#startMs) / 1000;
    const root = states.root;
    const members = states.members().length;
    log.emit({
      event: "round",
      role: options.role,
      hotkey: signer.hotkey,
      outerStep,
      root,
      members,
      seconds,
      sentBytes: sentBytes - this.#start.sentBytes,
      receivedBytes: receivedBytes - this.#start.receivedBytes,
      encodedBytes: codecByName(exchangeAt(run.config, outerStep).codec).encodedBytes(parameters.length),
      rawBytes: 4 * parameters.length,
      validationLoss: await validationLoss(this.#node),
    });
    await this.#node.profile?.tell();
    this.#startMs = clock.monotonicMs();
    this.#start = { sentBytes, receivedBytes };
  }
}
