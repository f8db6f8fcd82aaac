/** Text to token ids and back. Deterministic: the name alone must tell every node how text becomes ids. */
export interface Tokenizer {
  /** Part of the corpus digest, thus of the run's identity. */
  readonly name: string;
  /** Ids lie in [0, vocabularySize). */
  readonly vocabularySize: number;
  encode(text: Uint8Array): Uint8Array | Uint32Array;
  decode(ids: ArrayLike<number>): string;
}

/** One id a UTF-8 byte. No merges to learn or to ship; text of any language is in range. */
export const byteTokenizer: Tokenizer = {
  name: "bytes",
  vocabularySize: 256,
  encode: (text) => text,
  decode: (ids) => new TextDecoder().decode(Uint8Array.from(ids)),
};
