/**
 * Bulk between two members on native TLS beside libp2p: a libp2p stream, its encryption and multiplexing in JavaScript, takes
 * three to four times the processor time for each byte. Discovery, authentication and everything small stay with libp2p,
 * and so does bulk wherever a channel cannot be opened: client mode, relays, WebRTC, a firewall.
 *
 * Who is there follows from the libp2p connection, over which both are authenticated: the member that is asked answers with
 * its self-signed certificate and a token. The dialer trusts that one certificate; the token, sent first over TLS and good once
 * and for half a minute, tells the listener who dialed. A member that never listens has channels that it opened itself.
 *
 * Of two members the one with the smaller hotkey dials; the other only if no channel has come after a while.
 */
import { fromHex, toHex } from "../base/bytes.ts";
import { describeError, isSkeinError } from "../base/errors.ts";
import type { Hotkey, Message } from "../base/transport.ts";
import { z } from "zod";
import { BulkChannel, type ChannelDependencies } from "./bulk_channel.ts";
import { withDeadline } from "./deadline.ts";
import { netError } from "./errors.ts";
import type { PeerLink } from "./peer_link.ts";
import { CERTIFICATE_NAME, type SelfSigned, selfSigned } from "./self_signed.ts";
import { MAX_STRIPES } from "./stripe_growth.ts";
import { TlsPipe } from "./tls_pipe.ts";

/** Of the request: "how do I open a channel to you?" */
export const CHANNEL_REQUEST = "bulk-channel";
const TOKEN_BYTES = 32;
const TOKEN_LIFETIME_MS = 30_000;
/** Asked for and not used, by one member. */
const MAX_TOKENS = 2 * MAX_STRIPES;
const OPEN_TIMEOUT_MS = 10_000;
/** Dialed in, token not yet read. */
const MAX_STRANGERS = 128;
/** How long the member with the larger hotkey leaves it to the other. */
const PATIENCE_MS = 2000;
const FIRST_PAUSE_MS = 60_000;
const MAX_PAUSE_MS = 3_600_000;

const OFFER = z.object({
  /** By the family of the address under which the member is reached. */
  ip4: z.number().int().min(1).max(65535).optional(),
  ip6: z.number().int().min(1).max(65535).optional(),
  certificate: z.string().max(4096),
  token: z.string().regex(/^[0-9a-f]{64}$/),
});
type Offer = z.infer<typeof OFFER>;
type Family = "ip4" | "ip6";

export interface BulkChannelsDependencies extends ChannelDependencies {
  readonly self: Hotkey;
  link(hotkey: Hotkey): PeerLink | undefined;
  /** Is there room for one more that the peer opens? */
  admits(link: PeerLink): boolean;
  request(to: Hotkey, message: Message, timeoutMs: number): Promise<Message>;
  /** Takes the channel into use; resolves when it has ended. */
  serve(link: PeerLink, channel: BulkChannel): Promise<void>;
}

export class BulkChannels {
  readonly #deps: BulkChannelsDependencies;
  readonly #listeners = new Map<Family, Deno.TlsListener>();
  readonly #tokens = new Map<string, { hotkey: Hotkey; notAfterMs: number }>();
  readonly #tries = new WeakMap<PeerLink, { nextMs: number; pauseMs: number; isUnderWay: boolean }>();
  #identity: SelfSigned | undefined;
  #strangerCount = 0;

  constructor(deps: BulkChannelsDependencies) {
    this.#deps = deps;
  }

  /**
   * Listens where `addrs` (multiaddrs) listen by TCP, on a port of its own.
   * @throws {SkeinError} `net/listen-failed`
   */
  listen(addrs: readonly string[], port = 0): void {
    for (const addr of addrs) {
      const place = placeOf(addr);
      if (place === undefined || this.#listeners.has(place.family)) continue;
      this.#identity ??= selfSigned();
      const { certificate: cert, key } = this.#identity;
      try {
        const listener = Deno.listenTls({ hostname: place.hostname, port, cert, key });
        this.#listeners.set(place.family, listener);
        void this.#accept(listener);
      } catch (cause) {
        throw netError(
          "net/listen-failed",
          `listen on ${place.hostname} port ${port} for bulk: refused, choose another port`,
          { port },
          cause,
        );
      }
    }
  }

  stop(): void {
    for (const listener of this.#listeners.values()) listener.close();
    this.#listeners.clear();
  }

  /** The answer to a member's request. @throws {SkeinError} `net/no-handler` when we do not listen */
  offer(hotkey: Hotkey): Message {
    if (this.#identity === undefined) {
      throw netError(
        "net/no-handler",
        "open a bulk channel: this node does not listen, leave the dialing to it",
      );
    }
    const nowMs = this.#deps.clock.monotonicMs();
    const own: string[] = [];
    for (const [token, issued] of this.#tokens) {
      if (issued.notAfterMs < nowMs) this.#tokens.delete(token);
      else if (issued.hotkey === hotkey) own.push(token);
    }
    if (own.length >= MAX_TOKENS) this.#tokens.delete(own[0]);
    const token = toHex(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)));
    this.#tokens.set(token, { hotkey, notAfterMs: nowMs + TOKEN_LIFETIME_MS });
    const ports = [...this.#listeners].map(([family, listener]) => [family, listener.addr.port]);
    const { certificate } = this.#identity;
    return { type: CHANNEL_REQUEST, header: { ...Object.fromEntries(ports), certificate, token } };
  }

  /** Bulk waits for the peer and there is no channel: opens one, now, later, or never when it cannot be. */
  want(link: PeerLink): void {
    const nowMs = this.#deps.clock.monotonicMs();
    let state = this.#tries.get(link);
    if (state === undefined) {
      const nextMs = this.#deps.self < link.hotkey ? nowMs : nowMs + PATIENCE_MS;
      this.#tries.set(link, state = { nextMs, pauseMs: FIRST_PAUSE_MS, isUnderWay: false });
    }
    if (state.isUnderWay || nowMs < state.nextMs) return;
    state.isUnderWay = true;
    void this.#open(link).then((isOpen) => {
      state.isUnderWay = false;
      state.nextMs = this.#deps.clock.monotonicMs() + (isOpen ? 0 : state.pauseMs);
      state.pauseMs = isOpen ? FIRST_PAUSE_MS : Math.min(2 * state.pauseMs, MAX_PAUSE_MS);
    });
  }

  /** Opens `count` more; what fails is told and not there. */
  async dial(link: PeerLink, count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.#open(link)));
  }

  /** @returns whether it is open */
  async #open(link: PeerLink): Promise<boolean> {
    const { clock, log, request } = this.#deps;
    const place = link.directAddr === undefined ? undefined : placeOf(link.directAddr);
    if (place === undefined) return false;
    try {
      const answer = await request(link.hotkey, { type: CHANNEL_REQUEST, header: {} }, OPEN_TIMEOUT_MS);
      const offer = offerOf(answer);
      const port = offer[place.family];
      if (port === undefined) return false;
      const deadline = { what: `open a bulk channel to ${link.hotkey}`, timeoutMs: OPEN_TIMEOUT_MS };
      const connection = await withDeadline(
        clock,
        deadline,
        (signal) => connect({ hostname: place.hostname, port }, offer, signal),
      );
      this.#use(link, new BulkChannel(link.hotkey, "outbound", new TlsPipe(connection), this.#deps));
      return true;
    } catch (error) {
      log.debug(`open a bulk channel to ${link.hotkey}: ${describeError(error)}`);
      return false;
    }
  }

  #use(link: PeerLink, channel: BulkChannel): void {
    if (!link.isUp) return channel.abort(new Error("the peer went down"));
    void this.#deps.serve(link, channel);
  }

  async #accept(listener: Deno.TlsListener): Promise<void> {
    for (;;) {
      let connection: Deno.TlsConn;
      try {
        connection = await listener.accept();
      } catch (error) {
        if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) return;
        // One that came and went, or no file descriptor left: the others may still come.
        await this.#deps.clock.sleep(100);
        continue;
      }
      if (this.#strangerCount >= MAX_STRANGERS) connection.close();
      else void this.#admit(connection);
    }
  }

  async #admit(connection: Deno.TlsConn): Promise<void> {
    const pipe = new TlsPipe(connection);
    this.#strangerCount++;
    try {
      const deadline = { what: "accept a bulk channel", timeoutMs: OPEN_TIMEOUT_MS };
      const token = await withDeadline(this.#deps.clock, deadline, () => pipe.read(TOKEN_BYTES));
      const issued = token === null ? undefined : this.#takeToken(toHex(token));
      const link = issued === undefined ? undefined : this.#deps.link(issued.hotkey);
      if (link === undefined || !this.#deps.admits(link)) return pipe.abort();
      this.#use(link, new BulkChannel(link.hotkey, "inbound", pipe, this.#deps));
    } catch (error) {
      pipe.abort();
      this.#deps.log.debug(`accept a bulk channel: ${describeError(error)}`);
    } finally {
      this.#strangerCount--;
    }
  }

  #takeToken(token: string): { hotkey: Hotkey } | undefined {
    const issued = this.#tokens.get(token);
    this.#tokens.delete(token);
    return issued !== undefined && issued.notAfterMs >= this.#deps.clock.monotonicMs() ? issued : undefined;
  }
}

/** @throws {SkeinError} `net/frame-malformed` */
function offerOf({ header }: Message): Offer {
  const parsed = OFFER.safeParse(header);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw netError(
    "net/frame-malformed",
    `read channel offer: field "${issue?.path.join(".")}": ${issue?.message}`,
  );
}

async function connect(
  place: { hostname: string; port: number },
  { certificate, token }: Offer,
  signal: AbortSignal,
): Promise<Deno.TlsConn> {
  const plain = await Deno.connect({ ...place, signal });
  let connection: Deno.Conn = plain;
  const onAbort = () => connection.close();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    plain.setNoDelay();
    const secured = await Deno.startTls(plain, { hostname: CERTIFICATE_NAME, caCerts: [certificate] });
    connection = secured;
    const bytes = fromHex(token);
    for (let at = 0; at < bytes.length;) at += await secured.write(bytes.subarray(at));
    return secured;
  } catch (cause) {
    if (!signal.aborted) connection.close();
    throw isSkeinError(cause) ? cause : netError(
      "net/dial-failed",
      `open a bulk channel to ${place.hostname} port ${place.port}: refused, open that port to have faster transfers`,
      place,
      cause,
    );
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Host and family of a multiaddr that is plain TCP, or TCP with something on top. */
function placeOf(addr: string): { hostname: string; family: Family } | undefined {
  const match = /^\/(ip[46])\/([^/]+)\/tcp\/\d+(?:\/|$)/.exec(addr);
  return match === null ? undefined : { family: match[1] as Family, hostname: match[2] };
}
