/**
 * Error feedback across rounds and restarts. The residual belongs to one state, named by its root, and lies beside it on
 * disk; what does not fit the state that the node holds, or is damaged, is dropped with a warning and the residual starts at
 * zero: that costs what was to be sent later, never correctness.
 *
 *   idle → offered        `offer`: pseudo-gradient and residual together go into a round; again after a failed one. Steps
 *                         that feed nothing back, as dense ones at the start of a sparse run, offer nothing and leave nothing
 *   offered → idle        `moved`: the round that made the new state had our values in it, as we offered them last: what its
 *                         plan's chunks left out is the residual. Otherwise the residual stays as it was
 */
import type { Certificate } from "../allreduce/allreduce.ts";
import { planOf } from "../allreduce/proposal.ts";
import { describeError, isSkeinError } from "../base/errors.ts";
import { leftOut, withResidual } from "../codec/error_feedback.ts";
import type { NodeContext } from "./context.ts";
import { exchangeAt } from "./exchange_plan.ts";
import { readResidual, writeResidual } from "./residual_file.ts";

interface Offered {
  readonly values: Float32Array;
  readonly anchorRoot: string;
  readonly innerSteps: number;
}

export class ResidualKeeper {
  readonly #node: Pick<NodeContext, "run" | "runHome" | "codec" | "signer" | "log">;
  /** Undefined: the run feeds nothing back. */
  #residual: Float32Array<ArrayBuffer> | undefined;
  #offered: Offered | undefined;
  #root: string;

  private constructor(node: NodeContext, residual: Float32Array<ArrayBuffer> | undefined) {
    this.#node = node;
    this.#residual = residual;
    this.#root = node.states.root;
  }

  static async open(node: NodeContext): Promise<ResidualKeeper> {
    const { run, runHome, states, log } = node;
    if (run.config.exchange.feedbackDecay === null) return new ResidualKeeper(node, undefined);
    const elementCount = states.current.parameters.length;
    try {
      const stored = await readResidual(runHome, { root: states.root, elementCount });
      return new ResidualKeeper(node, stored ?? new Float32Array(elementCount));
    } catch (error) {
      if (!isSkeinError(error)) throw error;
      log.warn(`${describeError(error)}; error feedback starts at zero`);
      return new ResidualKeeper(node, new Float32Array(elementCount));
    }
  }

  /** What the round is given for pseudo-gradient `delta`. */
  offer(
    delta: Float32Array,
    { outerStep, ...at }: { outerStep: number; anchorRoot: string; innerSteps: number },
  ): Float32Array {
    const { feedbackDecay } = exchangeAt(this.#node.run.config, outerStep);
    if (this.#residual === undefined || feedbackDecay === null) return delta;
    const values = withResidual(this.#residual, delta, feedbackDecay);
    this.#offered = { ...at, values };
    return values;
  }

  /** The node holds the state of `root`, made by `certificate`. Durable when it resolves. */
  async moved({ root, certificate }: { root: string; certificate: Certificate | undefined }): Promise<void> {
    const { codec, runHome, log } = this.#node;
    if (this.#residual === undefined || root === this.#root) return;
    const offered = this.#offered;
    this.#offered = undefined;
    this.#root = root;
    if (offered !== undefined && certificate !== undefined && this.#isIn(certificate, offered)) {
      this.#residual = leftOut(codec, offered.values, planOf(certificate.origin).chunks);
    }
    try {
      await writeResidual(runHome, { root, values: this.#residual });
    } catch (error) {
      if (!isSkeinError(error)) throw error;
      log.warn(describeError(error));
    }
  }

  /** Was the result reduced from these values? A retried round offers more inner steps. */
  #isIn({ origin }: Certificate, { anchorRoot, innerSteps }: Offered): boolean {
    const ours = origin.members.find(({ hotkey }) => hotkey === this.#node.signer.hotkey);
    return origin.anchorRoot === anchorRoot && ours?.innerSteps === innerSteps;
  }
}
