/**
 * Sparse top-k: of each 4096 elements the 64 of largest magnitude, 14 bits each. 112 bytes for 16384: 146 times smaller.
 * For use with error feedback, which sends later what was left out now (SparseLoCo, Sarfi et al. 2025).
 *
 *   elements x[n] in blocks of 4096, the last one shorter; k = ⌈block / 64⌉ entries a block; pages of 64 blocks
 *   page   = codebook of 4 f32, then a bit a block: has it entries?, then the blocks that have, k·14 bits each in whole bytes
 *   entry  = index in the block (12 bits) | code << 12 (2 bits), least bit first, indices ascending
 *   x'     = codebook[code] where there is an entry, 0 elsewhere
 *
 * Codes are four bins over 6σ of the page's chosen values: below −1.5σ, below 0, below 1.5σ, above; the codebook holds the
 * mean of each bin. σ is about zero, so that signs are kept. A block with fewer than k values other than zero is filled up
 * with entries 0, which no second entry can be. Page headers cost 24 bytes in 7168: 0.33 %.
 */
import type { Codec } from "./codec.ts";
import { CodecError } from "./errors.ts";
import { bitsOf } from "./float_bits.ts";
import { sparseMean } from "./sparse_mean.ts";
import { TopK } from "./top_k.ts";

const SPARSE_BLOCK_ELEMENTS = 4096;
const BLOCKS_A_PAGE = 64;
const PAGE_ELEMENTS = BLOCKS_A_PAGE * SPARSE_BLOCK_ELEMENTS;
const ELEMENTS_AN_ENTRY = 64;
const CODEBOOK_BYTES = 16;
const INDEX_BITS = 12;
const ENTRY_BITS = 14;
const MOST_ENTRIES = SPARSE_BLOCK_ELEMENTS / ELEMENTS_AN_ENTRY;

/** k of a block. */
function entriesOf(blockElements: number): number {
  return Math.ceil(blockElements / ELEMENTS_AN_ENTRY);
}

function blockBytes(blockElements: number): number {
  return Math.ceil((ENTRY_BITS * entriesOf(blockElements)) / 8);
}

function headerBytes(pageElements: number): number {
  return CODEBOOK_BYTES + Math.ceil(Math.ceil(pageElements / SPARSE_BLOCK_ELEMENTS) / 8);
}

export const sparseTopK: Codec = {
  name: "sparse",

  encodedBytes(elements) {
    const page = elements % PAGE_ELEMENTS;
    const whole = Math.floor(elements / PAGE_ELEMENTS) *
      (headerBytes(PAGE_ELEMENTS) + BLOCKS_A_PAGE * blockBytes(SPARSE_BLOCK_ELEMENTS));
    if (page === 0) return whole;
    const block = page % SPARSE_BLOCK_ELEMENTS;
    return whole + headerBytes(page) + (block === 0 ? 0 : blockBytes(block)) +
      Math.floor(page / SPARSE_BLOCK_ELEMENTS) * blockBytes(SPARSE_BLOCK_ELEMENTS);
  },

  encode(values) {
    const encoded = new Uint8Array(sparseTopK.encodedBytes(values.length));
    const encoder = new PageEncoder(values, encoded);
    for (let start = 0; start < values.length; start += PAGE_ELEMENTS) {
      encoder.addPage(start, Math.min(start + PAGE_ELEMENTS, values.length));
    }
    return encoded.slice(0, encoder.writtenBytes);
  },

  decode(encoded, elements) {
    const values = new Float32Array(elements);
    forEachEntry(encoded, elements, (index, value) => values[index] = value);
    return values;
  },

  decodeInto(encoded, values) {
    values.fill(0);
    forEachEntry(encoded, values.length, (index, value) => values[index] = value);
  },

  accumulate(encoded, share, sum) {
    forEachEntry(encoded, sum.length, (index, value) => sum[index] += Math.fround(share * value));
  },

  cover(encoded, share, covered) {
    forEachEntry(encoded, covered.length, (index) => covered[index] += share);
  },

  check(encoded, elements) {
    forEachEntry(encoded, elements, () => {});
  },

  get result() {
    return sparseMean;
  },
};

/** Writes page after page. */
class PageEncoder {
  writtenBytes = 0;
  readonly #values: Float32Array;
  readonly #bits: Int32Array;
  readonly #encoded: Uint8Array;
  readonly #topK = new TopK(SPARSE_BLOCK_ELEMENTS, MOST_ENTRIES);
  /** Of the page: indices of block after block, and how many each block has. */
  readonly #indices = new Uint16Array(BLOCKS_A_PAGE * MOST_ENTRIES);
  readonly #counts = new Uint8Array(BLOCKS_A_PAGE);

  constructor(values: Float32Array, encoded: Uint8Array) {
    this.#values = values;
    this.#bits = bitsOf(values);
    this.#encoded = encoded;
  }

  addPage(start: number, end: number): void {
    const blocks = Math.ceil((end - start) / SPARSE_BLOCK_ELEMENTS);
    let squares = 0;
    let chosen = 0;
    for (let block = 0; block < blocks; block++) {
      const from = start + block * SPARSE_BLOCK_ELEMENTS;
      const to = Math.min(from + SPARSE_BLOCK_ELEMENTS, end);
      const count = this.#topK.select(this.#bits, from, to, entriesOf(to - from));
      if (count < 0) throw notFinite("encode", from);
      this.#counts[block] = count;
      for (let i = 0; i < count; i++) {
        const index = this.#topK.indices[i];
        this.#indices[chosen++] = index;
        squares += this.#values[from + index] ** 2;
      }
    }
    const edge = 1.5 * Math.sqrt(squares / Math.max(1, chosen));
    this.#writeHeader(start, end, blocks, edge);
    let at = 0;
    for (let block = 0; block < blocks; block++) {
      const from = start + block * SPARSE_BLOCK_ELEMENTS;
      this.#writeBlock(from, Math.min(from + SPARSE_BLOCK_ELEMENTS, end), at, this.#counts[block], edge);
      at += this.#counts[block];
    }
  }

  #writeHeader(start: number, end: number, blocks: number, edge: number): void {
    const sums = [0, 0, 0, 0];
    const members = [0, 0, 0, 0];
    for (let block = 0, at = 0; block < blocks; block++) {
      const from = start + block * SPARSE_BLOCK_ELEMENTS;
      for (let i = 0; i < this.#counts[block]; i++) {
        const value = this.#values[from + this.#indices[at++]];
        const code = codeOf(value, edge);
        sums[code] += value;
        members[code]++;
      }
      if (this.#counts[block] > 0) {
        this.#encoded[this.writtenBytes + CODEBOOK_BYTES + (block >> 3)] |= 1 << (block & 7);
      }
    }
    const codebook = Float32Array.from(sums, (sum, code) => sum / Math.max(1, members[code]));
    this.#encoded.set(new Uint8Array(codebook.buffer), this.writtenBytes);
    this.writtenBytes += headerBytes(end - start);
  }

  #writeBlock(from: number, to: number, at: number, count: number, edge: number): void {
    if (count === 0) return;
    let pending = 0;
    let pendingBits = 0;
    let byte = this.writtenBytes;
    for (let i = 0; i < count; i++) {
      const index = this.#indices[at + i];
      pending |= (index | (codeOf(this.#values[from + index], edge) << INDEX_BITS)) << pendingBits;
      for (pendingBits += ENTRY_BITS; pendingBits >= 8; pendingBits -= 8, pending >>>= 8) {
        this.#encoded[byte++] = pending;
      }
    }
    // The fill-up entries are zeros, and so are bytes not yet written.
    if (pendingBits > 0) this.#encoded[byte] = pending;
    this.writtenBytes += blockBytes(to - from);
  }
}

function codeOf(value: number, edge: number): number {
  return value < 0 ? (value < -edge ? 0 : 1) : value < edge ? 2 : 3;
}

/**
 * Calls back for each entry, index in the chunk and value, ascending.
 * @throws {CodecError} `codec/size`, `codec/non-finite`, `codec/malformed`, after some calls perhaps
 */
function forEachEntry(
  encoded: Uint8Array,
  elements: number,
  visit: (index: number, value: number) => void,
): void {
  const codebook = new Float32Array(4);
  let at = 0;
  for (let start = 0; start < elements; start += PAGE_ELEMENTS) {
    const end = Math.min(start + PAGE_ELEMENTS, elements);
    const header = headerBytes(end - start);
    assertRoom(encoded, at + header, elements);
    new Uint8Array(codebook.buffer).set(encoded.subarray(at, at + CODEBOOK_BYTES));
    if (!codebook.every(Number.isFinite)) throw notFinite("decode", start);
    const flags = at + CODEBOOK_BYTES;
    at += header;
    const blocks = Math.ceil((end - start) / SPARSE_BLOCK_ELEMENTS);
    for (let block = 0; block < 8 * (header - CODEBOOK_BYTES); block++) {
      if ((encoded[flags + (block >> 3)] >> (block & 7) & 1) === 0) continue;
      if (block >= blocks) throw malformed(`block ${block} of ${blocks} has entries`);
      const from = start + block * SPARSE_BLOCK_ELEMENTS;
      const blockElements = Math.min(SPARSE_BLOCK_ELEMENTS, end - from);
      const bytes = blockBytes(blockElements);
      assertRoom(encoded, at + bytes, elements);
      readBlock(encoded, at, from, blockElements, codebook, visit);
      at += bytes;
    }
  }
  if (at !== encoded.byteLength) assertRoom(encoded, at, elements, true);
}

function readBlock(
  encoded: Uint8Array,
  at: number,
  from: number,
  blockElements: number,
  codebook: Float32Array,
  visit: (index: number, value: number) => void,
): void {
  let pending = 0;
  let pendingBits = 0;
  let last = -1;
  let isFilling = false;
  for (let left = entriesOf(blockElements); left > 0; left--) {
    for (; pendingBits < ENTRY_BITS; pendingBits += 8) pending |= encoded[at++] << pendingBits;
    const entry = pending & ((1 << ENTRY_BITS) - 1);
    pending >>>= ENTRY_BITS;
    pendingBits -= ENTRY_BITS;
    if (entry === 0 && last >= 0) {
      isFilling = true;
      continue;
    }
    const index = entry & (SPARSE_BLOCK_ELEMENTS - 1);
    if (isFilling || index <= last || index >= blockElements) {
      throw malformed(`index ${index} after ${last} in a block of ${blockElements}`);
    }
    last = index;
    visit(from + index, codebook[entry >> INDEX_BITS]);
  }
  if (pending !== 0) throw malformed("bits after the last entry of a block");
}

function assertRoom(encoded: Uint8Array, needed: number, elements: number, isEnd = false): void {
  if (needed <= encoded.byteLength && !isEnd) return;
  throw new CodecError(
    "codec/size",
    `decode sparse: ${encoded.byteLength} bytes for ${elements} elements, ${needed}${
      isEnd ? "" : " or more"
    } required`,
    { found: encoded.byteLength, required: needed },
  );
}

function malformed(what: string): CodecError {
  return new CodecError("codec/malformed", `decode sparse: ${what}, indices in order and in range required`);
}

function notFinite(action: string, element: number): CodecError {
  return new CodecError(
    "codec/non-finite",
    `${action} sparse: a value from element ${element} on is not finite, finite numbers required`,
    { element },
  );
}
