/** What frames run on: a libp2p stream (stream_bytes.ts) or a bulk channel (tls_pipe.ts). */
import type { ByteSource } from "./frame.ts";
import { netError } from "./errors.ts";

export interface BytePipe extends ByteSource {
  /** Can another frame be begun? */
  readonly isOpen: boolean;
  /**
   * Resolves when all bytes are on their way; `bytes` may then be reused. One call at a time.
   * @throws {SkeinError} `net/link-lost`
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Called whenever some bytes of a write have been taken. @returns unsubscribe */
  onTaken(handler: () => void): () => void;
  /** Nothing more will be written; what was goes out. */
  close(): Promise<void>;
  abort(reason: Error): void;
}

export function lost(cause: unknown) {
  return netError(
    "net/link-lost",
    "use stream: the connection to the peer broke, send again when it is back",
    {},
    cause,
  );
}

export function truncated(filled: number, count: number) {
  return netError("net/frame-truncated", `read stream: it ended after ${filled} of ${count} bytes`);
}
