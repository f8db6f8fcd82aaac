/**
 * Operating errors of the local development chain. What a client did wrong is answered over RPC instead: see
 * pool/refusal.ts.
 */
import { SkeinError } from "../../base/errors.ts";

export type DevnetErrorCode =
  /** Another process listens on the port. */
  | "devnet/port-in-use"
  /** Another process has the store open. */
  | "devnet/store-in-use"
  /** The store is torn, altered or of another format. */
  | "devnet/store-damaged"
  /** The file system refused. */
  | "devnet/store-io";

export function devnetError(
  code: DevnetErrorCode,
  message: string,
  payload: Record<string, unknown> = {},
  cause?: unknown,
): SkeinError<DevnetErrorCode> {
  return new SkeinError(code, message, payload, cause);
}
