/**
 * Fetches waypoints as soon as miners announce that they are ready, so that one who dies right after the round can still
 * be judged. A miner may sign as many digests as it likes: at most one of its waypoints of a step is under way, the one
 * it signed for last comes next and takes the place of the former.
 *
 *   empty → fetching(d)         a ready, or `get`
 *   fetching(d) → fetching(e)   the last ready that came meanwhile named e, and d has come or failed; or `get` asks for e, the
 *                               digest that was committed: d is aborted, and further readies change nothing
 *   fetching(d) → kept(d)       otherwise; nothing is kept of what failed
 *
 * Bounded: by count and by bytes, of the present step and, while that one is being scored, the next.
 */
import type { AllReduce, Ready } from "../allreduce/allreduce.ts";
import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Hotkey, Transport } from "../base/transport.ts";
import { fetchWaypoint } from "./waypoints.ts";

const MAX_KEPT = 2048;
/** Waypoints of large models beyond it are fetched when they are judged. */
const MAX_KEPT_BYTES = 4 * 2 ** 30;

export interface WaypointCollectorDependencies {
  readonly allReduce: AllReduce;
  readonly transport: Transport;
  readonly log: Log;
  readonly signal: AbortSignal;
}

type Encoded = Uint8Array<ArrayBuffer> | undefined;

/** What one miner signed for in one step. */
interface Place {
  readonly hotkey: Hotkey;
  readonly outerStep: number;
  digest: string;
  /** Of `digest`; undefined when it cannot be had. */
  encoded: Promise<Encoded>;
  /** While `encoded` is under way. */
  abort: AbortController | undefined;
  /** Signed for since then. */
  nextDigest: string | undefined;
  /** `digest` was committed: nothing takes its place. */
  isJudged: boolean;
}

export class WaypointCollector {
  readonly #encodedBytes: number;
  readonly #deps: WaypointCollectorDependencies;
  readonly #places = new Map<string, Place>();
  readonly #stopObserving: () => void;
  #outerStep: number;

  /**
   * @param outerStep the step that is being made now
   * @param encodedBytes of one waypoint
   */
  constructor(outerStep: number, encodedBytes: number, deps: WaypointCollectorDependencies) {
    this.#outerStep = outerStep;
    this.#encodedBytes = encodedBytes;
    this.#deps = deps;
    this.#stopObserving = deps.allReduce.observe((observation) => {
      if (observation.kind === "ready") this.#onReady(observation.ready);
    });
  }

  close(): void {
    this.#stopObserving();
    for (const key of this.#places.keys()) this.#drop(key);
  }

  /**
   * The waypoint that `hotkey` was committed with, or undefined when it cannot be had. Asked for again if it failed before.
   * One call at a time for a hotkey.
   */
  async get(hotkey: Hotkey, outerStep: number, digest: string): Promise<Encoded> {
    const place = this.#places.get(keyOf(hotkey, outerStep)) ?? this.#add(hotkey, outerStep);
    place.isJudged = true;
    place.nextDigest = undefined;
    if (place.digest !== digest) place.abort?.abort();
    const early = await place.encoded;
    return place.digest === digest && early !== undefined ? early : await this.#fetch(place, digest);
  }

  /** Forgets what was kept for other steps than this and the next. */
  moveTo(outerStep: number): void {
    this.#outerStep = outerStep;
    for (const [key, place] of this.#places) {
      if (!this.#isNear(place.outerStep)) this.#drop(key);
    }
  }

  #isNear(outerStep: number): boolean {
    return outerStep === this.#outerStep || outerStep === this.#outerStep + 1;
  }

  #onReady({ hotkey, outerStep, waypointDigest }: Ready): void {
    if (!this.#isNear(outerStep)) return;
    const known = this.#places.get(keyOf(hotkey, outerStep));
    if (known?.isJudged || (known === undefined && !this.#hasRoom())) return;
    const place = known ?? this.#add(hotkey, outerStep);
    if (place.abort !== undefined) place.nextDigest = waypointDigest;
    else if (place.digest !== waypointDigest) void this.#fetch(place, waypointDigest);
  }

  #hasRoom(): boolean {
    const { size } = this.#places;
    return size < MAX_KEPT && (size + 1) * this.#encodedBytes <= MAX_KEPT_BYTES;
  }

  /** Without room it is nobody's but the caller's. */
  #add(hotkey: Hotkey, outerStep: number): Place {
    const place: Place = {
      hotkey,
      outerStep,
      digest: "",
      encoded: Promise.resolve(undefined),
      abort: undefined,
      nextDigest: undefined,
      isJudged: false,
    };
    if (this.#hasRoom()) this.#places.set(keyOf(hotkey, outerStep), place);
    return place;
  }

  #drop(key: string): void {
    const place = this.#places.get(key)!;
    place.nextDigest = undefined;
    place.abort?.abort();
    this.#places.delete(key);
  }

  /** Only while nothing of this place is under way. */
  #fetch(place: Place, digest: string): Promise<Encoded> {
    place.digest = digest;
    place.abort = new AbortController();
    place.encoded = this.#fetchOnce(place, digest, place.abort.signal).finally(() => {
      place.abort = undefined;
      const { nextDigest } = place;
      place.nextDigest = undefined;
      if (nextDigest !== undefined && nextDigest !== digest) void this.#fetch(place, nextDigest);
    });
    return place.encoded;
  }

  async #fetchOnce({ hotkey, outerStep }: Place, digest: string, aborted: AbortSignal): Promise<Encoded> {
    const { transport, log } = this.#deps;
    const signal = AbortSignal.any([this.#deps.signal, aborted]);
    const want = { outerStep, digest, encodedBytes: this.#encodedBytes };
    try {
      return await fetchWaypoint(transport, hotkey, want, signal);
    } catch (error) {
      if (!signal.aborted) log.debug(describeError(error));
      return undefined;
    }
  }
}

const keyOf = (hotkey: Hotkey, outerStep: number) => `${outerStep} ${hotkey}`;
