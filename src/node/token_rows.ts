/** Token lists that a user gives: JSON, a list of equally long lists of token numbers, [batch][time]. */
import { readFile, stat } from "node:fs/promises";
import { SkeinError } from "../base/errors.ts";
import type { ModelConfig } from "../model/mod.ts";

export interface TokenRows {
  readonly batchSize: number;
  /** Tokens a row. */
  readonly length: number;
  /** [batchSize, length] */
  readonly tokens: Uint32Array<ArrayBuffer>;
}

const MAXIMUM_BYTES = 1 << 28;

/** @throws {SkeinError} `node/bad-tokens` */
export async function readTokenRows(path: string): Promise<TokenRows> {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > MAXIMUM_BYTES) {
      throw refuse(path, `${size} bytes`, `at most ${MAXIMUM_BYTES} are`);
    }
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof SkeinError) throw cause;
    throw refuse(path, "the file cannot be read", "a file of JSON is", cause);
  }
  return decodeTokenRows(text, path);
}

/** @throws {SkeinError} `node/bad-tokens` */
export function decodeTokenRows(text: string, path: string): TokenRows {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw refuse(path, "no JSON", "a list of lists of token numbers is", cause);
  }
  const rows = asRows(json, path);
  const { length } = rows[0];
  const uneven = rows.findIndex((row) => row.length !== length);
  if (uneven >= 0) {
    const found = `row ${uneven} has ${rows[uneven].length} tokens and row 0 has ${length}`;
    throw refuse(path, found, "rows of equal length are");
  }
  const tokens = new Uint32Array(rows.length * length);
  rows.forEach((row, i) => tokens.set(row, i * length));
  return { batchSize: rows.length, length, tokens };
}

/**
 * Whether the model of `config` takes the rows: every token is of its vocabulary, so that none is mistaken for the mark of a
 * target that does not count.
 * @param least tokens a row
 * @throws {SkeinError} `node/bad-tokens`
 */
export function checkTokenRows(
  { length, tokens }: TokenRows,
  { contextLength, vocabSize }: ModelConfig,
  least: number,
  path: string,
): void {
  if (length < least || length > contextLength) {
    throw refuse(path, `rows of ${length}`, `${least} to ${contextLength} tokens by the model's context are`);
  }
  const at = tokens.findIndex((token) => token >= vocabSize);
  if (at < 0) return;
  const found = `token ${at % length} of row ${Math.floor(at / length)} is ${tokens[at]}`;
  throw refuse(path, found, `a token below ${vocabSize}, the size of the checkpoint's vocabulary, is`);
}

function asRows(json: unknown, path: string): number[][] {
  const list = (value: unknown, what: string) => {
    if (Array.isArray(value) && value.length > 0) return value as unknown[];
    throw refuse(path, `${what} is no list or an empty one`, "a list of lists of token numbers is");
  };
  return list(json, "the whole").map((row, i) => {
    const tokens = list(row, `row ${i}`);
    const at = tokens.findIndex((token) => !isToken(token));
    if (at < 0) return tokens as number[];
    throw refuse(path, `token ${at} of row ${i} is no token number`, "a whole number below 2³² is");
  });
}

const isToken = (value: unknown) =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 32;

function refuse(path: string, found: string, required: string, cause?: unknown): SkeinError {
  return new SkeinError("node/bad-tokens", `read tokens ${path}: ${found}, ${required} required`, {}, cause);
}
