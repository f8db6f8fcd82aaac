import type { Codec } from "./codec.ts";
import { CodecError } from "./errors.ts";
import { f16Codec } from "./f16.ts";
import { f32Codec } from "./f32.ts";
import { i4Blockwise } from "./i4_blockwise.ts";
import { sparseTopK } from "./sparse.ts";
import { u8Blockwise } from "./u8_blockwise.ts";

const CODECS: readonly Codec[] = [f32Codec, f16Codec, u8Blockwise, i4Blockwise, sparseTopK];

/** Names that may stand in a plan or a flag. */
export const codecNames: readonly string[] = CODECS.map((codec) => codec.name);

/** @throws {CodecError} `codec/unknown` */
export function codecByName(name: string): Codec {
  const codec = CODECS.find((candidate) => candidate.name === name);
  if (codec === undefined) {
    throw new CodecError(
      "codec/unknown",
      `find codec: "${String(name).slice(0, 40)}", one of ${codecNames.join(", ")} required`,
      { known: codecNames },
    );
  }
  return codec;
}
