/**
 * Who trains on what. A page is contextLength + 1 tokens from pageIndex · contextLength on; neighbours share the one
 * token that is the last target of one and the first input of the other. Each outer step puts the pages in a new
 * order, keyed by (seed, outerStep). In that order uid starts at the fraction φ(uid) of the way round and takes pages one by one:
 *
 *   start(uid) = floor(φ(uid) · pageCount)          φ: the bits of uid mirrored at the binary point
 *   page(uid, k) = order[(start(uid) + k) mod pageCount]
 *
 * φ is van der Corput's sequence: 0, 1/2, 1/4, 3/4, 1/8, … The first 2ᵇ uids divide the circle into 2ᵇ equal arcs.
 *
 * Guarantee: within an outer step, uids below 2ᵇ share no page as long as each takes at most floor(pageCount / 2ᵇ); no uid
 * sees a page twice before it has seen them all. No list of the active uids is needed, thus none can be disputed, and a
 * subnet with few and therefore low uids wastes nothing. Anybody can compute the pages of anybody.
 */
import { assert } from "../base/assert.ts";
import type { Corpus } from "./corpus.ts";
import { Permutation } from "./permutation.ts";

/** uids are u16 on the chain. */
const UID_BITS = 16;

export interface BatchRequest {
  /** 32-bit seed of the run. */
  readonly seed: number;
  readonly outerStep: number;
  readonly uid: number;
  /** Counted from 0. */
  readonly innerStep: number;
  readonly batchSize: number;
  readonly contextLength: number;
  readonly corpus: Corpus;
}

/** Whole pages in a run of tokens. */
export function pageCount(tokenCount: number, contextLength: number): number {
  return Math.max(0, Math.floor((tokenCount - 1) / contextLength));
}

/** The order of an outer step; `pageOf` is as above. */
export class PageOrder {
  readonly #permutation: Permutation;

  constructor(pages: number, seed: number, outerStep: number) {
    this.#permutation = new Permutation(pages, `skein/pages/1/${seed}/${outerStep}`);
  }

  /** @param k how many pages uid has taken before in this outer step */
  pageOf(uid: number, k: number): number {
    const { size } = this.#permutation;
    return this.#permutation.at((startOf(uid, size) + k) % size);
  }
}

/** How many pages each uid below `uidCount` may take in an outer step before two of them can meet. */
export function disjointPages(pages: number, uidCount: number): number {
  return Math.floor(pages / 2 ** Math.ceil(Math.log2(Math.max(1, uidCount))));
}

/** Tokens of one inner step, [batchSize, contextLength + 1] row by row. */
export function batchFor(request: BatchRequest): Uint32Array<ArrayBuffer> {
  const { corpus, contextLength, batchSize } = request;
  assert(request.innerStep >= 0 && batchSize > 0 && contextLength > 0, "batch: sizes above zero");
  const pages = pageCount(corpus.trainTokens.length, contextLength);
  assert(pages > 0, `batch: the corpus has no page of ${contextLength} tokens`);
  const order = new PageOrder(pages, request.seed, request.outerStep);
  const batch = new Uint32Array(batchSize * (contextLength + 1));
  for (let row = 0; row < batchSize; row++) {
    const page = order.pageOf(request.uid, request.innerStep * batchSize + row);
    copyPage(corpus.trainTokens, page * contextLength, contextLength, batch, row);
  }
  return batch;
}

/**
 * The same held-out pages for everybody and every outer step, evenly spaced. Fewer than asked for when the held-out
 * text is short; the last batch may then be smaller.
 * @param count sequences in all
 * @returns batches of [at most batchSize, contextLength + 1]
 */
export function validationBatches(
  corpus: Corpus,
  count: number,
  batchSize: number,
  contextLength: number,
): Uint32Array<ArrayBuffer>[] {
  const pages = pageCount(corpus.validationTokens.length, contextLength);
  assert(pages > 0, `validation: the held-out text has no page of ${contextLength} tokens`);
  const taken = Math.min(count, pages);
  const batches: Uint32Array<ArrayBuffer>[] = [];
  for (let first = 0; first < taken; first += batchSize) {
    const rows = Math.min(batchSize, taken - first);
    const batch = new Uint32Array(rows * (contextLength + 1));
    for (let row = 0; row < rows; row++) {
      const page = Math.floor(((first + row) * pages) / taken);
      copyPage(corpus.validationTokens, page * contextLength, contextLength, batch, row);
    }
    batches.push(batch);
  }
  return batches;
}

/** One after the other: [all rows, contextLength + 1]. */
export function joinBatches(batches: readonly Uint32Array[]): Uint32Array<ArrayBuffer> {
  const tokens = new Uint32Array(batches.reduce((sum, batch) => sum + batch.length, 0));
  let at = 0;
  for (const batch of batches) {
    tokens.set(batch, at);
    at += batch.length;
  }
  return tokens;
}

function startOf(uid: number, pages: number): number {
  assert(Number.isInteger(uid) && uid >= 0 && uid < 2 ** UID_BITS, "pages: uid is a u16");
  let mirrored = 0;
  for (let bit = 0; bit < UID_BITS; bit++) if (uid & (1 << bit)) mirrored += 2 ** (UID_BITS - 1 - bit);
  return Math.floor((mirrored * pages) / 2 ** UID_BITS);
}

function copyPage(
  tokens: Uint8Array | Uint32Array,
  start: number,
  contextLength: number,
  batch: Uint32Array,
  row: number,
): void {
  batch.set(tokens.subarray(start, start + contextLength + 1), row * (contextLength + 1));
}
