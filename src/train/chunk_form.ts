/** How the GPU sees an encoded chunk: which kernel adds it up, where its words lie, and which kernels encode the mean. */
import type { Codec } from "../codec/codec.ts";
import { I4_BLOCK_ELEMENTS } from "../codec/i4_blockwise.ts";
import { BLOCK_ELEMENTS } from "../codec/u8_blockwise.ts";
import type { KernelName } from "../gpu/mod.ts";

export interface ChunkForm {
  readonly sum: KernelName;
  /** Words in front of the codes: the scales. */
  blocks(elements: number): number;
  /** Words that a kernel may read: whole vectors of four elements, and the scales. */
  words(elements: number): number;
  /** Dispatches from sums to result, none when the sums are the result. `perBlock`: an invocation a block, else four elements. */
  readonly encode: readonly { readonly kernel: KernelName; readonly perBlock: boolean }[];
  /** Of the result. */
  resultBlocks(elements: number): number;
  resultWords(elements: number): number;
}

const vectors = (elements: number) => Math.ceil(elements / 4);
const u8Blocks = (elements: number) => Math.ceil(elements / BLOCK_ELEMENTS);
const i4Blocks = (elements: number) => Math.ceil(elements / I4_BLOCK_ELEMENTS);

const U8_RESULT = {
  encode: [{ kernel: "reduce_u8_scale", perBlock: true }, { kernel: "reduce_u8_encode", perBlock: false }],
  resultBlocks: u8Blocks,
  resultWords: (elements: number) => u8Blocks(elements) + vectors(elements),
} as const;

const FORMS: Readonly<Record<string, ChunkForm>> = {
  f32: {
    sum: "reduce_f32_sum",
    blocks: () => 0,
    words: (elements) => 4 * vectors(elements),
    encode: [],
    resultBlocks: () => 0,
    resultWords: (elements) => 4 * vectors(elements),
  },
  f16: {
    sum: "reduce_f16_sum",
    blocks: () => 0,
    words: (elements) => 2 * vectors(elements),
    encode: [{ kernel: "reduce_f16_encode", perBlock: false }],
    resultBlocks: () => 0,
    resultWords: (elements) => 2 * vectors(elements),
  },
  u8: {
    sum: "reduce_u8_sum",
    blocks: u8Blocks,
    words: (elements) => u8Blocks(elements) + vectors(elements),
    ...U8_RESULT,
  },
  i4: {
    sum: "reduce_i4_sum",
    blocks: i4Blocks,
    words: (elements) => i4Blocks(elements) + Math.ceil(elements / 8),
    ...U8_RESULT,
  },
};

/** Undefined for a codec that has no kernels. */
export function chunkForm(codec: Codec): ChunkForm | undefined {
  return Object.hasOwn(FORMS, codec.name) ? FORMS[codec.name] : undefined;
}
