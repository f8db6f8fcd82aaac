import { SkeinError } from "../base/errors.ts";

export type CodecErrorCode = "codec/size" | "codec/non-finite" | "codec/unknown" | "codec/weights";

export class CodecError extends SkeinError<CodecErrorCode> {}
