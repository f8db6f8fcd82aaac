/**
 * Waypoints: a miner's encoded change of parameters after the first few inner steps. The digest travels in the signed
 * *ready*; the bytes are asked for by the validators, in ranges, and checked against it. A miner keeps the last two.
 */
import { assert } from "../base/assert.ts";
import { sha256Bulk, toHex } from "../base/bytes.ts";
import { SkeinError } from "../base/errors.ts";
import type { Hotkey, Transport } from "../base/transport.ts";
import type { Codec } from "../codec/codec.ts";
import { u8Blockwise } from "../codec/u8_blockwise.ts";
import { z } from "zod";

/** Dense whatever the run exchanges: a replay compares the whole change, not the largest elements of it. */
export const waypointCodec: Codec = u8Blockwise;

const RANGE_BYTES = 1 << 20;
const KEPT = 2;
const TIMEOUT_MS = 20_000;

const rangeRequest = z.object({
  outerStep: z.number().int().positive(),
  offset: z.number().int().nonnegative(),
  length: z.number().int().positive().max(RANGE_BYTES),
});

export class WaypointShelf {
  readonly #kept = new Map<number, { encoded: Uint8Array<ArrayBuffer>; digest: string }>();

  async put(outerStep: number, encoded: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#kept.set(outerStep, { encoded, digest: toHex(await sha256Bulk(encoded)) });
    for (const step of this.#kept.keys()) if (step <= outerStep - KEPT) this.#kept.delete(step);
  }

  /** What to sign for `outerStep`, hex: its waypoint was put before. */
  digest(outerStep: number): string {
    const kept = this.#kept.get(outerStep);
    assert(kept !== undefined, `waypoint of outer step ${outerStep} was put`);
    return kept.digest;
  }

  /** @returns stop serving */
  serve(transport: Transport): () => void {
    return transport.onRequest("waypoint-range", async (_from, message) => {
      const parsed = rangeRequest.safeParse(message.header);
      if (!parsed.success) {
        throw new SkeinError("node/bad-request", "serve a waypoint: malformed range request");
      }
      const { outerStep, offset, length } = parsed.data;
      const encoded = this.#kept.get(outerStep)?.encoded;
      if (encoded === undefined || offset + length > encoded.byteLength) {
        throw new SkeinError(
          "node/no-waypoint",
          `serve a waypoint: none of outer step ${outerStep} with that range`,
        );
      }
      return { type: "waypoint-range", header: {}, body: encoded.subarray(offset, offset + length) };
    });
  }
}

/**
 * @param encodedBytes the exact size, from `waypointCodec` and the parameter count
 * @throws {SkeinError} `node/waypoint-mismatch` when the bytes are not those that were signed
 */
export async function fetchWaypoint(
  transport: Transport,
  from: Hotkey,
  want: { outerStep: number; encodedBytes: number; digest: string },
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const encoded = new Uint8Array(want.encodedBytes);
  for (let offset = 0; offset < encoded.byteLength; offset += RANGE_BYTES) {
    const length = Math.min(RANGE_BYTES, encoded.byteLength - offset);
    const answer = await transport.request(
      from,
      { type: "waypoint-range", header: { outerStep: want.outerStep, offset, length } },
      { maxBodyBytes: length, timeoutMs: TIMEOUT_MS, signal },
    );
    if (answer.body?.byteLength !== length) {
      throw new SkeinError("node/waypoint-mismatch", `fetch the waypoint of ${from}: a short range`, {
        from,
      });
    }
    encoded.set(answer.body, offset);
  }
  const digest = toHex(await sha256Bulk(encoded));
  if (digest !== want.digest) {
    throw new SkeinError(
      "node/waypoint-mismatch",
      `fetch the waypoint of ${from}: digest ${digest.slice(0, 12)}, signed was ${want.digest.slice(0, 12)}`,
      { from },
    );
  }
  return encoded;
}
