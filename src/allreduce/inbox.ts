/**
 * What faster peers say about a step that has not begun here: their last ready, proposal and certificate, replayed into the
 * next run. One of each a peer, so a stranger cannot fill it.
 */
import type { Hotkey } from "../base/transport.ts";
import type { Certificate } from "./certificate.ts";
import type { Header } from "./messages.ts";

export type EarlyMessage =
  | { readonly type: "ready"; readonly from: Hotkey; readonly header: Header<"ready"> }
  | { readonly type: "propose"; readonly from: Hotkey; readonly header: Header<"propose"> }
  | { readonly type: "outline"; readonly from: Hotkey; readonly header: Header<"outline"> }
  | { readonly type: "certificate"; readonly from: Hotkey; readonly certificate: Certificate };

/** More peers than this at once is not a swarm that talks to us in good faith. */
const MAX_PEERS = 4096;

export class Inbox {
  #byPeer = new Map<Hotkey, Map<string, EarlyMessage>>();

  keep(message: EarlyMessage): void {
    if (!this.#byPeer.has(message.from) && this.#byPeer.size >= MAX_PEERS) return;
    const kinds = this.#byPeer.get(message.from) ?? new Map<string, EarlyMessage>();
    kinds.set(message.type, message);
    this.#byPeer.set(message.from, kinds);
  }

  /** Takes out what the run of `outerStep` can use; forgets what is older. Readies first: proposals refer to them. */
  take(outerStep: number): EarlyMessage[] {
    const taken: EarlyMessage[] = [];
    for (const kinds of this.#byPeer.values()) {
      for (const [type, message] of kinds) {
        const step = stepOf(message);
        const isUsable = step === outerStep || (type === "certificate" && step > outerStep);
        if (isUsable) taken.push(message);
        if (isUsable || step < outerStep) kinds.delete(type);
      }
    }
    const rank = { ready: 0, propose: 1, outline: 1, certificate: 2 };
    return taken.sort((a, b) => rank[a.type] - rank[b.type]);
  }
}

function stepOf(message: EarlyMessage): number {
  if (message.type === "certificate") return message.certificate.outerStep;
  return message.type === "propose" ? message.header.proposal.outerStep : message.header.outerStep;
}
