/**
 * The listener's half of opening bulk channels: hands out tokens, and lets in who says one first over TLS. A token is good
 * once, for half a minute, and stands for the member that it was given to.
 *
 * Closed in its handshake, a TLS connection of Deno's keeps its socket for as long as the other end says nothing (measured,
 * 2.9). So a stranger that says nothing is not closed: it keeps one of `MAX_STRANGERS` places, and while none is free nobody
 * is accepted. Strangers can thus keep channels from us, never our file descriptors; bulk then goes through libp2p.
 */
import { toHex } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Hotkey, Message } from "../base/transport.ts";
import { CHANNEL_REQUEST, type Family, placeOf, TOKEN_BYTES, WELCOME } from "./channel_offer.ts";
import { withDeadline } from "./deadline.ts";
import { netError } from "./errors.ts";
import { type SelfSigned, selfSigned } from "./self_signed.ts";
import { MAX_STRIPES } from "./stripe_growth.ts";
import { TlsPipe } from "./tls_pipe.ts";

export const TOKEN_LIFETIME_MS = 30_000;
/** Asked for and not used, by one member. */
const MAX_TOKENS = 2 * MAX_STRIPES;
/** From the end of the handshake. */
export const TOKEN_TIMEOUT_MS = 10_000;
/** Dialed in, and not known yet. */
export const MAX_STRANGERS = 256;
/** Whoever says nothing for so long may be gone without a word, and loses its place. */
const SILENT_MS = 86_400_000;
const FULL_PAUSE_MS = 500;
const WILDCARDS: Readonly<Record<Family, string>> = { ip4: "0.0.0.0", ip6: "::" };

export interface ChannelListenerDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** Is the member there, and room for one more channel that it opens? */
  admits(hotkey: Hotkey): boolean;
  use(hotkey: Hotkey, pipe: TlsPipe): void;
}

export class ChannelListener {
  readonly #deps: ChannelListenerDependencies;
  readonly #listeners: Deno.TlsListener[] = [];
  readonly #ports = new Map<Family, number>();
  readonly #tokens = new Map<string, { hotkey: Hotkey; notAfterMs: number }>();
  /** Since when, the oldest first. */
  readonly #strangers = new Map<TlsPipe, number>();
  #identity: SelfSigned | undefined;
  #isStopped = false;

  constructor(dependencies: ChannelListenerDependencies) {
    this.#deps = dependencies;
  }

  /**
   * Listens where `addrs` (multiaddrs) listen by TCP, on a port of its own. Each family has one port, on all of its hosts.
   * @throws {SkeinError} `net/listen-failed` after all have been tried; those that listen do
   */
  listen(addrs: readonly string[], port = 0): void {
    const places = addrs.flatMap((addr) => placeOf(addr) ?? []);
    const failures: unknown[] = [];
    for (const family of ["ip6", "ip4"] as const) {
      const hosts = new Set(places.filter((each) => each.family === family).map(({ hostname }) => hostname));
      const isWild = hosts.has(WILDCARDS[family]);
      for (const hostname of isWild ? [WILDCARDS[family]] : hosts) {
        try {
          this.#listenOn(hostname, family, port);
        } catch (failure) {
          failures.push(failure);
        }
      }
      // `::` takes IPv4 too, where the system does not say otherwise.
      const shared = this.#ports.get("ip6");
      if (family === "ip6" && isWild && shared !== undefined) this.#ports.set("ip4", shared);
    }
    if (failures.length > 0) throw failures[0];
  }

  stop(): void {
    this.#isStopped = true;
    for (const listener of this.#listeners.splice(0)) listener.close();
    this.#ports.clear();
    this.#tokens.clear();
    for (const pipe of this.#strangers.keys()) pipe.abort();
  }

  /** @throws {SkeinError} `net/no-handler` when we do not listen, `net/too-many-connections` */
  offer(hotkey: Hotkey): Message {
    if (this.#identity === undefined || this.#ports.size === 0) {
      throw netError(
        "net/no-handler",
        "open a bulk channel: this node does not listen, leave the dialing to it",
      );
    }
    if (!this.#deps.admits(hotkey)) {
      throw netError(
        "net/too-many-connections",
        "open a bulk channel: there is no room, use those that are open",
      );
    }
    const { certificate } = this.#identity;
    const token = this.#issue(hotkey);
    return { type: CHANNEL_REQUEST, header: { ...Object.fromEntries(this.#ports), certificate, token } };
  }

  #issue(hotkey: Hotkey): string {
    const nowMs = this.#deps.clock.monotonicMs();
    const own: string[] = [];
    for (const [token, issued] of this.#tokens) {
      if (issued.notAfterMs < nowMs) this.#tokens.delete(token);
      else if (issued.hotkey === hotkey) own.push(token);
    }
    if (own.length >= MAX_TOKENS) this.#tokens.delete(own[0]);
    const token = toHex(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)));
    this.#tokens.set(token, { hotkey, notAfterMs: nowMs + TOKEN_LIFETIME_MS });
    return token;
  }

  /** Whose it is, once. */
  #spend(token: string): Hotkey | undefined {
    const issued = this.#tokens.get(token);
    this.#tokens.delete(token);
    const isGood = issued !== undefined && issued.notAfterMs >= this.#deps.clock.monotonicMs();
    return isGood ? issued.hotkey : undefined;
  }

  #listenOn(hostname: string, family: Family, port: number): void {
    this.#identity ??= selfSigned();
    const { certificate: cert, key } = this.#identity;
    const known = this.#ports.get(family);
    try {
      const listener = Deno.listenTls({ hostname, port: known ?? port, cert, key });
      this.#listeners.push(listener);
      this.#ports.set(family, listener.addr.port);
      void this.#accept(listener);
    } catch (cause) {
      // Ours, on `::`, takes what would come here.
      if (family === "ip4" && known === this.#ports.get("ip6") && cause instanceof Deno.errors.AddrInUse) {
        return;
      }
      throw netError(
        "net/listen-failed",
        `listen on ${hostname} port ${port} for bulk: refused, choose another port`,
        { port },
        cause,
      );
    }
  }

  async #accept(listener: Deno.TlsListener): Promise<void> {
    const { clock } = this.#deps;
    while (!this.#isStopped) {
      if (this.#isFull()) {
        await clock.sleep(FULL_PAUSE_MS);
        continue;
      }
      try {
        void this.#meet(await listener.accept());
      } catch (error) {
        if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) return;
        // One that came and went, or no file descriptor left: the others may still come.
        await clock.sleep(FULL_PAUSE_MS);
      }
    }
  }

  #isFull(): boolean {
    if (this.#strangers.size < MAX_STRANGERS) return false;
    const [oldest, sinceMs] = this.#strangers.entries().next().value!;
    if (this.#deps.clock.monotonicMs() - sinceMs < SILENT_MS) return true;
    this.#strangers.delete(oldest);
    oldest.abort();
    return false;
  }

  async #meet(connection: Deno.TlsConn): Promise<void> {
    const { clock, log, admits, use } = this.#deps;
    const pipe = new TlsPipe(connection);
    this.#strangers.set(pipe, clock.monotonicMs());
    try {
      await connection.handshake();
      const deadline = { what: "accept a bulk channel", timeoutMs: TOKEN_TIMEOUT_MS };
      const hotkey = await withDeadline(clock, deadline, async () => {
        const token = await pipe.read(TOKEN_BYTES);
        const owner = token === null ? undefined : this.#spend(toHex(token));
        if (owner === undefined || !admits(owner)) return undefined;
        await pipe.write(Uint8Array.of(WELCOME));
        return owner;
      });
      // Others may have come in meanwhile.
      if (hotkey === undefined || this.#isStopped || !admits(hotkey)) pipe.abort();
      else use(hotkey, pipe);
    } catch (error) {
      pipe.abort();
      log.debug(`accept a bulk channel: ${describeError(error)}`);
    } finally {
      this.#strangers.delete(pipe);
    }
  }
}
