/** What the submitter knows of a call on its way: the intent, then the signed bytes, then the block. */
import type { Call } from "./calls.ts";
import type { BlockRef } from "./chain_view.ts";
import type { Spending } from "./fees.ts";
import type { Fate, SignedCall } from "./inclusion.ts";
import type { PoolWatch } from "./pool_watch.ts";
import type { KeyringPair } from "./sr25519.ts";

/** One call of our callers, from the first signature to the end. */
export interface Task {
  /** What is being done, for errors. */
  readonly what: string;
  readonly account: KeyringPair;
  readonly build: () => Call;
  readonly spending: Spending;
  /** Its age among all calls. */
  readonly order: number;
  readonly deadlineMs: number;
  attemptCount: number;
  /** What a pool said when it did not take the call for the moment. */
  lastRefusal?: string;
}

export interface Inclusion {
  readonly signed: SignedCall;
  readonly block: BlockRef;
  readonly dispatchError?: unknown;
}

/** What may be in a pool, or is in a block already. */
export interface Sent {
  readonly signed: SignedCall;
  readonly watch?: PoolWatch;
  readonly fate?: Fate;
}
