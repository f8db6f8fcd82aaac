/** Hands a signed extrinsic to the node's pool and follows what the pool says of it, over one link, until it matters. */
import { printable } from "./json_rpc.ts";
import type { Link } from "./link.ts";

export type WatchEnd =
  | { readonly kind: "inBlock"; readonly blockHash: string }
  /** The pool let go of it: dropped, usurped, invalid. It may still be on chain. */
  | { readonly kind: "gone"; readonly status: string }
  | { readonly kind: "lost" };

export interface PoolWatch {
  /** Never rejects. */
  readonly ended: Promise<WatchEnd>;
  stop(): void;
}

const UPDATE = "author_extrinsicUpdate";
const GONE = ["dropped", "usurped", "invalid", "finalityTimeout"];

/**
 * Resolves when the pool has taken the extrinsic.
 * @throws {SkeinError} `chain/disconnected` (it may have been taken), and the node's `RpcError` (it was not)
 */
export async function submitAndWatch(link: Link, hex: string): Promise<PoolWatch> {
  const { promise: ended, resolve } = Promise.withResolvers<WatchEnd>();
  const onUpdate = (error: Error | null, status: string | Record<string, unknown>) => {
    if (error !== null) return resolve({ kind: "gone", status: error.message });
    const [name, value] = typeof status === "string" ? [status, null] : Object.entries(status)[0];
    if (name === "inBlock" || name === "finalized") resolve({ kind: "inBlock", blockHash: String(value) });
    else if (GONE.includes(name)) resolve({ kind: "gone", status: wordsOf(name, value) });
  };
  const id = await link.subscribe(UPDATE, "author_submitAndWatchExtrinsic", [hex], onUpdate);
  link.ended.then(() => resolve({ kind: "lost" }));
  return { ended, stop: () => link.unsubscribe(UPDATE, "author_unwatchExtrinsic", id) };
}

/** Some nodes say why; in words of theirs, but not without end. */
const wordsOf = (name: string, reason: unknown): string =>
  reason === null || typeof reason !== "object" ? name : printable(`${name} ${JSON.stringify(reason)}`);
