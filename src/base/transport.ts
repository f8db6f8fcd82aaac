/**
 * What the rooms above the network see of it: authenticated members, addressed by hotkey, that exchange messages
 * and answer requests. `src/net` implements it over libp2p; the simulator and unit tests implement it in memory.
 * A peer is only ever visible here after its libp2p key has been bound to a registered hotkey.
 */

/** ss58 address of a registered hotkey: the name of a member in every message, plan and record. */
export type Hotkey = string;

/** A typed message. `header` is CBOR-encodable and small (64 KiB encoded at most); bulk data travels in `body`, which may be made when it is read: once, when its turn to be sent has come. */
export interface Message {
  readonly type: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly body?: Uint8Array;
  /** May overtake others, so that it need not wait behind them. */
  readonly isUnordered?: boolean;
  /** Goes before those that wait for the same peer and are not urgent. Only with `isUnordered`; of one type all or none. */
  readonly isUrgent?: boolean;
}

export type PlaceBody = (
  from: Hotkey,
  header: Message["header"],
  bodyBytes: number,
) => Uint8Array | undefined;

export interface Transport {
  readonly self: Hotkey;
  /** Members connected and authenticated right now, self excluded. */
  connected(): Hotkey[];
  /**
   * Sends in order per receiver. Resolves when the link has taken the bytes (back-pressure), rejects with a
   * `SkeinError` when the peer is gone or `signal` aborts. Delivery is not acknowledged.
   */
  send(to: Hotkey, message: Message, signal?: AbortSignal): Promise<void>;
  /**
   * Handles every message whose type is `type`. A handler's promise is awaited before the next message of that peer
   * is read: this is the receiver's back-pressure. A sender whose frame has not moved for a minute hangs up, so a
   * handler takes less. Throwing `SkeinError` counts against the sender.
   * @param place where the body of a message with this header, unchecked, may be put: of `bodyBytes`, or undefined. The
   * handler then gets that, unless the stream breaks. Not every transport asks.
   * @returns unsubscribe
   */
  onMessage(
    type: string,
    handler: (from: Hotkey, message: Message) => void | Promise<void>,
    place?: PlaceBody,
  ): () => void;
  /** @returns unsubscribe */
  onPeer(handler: (peer: Hotkey, isUp: boolean) => void): () => void;
  /** Request and response. `maxBodyBytes` bounds the answer's body. Rejects with the remote's typed error. */
  request(
    to: Hotkey,
    message: Message,
    options: { maxBodyBytes: number; timeoutMs: number; signal?: AbortSignal },
  ): Promise<Message>;
  /** @returns unsubscribe */
  onRequest(type: string, handler: (from: Hotkey, message: Message) => Promise<Message>): () => void;
  /** Does bulk to the peer go over several connections, because each carries little: a path that loses packets? */
  isLossy?(peer: Hotkey): boolean;
  /** Bytes since the start, all peers, all traffic above encryption. */
  traffic(): { sentBytes: number; receivedBytes: number };
  /** Counts one offence (corrupt chunk, oversized frame, bad signature …) against a peer; too many cut it off. */
  penalise(peer: Hotkey, code: string): void;
  /** Offences so far: peer → code → count. */
  offences(): Readonly<Record<Hotkey, Readonly<Record<string, number>>>>;
}

/** Signs and verifies as a hotkey (sr25519). Synchronous, so that state machines can use it. */
export interface Signer {
  readonly hotkey: Hotkey;
  sign(message: Uint8Array): Uint8Array;
}
export type VerifySignature = (hotkey: Hotkey, message: Uint8Array, signature: Uint8Array) => boolean;
