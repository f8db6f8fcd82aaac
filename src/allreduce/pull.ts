/**
 * Pulls a committed or locked result from members that hold it: by chunk, a few at a time, each checked by digest; and
 * serves what is held here to others.
 */
import { fromHex, toHex } from "../base/bytes.ts";
import { describeError, isSkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Hotkey, Message, Transport } from "../base/transport.ts";
import type { Codec } from "../codec/codec.ts";
import { resultDigestOf } from "./certificate.ts";
import { refuse } from "./errors.ts";
import { type Header, messageType } from "./messages.ts";
import { planOf, type Proposal, proposalDigest } from "./proposal.ts";
import type { ResultStore, StoredResult } from "./result.ts";
import type { ResultSpace } from "./result_space.ts";

export interface PullWant {
  readonly origin: Proposal;
  readonly resultDigest: string;
  /** Known from a certificate; otherwise asked for first. */
  readonly chunkDigests?: string;
  readonly sources: readonly Hotkey[];
}

export interface PullOptions {
  readonly requestTimeoutMs: number;
  readonly concurrency: number;
}

export interface PullDeps {
  readonly transport: Transport;
  readonly codec: Codec;
  readonly space: ResultSpace;
  digest(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array>;
}

/** @throws {SkeinError} `allreduce/pull-failed` when no source gave a chunk that matches; what its place throws */
export async function pullResult(
  want: PullWant,
  options: PullOptions,
  deps: PullDeps,
  signal: AbortSignal,
): Promise<StoredResult> {
  const { origin, resultDigest } = want;
  const plan = planOf(origin);
  const stop = new AbortController();
  const sources = new Sources(want, options, deps.transport, AbortSignal.any([signal, stop.signal]));
  const chunkDigests = want.chunkDigests ?? toHex(
    await sources.ask(
      -1,
      32 * plan.chunks.length,
      async (body) =>
        body.byteLength === 32 * plan.chunks.length &&
        resultDigestOf(proposalDigest(origin), toHex(body)) === resultDigest,
    ),
  );
  const chunks = deps.space.open(plan.chunks.map(({ elements }) => deps.codec.result.encodedBytes(elements)));
  let next = 0;
  const worker = async () => {
    for (let chunk = next++; chunk < plan.chunks.length; chunk = next++) {
      const digest = chunkDigests.slice(64 * chunk, 64 * chunk + 64);
      const bytes = deps.codec.result.encodedBytes(plan.chunks[chunk].elements);
      const isRight = async (body: Uint8Array) =>
        toHex(await deps.digest(body as Uint8Array<ArrayBuffer>)) === digest;
      const body = await sources.ask(chunk, bytes, isRight);
      // A group that certified what cannot be decoded has lied; no other source would give anything else.
      deps.codec.result.check(body, plan.chunks[chunk].elements);
      if (!stop.signal.aborted) chunks.put(chunk, body);
    }
  };
  try {
    await Promise.all(Array.from({ length: options.concurrency }, worker));
  } catch (error) {
    stop.abort(error);
    chunks.free();
    throw error;
  }
  return { outerStep: origin.outerStep, origin, resultDigest, chunkDigests, chunks };
}

/** @throws {SkeinError} `allreduce/unknown-result`, also when our disk refuses, which is only told here */
export function servePull(store: ResultStore, { resultDigest, chunk }: Header<"pull">, log: Log): Message {
  const result = store.get(resultDigest);
  const body = chunk < 0 ? result && fromHex(result.chunkDigests) : chunkOf(result, chunk, log);
  if (!body) {
    throw refuse(
      "allreduce/unknown-result",
      `serve chunk ${chunk} of ${resultDigest}: not held, ask another member`,
    );
  }
  return { type: messageType("pull"), header: {}, body };
}

function chunkOf(result: StoredResult | undefined, chunk: number, log: Log): Uint8Array | undefined {
  if (!result?.chunks.has(chunk)) return undefined;
  try {
    return result.chunks.read(chunk);
  } catch (error) {
    if (!isSkeinError(error)) throw error;
    log.warn(`serve chunk ${chunk} of step ${result.outerStep}: ${describeError(error)}`);
    return undefined;
  }
}

/** Members that hold the result, asked in turn. */
class Sources {
  #want: PullWant;
  #options: PullOptions;
  #transport: Transport;
  #signal: AbortSignal;

  constructor(want: PullWant, options: PullOptions, transport: Transport, signal: AbortSignal) {
    this.#want = want;
    this.#options = options;
    this.#transport = transport;
    this.#signal = signal;
  }

  /** Each once, from the one whose turn this chunk is; a wrong answer counts against its source. */
  async ask(chunk: number, maxBodyBytes: number, isRight: (body: Uint8Array) => Promise<boolean>) {
    const { sources, origin: { outerStep } } = this.#want;
    const causes: unknown[] = [];
    for (let k = 0; k < sources.length; k++) {
      const source = sources[(Math.max(0, chunk) + k) % sources.length];
      try {
        const body = await this.#request(source, chunk, maxBodyBytes);
        if (await isRight(body)) return body;
        this.#transport.penalise(source, "allreduce/corrupt-result");
      } catch (error) {
        this.#signal.throwIfAborted();
        if (!isSkeinError(error)) throw error;
        causes.push(error);
      }
    }
    const what = chunk < 0 ? "chunk digests" : `chunk ${chunk}`;
    throw refuse(
      "allreduce/pull-failed",
      `pull ${what} of step ${outerStep}: none of ${sources.length} members gave it, one is required`,
      { outerStep, chunk },
      causes[0],
    );
  }

  async #request(source: Hotkey, chunk: number, maxBodyBytes: number): Promise<Uint8Array> {
    const { origin: { runId, outerStep }, resultDigest } = this.#want;
    const message = { type: messageType("pull"), header: { runId, outerStep, resultDigest, chunk } };
    const { requestTimeoutMs: timeoutMs } = this.#options;
    const answer = await this.#transport.request(source, message, {
      maxBodyBytes,
      timeoutMs,
      signal: this.#signal,
    });
    return answer.body ?? new Uint8Array(0);
  }
}
