/**
 * Following rounds that others made: certificates as they are heard of, and the step to the state they lead to. Validators
 * live by this; a miner uses it when its round was decided without it.
 */
import type { AllReduce, Certificate } from "../allreduce/allreduce.ts";
import { describeError, isSkeinError } from "../base/errors.ts";
import type { NodeContext } from "./context.ts";

/** Remembers the newest certificate heard of. */
export class CommitWatch {
  readonly close: () => void;
  #newest: Certificate | undefined;
  #wake: (() => void)[] = [];

  constructor(allReduce: AllReduce) {
    this.#newest = allReduce.committed;
    this.close = allReduce.observe((observation) => {
      if (observation.kind !== "certificate") return;
      const { certificate } = observation;
      if (this.#newest !== undefined && certificate.outerStep <= this.#newest.outerStep) return;
      this.#newest = certificate;
      for (const wake of this.#wake.splice(0)) wake();
    });
  }

  /** A certificate for a step above `outerStep`, or undefined. */
  newest(outerStep: number): Certificate | undefined {
    return this.#newest !== undefined && this.#newest.outerStep > outerStep ? this.#newest : undefined;
  }

  /** It led nowhere: whoever holds a better one will tell again. Without this it would keep a miner from training. */
  dismiss(certificate: Certificate): void {
    if (this.#newest === certificate) this.#newest = undefined;
  }

  /** Resolves at the next certificate. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }
}

/**
 * Takes the outer step of a certificate that follows our state; otherwise fetches the state that peers have.
 * @returns whether the state has moved on
 */
export async function followCommit(node: NodeContext, certificate: Certificate): Promise<boolean> {
  const { states, allReduce, signal, log, chain, network } = node;
  const { transport } = network;
  const now = { block: chain.block(), present: [transport.self, ...transport.connected()] };
  try {
    if (states.follows(certificate, now)) {
      await states.advance(certificate, await allReduce.fetch(certificate, signal));
      return true;
    }
  } catch (error) {
    if (!isSkeinError(error)) throw error;
    log.debug(`follow outer step ${certificate.outerStep}: ${describeError(error)}`);
  }
  signal.throwIfAborted();
  return await states.catchUp(signal);
}
