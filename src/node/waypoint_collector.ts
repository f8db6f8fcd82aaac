/**
 * Fetches waypoints as soon as miners announce that they are ready, so that one who dies right after the round can still
 * be judged. Bounded: one a miner, of the present step only.
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

export class WaypointCollector {
  readonly close: () => void;
  readonly #encodedBytes: number;
  readonly #deps: WaypointCollectorDependencies;
  readonly #fetched = new Map<string, Promise<Uint8Array<ArrayBuffer> | undefined>>();
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
    const key = `${hotkey}/${digest}`;
    const early = await this.#fetched.get(key);
    return early ?? await this.#fetch(hotkey, outerStep, digest);
  }

  /** Forgets what was kept for earlier steps. */
  moveTo(outerStep: number): void {
    this.#outerStep = outerStep;
    this.#fetched.clear();
  }

  #onReady({ hotkey, outerStep, waypointDigest }: Ready): void {
    const key = `${hotkey}/${waypointDigest}`;
    if (outerStep !== this.#outerStep || this.#fetched.has(key) || this.#fetched.size >= MAX_MINERS) return;
    this.#fetched.set(key, this.#fetch(hotkey, outerStep, waypointDigest));
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
