/**
 * Import before libp2p. Its peer store locks through `mortice`, which opens a BroadcastChannel and never closes it;
 * Deno's channel cannot be unreferenced, so a stopped host would keep the process alive for ever. No libp2p code of
 * ours runs in a worker, so nothing has to be broadcast: a channel without listeners elsewhere is enough.
 */
class SilentBroadcastChannel extends EventTarget {
  onmessage: unknown = null;
  onmessageerror: unknown = null;

  constructor(readonly name: string) {
    super();
  }

  postMessage(_message: unknown): void {}
  close(): void {}
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

Object.defineProperty(globalThis, "BroadcastChannel", {
  value: SilentBroadcastChannel,
  configurable: true,
  writable: true,
});
