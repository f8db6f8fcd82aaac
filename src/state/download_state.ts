/**
 * Fetching the present state from peers: heads, then the leaf list, checked against the root, then each differing leaf
 * from whichever peer is free, checked against its digest. Leaves that the local state already has are not fetched, so
 * the same function joins a run and repairs a state that went astray.
 */
import { assert } from "../base/assert.ts";
import { equalBytes } from "../base/bytes.ts";
import { describeError, isSkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Hotkey, Transport } from "../base/transport.ts";
import { StateError } from "./errors.ts";
import { askHeads, type Head, type VerifyHead } from "./heads.ts";
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
import { MAXIMUM_ELEMENTS, type ModelState } from "./model_state.ts";
import { forEachBounded, SourcePool } from "./source_pool.ts";

const DEFAULT_TIMEOUT_MS = 20_000;
const IN_FLIGHT_PER_PEER = 2;
const MAXIMUM_IN_FLIGHT = 16;
/** The swarm may move on while we fetch; then everything begins again at its new state. */
const ATTEMPTS = 3;

export interface DownloadOptions {
  readonly runId: string;
  readonly elementCount: number;
  /** Older states are not worth having. */
  readonly minOuterStep: number;
  /** Source of leaves that need not be fetched. */
  readonly local?: ModelState;
  readonly verifyHead?: VerifyHead;
  /** Of one request. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly log: Log;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

export interface DownloadProgress {
  readonly outerStep: number;
  readonly leafCount: number;
  /** Had locally. */
  readonly reusedLeaves: number;
  readonly fetchedLeaves: number;
}

/**
 * @param peers asked for their heads, all at once
 * @returns a new state whose root is the one chosen
 * @throws {StateError} `state/no-source` when no peer offers a state of `minOuterStep` or none could be fetched whole
 */
export async function downloadState(
  transport: Transport,
  peers: readonly Hotkey[],
  options: DownloadOptions,
): Promise<ModelState> {
  assert(
    options.elementCount >= 0 && options.elementCount <= MAXIMUM_ELEMENTS,
    "download: a model that fits",
  );
  const { log, timeoutMs = DEFAULT_TIMEOUT_MS, signal, verifyHead } = options;
  let lastError: unknown;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const heads = await askHeads(peers, { timeoutMs, signal, verifyHead }, { transport, log });
    for (const head of heads.filter(({ outerStep }) => outerStep >= options.minOuterStep)) {
      try {
        return await downloadHead(transport, head, { ...options, timeoutMs });
      } catch (error) {
        signal?.throwIfAborted();
        if (!isSkeinError(error, "state/no-source")) throw error;
        lastError = error;
        log.warn(`fetch state ${head.outerStep} (${head.root.slice(0, 12)}): ${describeError(error)}`);
      }
    }
    if (lastError === undefined) break;
  }
  throw new StateError(
    "state/no-source",
    `fetch a state: none of ${peers.length} peers gave one of outer step ${options.minOuterStep} or later, ` +
      `one required, wait for peers`,
    { peers: peers.length, minOuterStep: options.minOuterStep },
    lastError,
  );
}

/**
 * One state, whole, from those who hold it.
 * @throws {StateError} `state/no-source`
 */
export async function downloadHead(
  transport: Transport,
  head: Head,
  options: Omit<DownloadOptions, "minOuterStep" | "verifyHead">,
): Promise<ModelState> {
  const { runId, elementCount, local, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const shape: StateShape = { runId, elementCount, outerStep: head.outerStep };
  const pool = new SourcePool(head.peers, { ...options, timeoutMs }, { transport, log: options.log });
  const leaves = await fetchLeaves(pool, head, shape);

  const parameters = new Float32Array(elementCount);
  const momentum = new Float32Array(elementCount);
  const hasLocal = local?.parameters.length === elementCount;
  let reusedLeaves = 0;
  let fetchedLeaves = 0;
  const fetchLeaf = async (index: number) => {
    const length = leafByteLength(elementCount, index);
    const matches = async (leaf: Uint8Array) =>
      leaf.byteLength === length && equalBytes(await leafDigest(leaf), leaves[index]);
    const mine = hasLocal ? leafBytes(local, index) : undefined;
    const isMine = mine !== undefined && await matches(mine);
    const message = { type: "state-leaf", header: { root: head.root, index } };
    placeLeaf(parameters, momentum, index, isMine ? mine : await pool.fetch(message, length, matches));
    if (isMine) reusedLeaves++;
    else fetchedLeaves++;
    options.onProgress?.({
      outerStep: head.outerStep,
      leafCount: leaves.length,
      reusedLeaves,
      fetchedLeaves,
    });
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
