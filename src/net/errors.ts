/** Operating errors of the network. The same codes travel in refusals and in error answers, and are counted as offences. */
import { SkeinError } from "../base/errors.ts";

export type NetErrorCode =
  | "net/frame-oversized"
  | "net/frame-malformed"
  | "net/frame-truncated"
  | "net/header-unencodable"
  | "net/unauthenticated"
  | "net/unregistered-hotkey"
  | "net/bad-binding"
  | "net/other-run"
  | "net/other-version"
  | "net/cut-off"
  | "net/hello-failed"
  | "net/not-connected"
  | "net/link-lost"
  | "net/queue-full"
  | "net/too-many-connections"
  | "net/no-hello"
  | "net/registry-unavailable"
  | "net/bad-address"
  | "net/limited-relay"
  | "net/bootstrap-unreachable"
  | "net/dial-failed"
  | "net/listen-failed"
  | "net/timeout"
  | "net/no-handler"
  | "net/handler-failed"
  | "net/record-refused"
  | "net/webrtc-unavailable";

export function netError(
  code: NetErrorCode,
  message: string,
  payload: Record<string, unknown> = {},
  cause?: unknown,
): SkeinError<NetErrorCode> {
  return new SkeinError(code, message, payload, cause);
}
