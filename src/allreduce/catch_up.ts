/**
 * Peers that missed a commit hear of it from whoever holds its certificate: all who are connected when it is made, whoever
 * connects later, and whoever speaks of a step that it settled. What is held is the certificate of our own state, so that
 * nobody is sent to a state that we could not serve; in a large group a few members share this task (grid_relay.ts).
 */
import type { Clock } from "../base/clock.ts";
import { describeError, isSkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Hotkey, Message, Transport } from "../base/transport.ts";
import type { Certificate } from "./certificate.ts";
import { certificateAudience, isCaretaker } from "./grid_relay.ts";
import { certificateMessage } from "./messages.ts";

/** A peer that is behind hears of our certificate at most so often. */
const CATCH_UP_INTERVAL_MS = 1000;

interface CatchUpDeps {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Log;
}

export class CatchUp {
  readonly #deps: CatchUpDeps;
  readonly #caughtUpMs = new Map<Hotkey, number>();
  #committed: Certificate | undefined;

  constructor(deps: CatchUpDeps) {
    this.#deps = deps;
  }

  /** The last certificate of a round that this node finished, or that it resumed from. */
  get committed(): Certificate | undefined {
    return this.#committed;
  }

  /** Keeps it in place of the last, and tells those who can be told. */
  keep(certificate: Certificate): void {
    this.#committed = certificate;
    const message = certificateMessage(certificate);
    const { transport, clock } = this.#deps;
    const audience = certificateAudience(certificate, transport.self, transport.connected(), clock.nowMs());
    for (const peer of audience) {
      this.#caughtUpMs.set(peer, clock.monotonicMs());
      this.#sendQuietly(peer, message);
    }
  }

  onPeer(peer: Hotkey, isUp: boolean): void {
    if (isUp && this.#committed && this.#tells(peer, this.#committed)) {
      this.#sendQuietly(peer, certificateMessage(this.#committed));
    }
    if (!isUp) this.#caughtUpMs.delete(peer);
  }

  /** Have we committed this step? */
  isSettled(outerStep: number): boolean {
    return outerStep <= (this.#committed?.outerStep ?? -1);
  }

  /** Is this peer at a step that we have committed? Then it is told. */
  isBehind(peer: Hotkey, outerStep: number): boolean {
    const committed = this.#committed;
    if (!committed || !this.isSettled(outerStep)) return false;
    const nowMs = this.#deps.clock.monotonicMs();
    const isSoon = nowMs - (this.#caughtUpMs.get(peer) ?? -Infinity) < CATCH_UP_INTERVAL_MS;
    if (!isSoon && this.#tells(peer, committed)) {
      this.#caughtUpMs.set(peer, nowMs);
      this.#sendQuietly(peer, certificateMessage(committed));
    }
    return true;
  }

  #tells(peer: Hotkey, { proposal }: Certificate): boolean {
    return isCaretaker(proposal, this.#deps.transport.self, peer, this.#deps.clock.nowMs());
  }

  #sendQuietly(peer: Hotkey, message: Message): void {
    this.#deps.transport.send(peer, message).catch((error) => {
      if (!isSkeinError(error)) throw error;
      this.#deps.log.debug(`send ${message.type} to ${peer}: ${describeError(error)}`);
    });
  }
}
