import { SkeinError } from "../base/errors.ts";

export type CodecErrorCode =
  | "codec/size"
  | "codec/non-finite"
  /** A value that the encoding cannot hold. */
  | "codec/range"
  /** Bytes that no encoder makes: an index twice, out of range or out of order. */
  | "codec/malformed"
  | "codec/unknown"
  | "codec/weights";

export class CodecError extends SkeinError<CodecErrorCode> {}
