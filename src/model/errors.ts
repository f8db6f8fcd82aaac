import { SkeinError } from "../base/errors.ts";

/**
 * - `model/bad-config`: a shape that cannot be built. Payload: field, value.
 * - `model/unsupported-config`: a checkpoint's config.json asks for what is not computed. Payload: field, value, supported.
 * - `model/unfit-checkpoint`: a checkpoint's tensors are not those of its config. Payload: tensor.
 * - `model/bad-parameters`: a parameter vector of the wrong size. Payload: elements, required.
 * - `model/bad-tokens`: a batch of the wrong size or with a token outside the vocabulary. Payload: found, required.
 */
export type ModelErrorCode =
  | "model/bad-config"
  | "model/unsupported-config"
  | "model/unfit-checkpoint"
  | "model/bad-parameters"
  | "model/bad-tokens";

export function modelError(
  code: ModelErrorCode,
  message: string,
  payload: Record<string, unknown> = {},
): SkeinError<ModelErrorCode> {
  return new SkeinError(code, message, payload);
}
