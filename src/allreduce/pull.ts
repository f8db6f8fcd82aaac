/** Pulls a committed or locked result from members that hold it: by chunk, a few at a time, each checked by digest. */
import { toHex } from "../base/bytes.ts";
import { isSkeinError } from "../base/errors.ts";
import type { Hotkey, Transport } from "../base/transport.ts";
import type { Codec } from "../codec/codec.ts";
import { resultDigestOf } from "./certificate.ts";
import { refuse } from "./errors.ts";
import { messageType } from "./messages.ts";
import { planOf, type Proposal, proposalDigest } from "./proposal.ts";
import type { StoredResult } from "./result.ts";

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

/** @throws {SkeinError} `allreduce/pull-failed` when no source gave a chunk that matches */
export async function pullResult(
  want: PullWant,
  options: PullOptions,
  deps: {
    transport: Transport;
    codec: Codec;
    digest(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array>;
  },
  signal: AbortSignal,
): Promise<StoredResult> {
  const { runId, outerStep } = want.origin;
  const plan = planOf(want.origin);
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const ask = async (source: Hotkey, chunk: number, maxBodyBytes: number) => {
    const header = { runId, outerStep, resultDigest: want.resultDigest, chunk };
    const answer = await deps.transport.request(source, { type: messageType("pull"), header }, {
      maxBodyBytes,
      timeoutMs: options.requestTimeoutMs,
      signal: both,
    });
    return answer.body ?? new Uint8Array(0);
  };

  /** Sources in turn from the `first`, each asked once; a wrong answer counts against its source. */
  const askAny = async (
    chunk: number,
    maxBodyBytes: number,
    isRight: (body: Uint8Array) => Promise<boolean>,
  ) => {
    const causes: unknown[] = [];
    for (let k = 0; k < want.sources.length; k++) {
      const source = want.sources[(Math.max(0, chunk) + k) % want.sources.length];
      try {
        const body = await ask(source, chunk, maxBodyBytes);
        if (await isRight(body)) return body;
        deps.transport.penalise(source, "allreduce/corrupt-result");
      } catch (error) {
        both.throwIfAborted();
        if (!isSkeinError(error)) throw error;
        causes.push(error);
      }
    }
    throw refuse(
      "allreduce/pull-failed",
      `pull ${
        chunk < 0 ? "chunk digests" : `chunk ${chunk}`
      } of step ${outerStep}: none of ${want.sources.length} ` +
        `members gave it, one is required`,
      { outerStep, chunk },
      causes[0],
    );
  };

  const chunkDigests = want.chunkDigests ?? toHex(
    await askAny(-1, 32 * plan.chunks.length, async (body) =>
      body.byteLength === 32 * plan.chunks.length &&
      resultDigestOf(proposalDigest(want.origin), toHex(body)) === want.resultDigest),
  );
  const chunks: Uint8Array[] = new Array(plan.chunks.length);
  let next = 0;
  const worker = async () => {
    for (let chunk = next++; chunk < plan.chunks.length; chunk = next++) {
      const bytes = deps.codec.encodedBytes(plan.chunks[chunk].elements);
      chunks[chunk] = await askAny(
        chunk,
        bytes,
        async (body) =>
          toHex(await deps.digest(body as Uint8Array<ArrayBuffer>)) ===
            chunkDigests.slice(64 * chunk, 64 * chunk + 64),
      );
    }
  };
  try {
    await Promise.all(Array.from({ length: options.concurrency }, worker));
  } catch (error) {
    stop.abort(error);
    throw error;
  }
  return { outerStep, origin: want.origin, resultDigest: want.resultDigest, chunkDigests, chunks };
}
