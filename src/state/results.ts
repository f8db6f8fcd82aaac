/**
 * The last committed results, kept for members that missed the end of a round and for validators: certificate, plan and
 * encoded chunks by outer step. Whoever fetches decides what a valid certificate is and which chunks it promises.
 *
 *   result-head  {outerStep}         → {chunkCount}; body: CBOR [certificate, plan]
 *   result-chunk {outerStep, index}  → body: the encoded chunk
 */
import { decode, encode } from "cborg";
import { z } from "zod";
import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Hotkey, Message, Transport } from "../base/transport.ts";
import { StateError } from "./errors.ts";
import { forEachBounded, SourcePool } from "./source_pool.ts";

const KEPT_RESULTS = 4;
const MAXIMUM_HEAD_BYTES = 4 << 20;
const MAXIMUM_CHUNKS = 1 << 16;
const IN_FLIGHT = 8;
const DEFAULT_TIMEOUT_MS = 20_000;

export interface CommittedResult {
  readonly outerStep: number;
  /** Plain data, CBOR-able. */
  readonly certificate: unknown;
  /** Plain data, CBOR-able; null where the certificate says it all. */
  readonly plan: unknown;
  /** Encoded, in element order. */
  readonly chunks: readonly Uint8Array[];
}

/** What a verified certificate promises of one chunk. */
export interface ChunkPromise {
  readonly encodedBytes: number;
  readonly isValid: (chunk: Uint8Array) => boolean | Promise<boolean>;
}

const headRequest = z.object({ outerStep: z.number().int().nonnegative() });
const chunkRequest = headRequest.extend({ index: z.number().int().nonnegative() });

export class ResultShelf {
  readonly #results = new Map<number, CommittedResult>();

  /** Takes over the chunks: they must not change. */
  put(result: CommittedResult): void {
    this.#results.set(result.outerStep, result);
    const steps = [...this.#results.keys()].sort((a, b) => b - a);
    for (const step of steps.slice(KEPT_RESULTS)) this.#results.delete(step);
  }

  get(outerStep: number): CommittedResult | undefined {
    return this.#results.get(outerStep);
  }
}

/** @returns stop serving */
export function serveResults(transport: Transport, shelf: ResultShelf): () => void {
  const find = (outerStep: number): CommittedResult => {
    const result = shelf.get(outerStep);
    if (result === undefined) {
      throw new StateError(
        "state/not-kept",
        `serve a result: step ${outerStep} is not kept, fetch the state instead`,
      );
    }
    return result;
  };
  const stops = [
    transport.onRequest("result-head", async (_from, message) => {
      const { certificate, plan, chunks } = find(parse(headRequest, message).outerStep);
      return {
        type: "result-head",
        header: { chunkCount: chunks.length },
        body: encode([certificate ?? null, plan ?? null]),
      };
    }),
    transport.onRequest("result-chunk", async (_from, message) => {
      const { outerStep, index } = parse(chunkRequest, message);
      const body = find(outerStep).chunks[index];
      if (body === undefined) {
        throw new StateError("state/bad-request", `serve a result: no chunk ${index} in step ${outerStep}`);
      }
      return { type: "result-chunk", header: {}, body };
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

/**
 * @param options.verify checks certificate and plan, and says what each chunk must be; a throw is a lie of that peer.
 *   Its promises bound what is fetched, so they must come from signed data
 * @throws {StateError} `state/no-source`
 */
export async function fetchResult(
  transport: Transport,
  peers: readonly Hotkey[],
  options: {
    readonly outerStep: number;
    readonly verify: (
      certificate: unknown,
      plan: unknown,
    ) => readonly ChunkPromise[] | Promise<readonly ChunkPromise[]>;
    readonly timeoutMs?: number;
    readonly signal?: AbortSignal;
    readonly log: Log;
  },
): Promise<CommittedResult> {
  const { outerStep, log, signal, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const dependencies = { transport, log };
  let head: { certificate: unknown; plan: unknown; promises: readonly ChunkPromise[] } | undefined;
  const heads = new SourcePool(peers, { timeoutMs, signal }, dependencies);
  await heads.fetch({ type: "result-head", header: { outerStep } }, MAXIMUM_HEAD_BYTES, async (body) => {
    try {
      const [certificate, plan] = decode(body) as [unknown, unknown];
      const promises = await options.verify(certificate, plan);
      if (promises.length <= MAXIMUM_CHUNKS) head = { certificate, plan, promises };
    } catch (error) {
      log.warn(`check the result of step ${outerStep}: ${describeError(error)}`);
    }
    return head !== undefined;
  });

  const { certificate, plan, promises } = head!;
  const chunks: Uint8Array[] = new Array(promises.length);
  const pool = new SourcePool(peers, { timeoutMs, signal }, dependencies);
  await forEachBounded(promises.length, IN_FLIGHT, async (index) => {
    const { encodedBytes, isValid } = promises[index];
    chunks[index] = await pool.fetch(
      { type: "result-chunk", header: { outerStep, index } },
      encodedBytes,
      async (chunk) => chunk.byteLength === encodedBytes && await isValid(chunk),
    );
  });
  return { outerStep, certificate, plan, chunks };
}

function parse<T>(shape: z.ZodType<T>, message: Message): T {
  const parsed = shape.safeParse(message.header);
  if (!parsed.success) {
    throw new StateError("state/bad-request", `serve a result: malformed ${message.type} request`);
  }
  return parsed.data;
}
