import { SkeinError } from "../base/errors.ts";

/**
 * - `train/adapter-too-weak`: what the adapter would compute wrongly without saying so. Payload: rows, queries, required.
 * - `train/engine-destroyed`: work asked of an engine after it was destroyed. Payload: none.
 */
export type TrainErrorCode = "train/adapter-too-weak" | "train/engine-destroyed";

export function trainError(
  code: TrainErrorCode,
  message: string,
  payload: Record<string, unknown> = {},
): SkeinError<TrainErrorCode> {
  return new SkeinError(code, message, payload);
}
