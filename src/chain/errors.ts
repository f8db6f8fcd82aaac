/** Operating errors of the chain: keys, announcements, the connection, calls that a runtime refuses. */
import { SkeinError } from "../base/errors.ts";

export type ChainErrorCode =
  /** No key file at the path. */
  | "chain/key-missing"
  /** A key file that cannot be read as one, or whose parts contradict each other. */
  | "chain/key-damaged"
  /** A key file that needs a password, and none is at hand. */
  | "chain/key-encrypted"
  | "chain/key-password-wrong"
  /** A key of another kind than sr25519. */
  | "chain/key-unsupported"
  /** The memory that a password's key takes could not be had. */
  | "chain/key-memory"
  /** A mnemonic, a seed or an exported file that no key comes from. */
  | "chain/bad-secret"
  | "chain/bad-wallet-name"
  /** A password that anybody could guess. */
  | "chain/weak-password"
  /** A key file is there already: keys are never overwritten. */
  | "chain/key-exists"
  | "chain/bad-address"
  | "chain/bad-announcement"
  | "chain/announcement-too-long"
  /** A value that a hyperparameter's call does not take. */
  | "chain/bad-hyperparameter"
  /** Scores that are no weights: negative, not finite, none above zero. */
  | "chain/bad-weights"
  /** A timelocked message, its key or its signature that is damaged, too long or another's. */
  | "chain/bad-timelock"
  | "chain/subnet-missing"
  | "chain/not-registered"
  /** Weights of a neuron without a validator permit. */
  | "chain/no-permit"
  /** A rate limit of the subnet. Payload: `block` from which on it is allowed. */
  | "chain/too-soon"
  /** The price is above what the caller would pay. Payload: `cost`, `limit`, in rao, decimal. */
  | "chain/too-expensive"
  /** The first connection did not come about. */
  | "chain/unreachable"
  | "chain/disconnected"
  /** The endpoint serves another chain than before. */
  | "chain/other-chain"
  | "chain/timeout"
  /** The node answered a request with an error. Payload: `rpcCode`. */
  | "chain/request-failed"
  /** The runtime's metadata lacks a call, a storage entry or a variant that is needed. Payload: `missing`. */
  | "chain/unsupported-runtime"
  /** The account cannot pay for a call: nothing was sent. Payload: `freeRao`, `requiredRao` and its parts. */
  | "chain/balance-too-low"
  /** The transaction pool did not take a call. Payload: `rpcCode`. */
  | "chain/call-refused"
  /** A call was included and failed. Payload: `error` (Pallet.Name), `block`. */
  | "chain/call-failed";

export function chainError(
  code: ChainErrorCode,
  message: string,
  payload: Record<string, unknown> = {},
  cause?: unknown,
): SkeinError<ChainErrorCode> {
  return new SkeinError(code, message, payload, cause);
}

/** For what a node answers nothing about; see `isUnknownBlock`. */
export function unknownBlock(hash: string): SkeinError<ChainErrorCode> {
  return chainError(
    "chain/request-failed",
    `read block ${hash}: UnknownBlock at this node, a block of its chain is required, try again`,
    { hash },
  );
}
