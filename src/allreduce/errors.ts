/** What can go wrong between strangers. Hostile input throws these; the transport counts them against the sender. */
import { SkeinError } from "../base/errors.ts";

export type AllReduceCode =
  | "allreduce/bad-message"
  | "allreduce/bad-signature"
  | "allreduce/bad-proposal"
  | "allreduce/bad-begin"
  | "allreduce/bad-certificate"
  | "allreduce/bad-lock"
  | "allreduce/not-a-member"
  | "allreduce/corrupt-chunk"
  | "allreduce/corrupt-result"
  | "allreduce/equivocation"
  | "allreduce/unknown-result"
  | "allreduce/pull-failed"
  | "allreduce/non-finite"
  | "allreduce/root-mismatch"
  | "allreduce/timeout"
  | "allreduce/aborted"
  | "allreduce/busy"
  | "allreduce/lock-not-stored";

export function refuse(
  code: AllReduceCode,
  message: string,
  payload: Record<string, unknown> = {},
  cause?: unknown,
): SkeinError<AllReduceCode> {
  return new SkeinError(code, message, payload, cause);
}
