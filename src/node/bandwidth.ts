/**
 * Measured bandwidth, for the span plan: how fast a body of 1 MiB comes from each of a few peers, the median of them. Asked
 * for again after ten minutes. What a node says of itself is signed in its *ready*, and an untrue figure hurts the
 * node itself most: it gets more to reduce than it can.
 */
import type { Clock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Transport } from "../base/transport.ts";

const PROBE_BYTES = 1 << 20;
const PROBED_PEERS = 3;
const TIMEOUT_MS = 10_000;
const GOOD_FOR_MS = 600_000;
/** Until there is a peer to measure with: what a home connection sends. */
const UNMEASURED_BYTES_PER_SEC = 1.25e6;

export class BandwidthMeter {
  readonly #deps: { transport: Transport; clock: Clock; log: Log };
  #bytesPerSec = UNMEASURED_BYTES_PER_SEC;
  #measuredMs = -Infinity;

  constructor(deps: { transport: Transport; clock: Clock; log: Log }) {
    this.#deps = deps;
  }

  /** @returns stop serving */
  serve(): () => void {
    const body = new Uint8Array(PROBE_BYTES);
    return this.#deps.transport.onRequest("bandwidth-probe", async () => ({
      type: "bandwidth-probe",
      header: {},
      body,
    }));
  }

  /** Bytes a second, from a measurement that is not older than ten minutes if there is a peer to measure with. */
  async measured(signal: AbortSignal): Promise<number> {
    const { clock, transport, log } = this.#deps;
    if (clock.monotonicMs() - this.#measuredMs < GOOD_FOR_MS) return this.#bytesPerSec;
    const rates: number[] = [];
    for (const peer of transport.connected().slice(0, PROBED_PEERS)) {
      const startMs = clock.monotonicMs();
      try {
        const options = { maxBodyBytes: PROBE_BYTES, timeoutMs: TIMEOUT_MS, signal };
        const answer = await transport.request(peer, { type: "bandwidth-probe", header: {} }, options);
        const seconds = Math.max(1e-4, (clock.monotonicMs() - startMs) / 1000);
        rates.push((answer.body?.byteLength ?? 0) / seconds);
      } catch (error) {
        log.debug(`measure bandwidth to ${peer}: ${describeError(error)}`);
      }
    }
    if (rates.length === 0) return this.#bytesPerSec;
    rates.sort((a, b) => a - b);
    this.#bytesPerSec = Math.round(rates[Math.floor(rates.length / 2)]);
    this.#measuredMs = clock.monotonicMs();
    return this.#bytesPerSec;
  }
}
