/**
 * Fetches waypoints as soon as miners announce that they are ready, so that one who dies right after the round can still
 * be judged. Bounded: the last that a miner signed for, of the present step and, while that one is being scored, the next.
 */
import type { AllReduce, Ready } from "../allreduce/allreduce.ts";
import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Hotkey, Transport } from "../base/transport.ts";
import { fetchWaypoint } from "./waypoints.ts";

const MAX_MINERS = 1024;

export interface WaypointCollectorDependencies {
  readonly allReduce: AllReduce;
  readonly transport: Transport;
  readonly log: Log;
  readonly signal: AbortSignal;
}

interface Fetched {
  readonly outerStep: number;
  readonly digest: string;
  readonly encoded: Promise<Uint8Array<ArrayBuffer> | undefined>;
}

export class WaypointCollector {
  readonly close: () => void;
  readonly #encodedBytes: number;
  readonly #deps: WaypointCollectorDependencies;
  readonly #fetched = new Map<string, Fetched>();
  #outerStep: number;

  /**
   * @param outerStep the step that is being made now
   * @param encodedBytes of one waypoint
   */
  constructor(outerStep: number, encodedBytes: number, deps: WaypointCollectorDependencies) {
    this.#outerStep = outerStep;
    this.#encodedBytes = encodedBytes;
    this.#deps = deps;
    this.close = deps.allReduce.observe((observation) => {
      if (observation.kind === "ready") this.#onReady(observation.ready);
    });
  }

  /** The waypoint that `hotkey` signed for, or undefined when it cannot be had. Asked for again if it failed before. */
  async get(hotkey: Hotkey, outerStep: number, digest: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const early = this.#fetched.get(`${outerStep} ${hotkey}`);
    const encoded = early?.digest === digest ? await early.encoded : undefined;
    return encoded ?? await this.#fetch(hotkey, outerStep, digest);
  }

  /** Forgets what was kept for earlier steps. */
  moveTo(outerStep: number): void {
    this.#outerStep = outerStep;
    for (const [key, fetched] of this.#fetched) {
      if (fetched.outerStep < outerStep) this.#fetched.delete(key);
    }
  }

  #onReady({ hotkey, outerStep, waypointDigest }: Ready): void {
    if (outerStep !== this.#outerStep && outerStep !== this.#outerStep + 1) return;
    const key = `${outerStep} ${hotkey}`;
    const known = this.#fetched.get(key);
    if (known?.digest === waypointDigest || (!known && this.#fetched.size >= 2 * MAX_MINERS)) return;
    const encoded = this.#fetch(hotkey, outerStep, waypointDigest);
    this.#fetched.set(key, { outerStep, digest: waypointDigest, encoded });
  }

  async #fetch(
    hotkey: Hotkey,
    outerStep: number,
    digest: string,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { transport, signal, log } = this.#deps;
    const want = { outerStep, digest, encodedBytes: this.#encodedBytes };
    try {
      return await fetchWaypoint(transport, hotkey, want, signal);
    } catch (error) {
      if (!signal.aborted) log.debug(describeError(error));
      return undefined;
    }
  }
}
