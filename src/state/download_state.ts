/**
 * Fetching a state from peers that hold it: the leaf list, checked against the root, then each differing leaf from
 * whichever peer is free, checked against its digest. Leaves that the local state already has are not fetched, so the same
 * function joins a run and repairs a state that went astray.
 */
import { equalBytes } from "../base/bytes.ts";
import type { Log } from "../base/log.ts";
import type { Transport } from "../base/transport.ts";
import type { Head } from "./heads.ts";
import {
  DIGEST_BYTES,
  leafByteLength,
  leafBytes,
  leafCount,
  leafDigest,
  placeLeaf,
  rootOfLeaves,
  type StateShape,
} from "./merkle.ts";
import type { ModelState } from "./model_state.ts";
import { forEachBounded, SourcePool } from "./source_pool.ts";

/** Of one request. */
const TIMEOUT_MS = 20_000;
const IN_FLIGHT_PER_PEER = 2;
const MAXIMUM_IN_FLIGHT = 16;

export interface DownloadOptions {
  readonly runId: string;
  readonly elementCount: number;
  /** Source of leaves that need not be fetched. */
  readonly local?: ModelState;
  readonly signal?: AbortSignal;
  readonly log: Log;
}

/**
 * @returns a new state whose root is the head's
 * @throws {StateError} `state/no-source` when its peers do not give it whole
 */
export async function downloadHead(
  transport: Transport,
  head: Head,
  options: DownloadOptions,
): Promise<ModelState> {
  const { runId, elementCount, local, signal, log } = options;
  const shape: StateShape = { runId, elementCount, outerStep: head.outerStep };
  const pool = new SourcePool(head.peers, { timeoutMs: TIMEOUT_MS, signal }, { transport, log });
  const leaves = await fetchLeaves(pool, head, shape);

  const parameters = new Float32Array(elementCount);
  const momentum = new Float32Array(elementCount);
  const hasLocal = local?.parameters.length === elementCount;
  const fetchLeaf = async (index: number) => {
    const length = leafByteLength(elementCount, index);
    const matches = async (leaf: Uint8Array) =>
      leaf.byteLength === length && equalBytes(await leafDigest(leaf), leaves[index]);
    const mine = hasLocal ? leafBytes(local, index) : undefined;
    const isMine = mine !== undefined && await matches(mine);
    const message = { type: "state-leaf", header: { root: head.root, index } };
    placeLeaf(parameters, momentum, index, isMine ? mine : await pool.fetch(message, length, matches));
  };
  const inFlight = Math.min(MAXIMUM_IN_FLIGHT, IN_FLIGHT_PER_PEER * head.peers.length);
  await forEachBounded(leaves.length, inFlight, fetchLeaf);
  return { runId, outerStep: head.outerStep, parameters, momentum, certificate: head.certificate ?? null };
}

async function fetchLeaves(pool: SourcePool, head: Head, shape: StateShape): Promise<Uint8Array[]> {
  const count = leafCount(shape.elementCount);
  const split = (body: Uint8Array) =>
    Array.from({ length: count }, (_, i) => body.subarray(i * DIGEST_BYTES, (i + 1) * DIGEST_BYTES));
  const body = await pool.fetch(
    { type: "state-leaves", header: { root: head.root } },
    count * DIGEST_BYTES,
    (bytes) => bytes.byteLength === count * DIGEST_BYTES && rootOfLeaves(shape, split(bytes)) === head.root,
  );
  return split(body);
}
