/** What an RPC method is: a name, and a function of parameters and of the connection that asks. */
import type { Chain } from "../blocks/chain.ts";
import type { BlockMaker } from "../blocks/maker.ts";
import type { TransactionPool } from "../pool/pool.ts";
import type { Params } from "./params.ts";

/**
 * Gets the function that sends a notification and the one that says it was the last; returns the one that stops it.
 * Nothing ends before it has started.
 */
export type StartSubscription = (notify: (result: unknown) => void, end: () => void) => () => void;

/** What a method may know of the connection that calls it: it can leave something running there. */
export interface Subscriber {
  /** @returns the subscription's id @throws {RpcError} when the connection has too many */
  subscribe(method: string, start: StartSubscription): string;
  /** @returns whether there was one of that id */
  unsubscribe(id: unknown): boolean;
}

export interface NodeParts {
  readonly chain: Chain;
  readonly pool: TransactionPool;
  readonly maker: BlockMaker;
  /** Undefined for a version that is not published. */
  metadata(version: number): Uint8Array | undefined;
}

export type Method = (params: Params, parts: NodeParts, subscriber: Subscriber) => unknown;
export type Methods = Readonly<Record<string, Method>>;

export const unsubscribe: Method = (params, _parts, subscriber) => subscriber.unsubscribe(params.value(0));
