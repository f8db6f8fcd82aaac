/**
 * Bulk between two members on native TLS beside libp2p: a libp2p stream, its encryption and multiplexing in JavaScript, takes
 * three to four times the processor time for each byte. Discovery, authentication and everything small stay with libp2p,
 * and so does bulk wherever a channel cannot be opened: client mode, relays, WebRTC, a firewall.
 *
 * Who is there follows from the libp2p connection, over which both are authenticated: the member that is asked answers with
 * its self-signed certificate and a token. The dialer trusts that certificate; the token, sent first over TLS, tells the
 * listener who dialed (channel_listener.ts). A member that hands on what another offered it stands between two others under
 * its own name, as it could by forwarding. A channel lives as long as the link: with the last libp2p connection it ends.
 *
 * Each member sends on channels that it opened itself, because what comes the other way delays receipts (paced_frames.ts);
 * one that cannot open any sends on those that its peer opened.
 */
import { describeError } from "../base/errors.ts";
import type { Hotkey, Message } from "../base/transport.ts";
import { BulkChannel, type ChannelDependencies } from "./bulk_channel.ts";
import { dialChannel } from "./channel_dial.ts";
import { ChannelListener } from "./channel_listener.ts";
import { CHANNEL_REQUEST, offerOf, placeOf } from "./channel_offer.ts";
import { withDeadline } from "./deadline.ts";
import type { PeerLink } from "./peer_link.ts";
import type { TlsPipe } from "./tls_pipe.ts";

const OPEN_TIMEOUT_MS = 10_000;
/** From one try to the next; doubles with each that fails. A channel that does not last so long is not opened again sooner. */
const FIRST_PAUSE_MS = 60_000;
const MAX_PAUSE_MS = 3_600_000;
/** Opening a channel takes three round trips; what goes by libp2p meanwhile delays it and is slower. */
const HOLD_MS = 1000;

/** Towards one peer. */
interface Tries {
  nextMs: number;
  pauseMs: number;
  isUnderWay: boolean;
  opening?: Promise<void>;
  /** As of all. */
  hungCount: number;
  /** It took nothing on a channel for too long: until then it gets none, because the old one's socket may still be held. */
  stalledUntilMs: number;
}

const FIRST_TRY: Pick<Tries, "nextMs" | "pauseMs"> = { nextMs: -Infinity, pauseMs: FIRST_PAUSE_MS };

export interface BulkChannelsDependencies extends ChannelDependencies {
  link(hotkey: Hotkey): PeerLink | undefined;
  /** Is there room for one more that the peer opens? */
  admits(link: PeerLink): boolean;
  request(to: Hotkey, message: Message, timeoutMs: number): Promise<Message>;
  /** Takes the channel into use; resolves when it has ended, and never rejects. */
  serve(link: PeerLink, channel: BulkChannel): Promise<void>;
}

export class BulkChannels {
  readonly #deps: BulkChannelsDependencies;
  readonly #listener: ChannelListener;
  readonly #tries = new WeakMap<PeerLink, Tries>();
  readonly #channels = new Set<BulkChannel>();
  #isStopped = false;
  #hungCount = 0;

  constructor(deps: BulkChannelsDependencies) {
    this.#deps = deps;
    this.#listener = new ChannelListener({
      ...deps,
      admits: (hotkey) => {
        const link = deps.link(hotkey);
        return link !== undefined && !this.#isStalled(link) && deps.admits(link);
      },
      use: (hotkey, pipe) => this.#use(deps.link(hotkey)!, "inbound", pipe),
    });
  }

  /** Attempts, with anybody, that have been given up and still hold a socket. */
  get hungCount(): number {
    return this.#hungCount;
  }

  /** As `ChannelListener.listen`. */
  listen(addrs: readonly string[], port?: number): void {
    this.#listener.listen(addrs, port);
  }

  /** Of the open ones, too. */
  stop(): void {
    this.#isStopped = true;
    this.#listener.stop();
    for (const channel of [...this.#channels]) channel.abort();
  }

  /** The answer to a member's request. @throws {SkeinError} `net/no-handler` when we do not listen, `net/too-many-connections` */
  offer(hotkey: Hotkey): Message {
    return this.#listener.offer(hotkey);
  }

  /** The peer came up: what failed with it before may have been another process. */
  cameUp(link: PeerLink): void {
    const tries = this.#tries.get(link);
    if (tries !== undefined) Object.assign(tries, FIRST_TRY);
  }

  /**
   * Bulk waits for the peer and we have opened no channel: opens one, now, later, or never when it cannot be.
   * @returns while one is being opened and nothing has failed before, and so soon that bulk had better wait for it
   */
  want(link: PeerLink): Promise<void> | undefined {
    const { clock } = this.#deps;
    const nowMs = clock.monotonicMs();
    const tries = this.#triesOf(link);
    if (tries.isUnderWay || nowMs < tries.nextMs || this.#isStalled(link)) return tries.opening;
    tries.isUnderWay = true;
    const { promise, resolve } = Promise.withResolvers<void>();
    if (tries.pauseMs === FIRST_PAUSE_MS) tries.opening = promise;
    const letGo = () => {
      tries.opening = undefined;
      resolve();
    };
    const cancelHold = clock.after(HOLD_MS, letGo);
    void this.#open(link).then((isOpen) => {
      cancelHold();
      letGo();
      tries.isUnderWay = false;
      if (isOpen) tries.pauseMs = FIRST_PAUSE_MS;
      tries.nextMs = clock.monotonicMs() + tries.pauseMs;
      if (!isOpen) tries.pauseMs = Math.min(2 * tries.pauseMs, MAX_PAUSE_MS);
    });
    return tries.opening;
  }

  /** Opens `count` more; what fails is told and not there. */
  async dial(link: PeerLink, count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.#open(link)));
  }

  #triesOf(link: PeerLink): Tries {
    const known = this.#tries.get(link);
    if (known !== undefined) return known;
    const tries = { ...FIRST_TRY, isUnderWay: false, hungCount: 0, stalledUntilMs: -Infinity };
    this.#tries.set(link, tries);
    return tries;
  }

  #isStalled(link: PeerLink): boolean {
    return this.#deps.clock.monotonicMs() < this.#triesOf(link).stalledUntilMs;
  }

  /** @returns whether it is open */
  async #open(link: PeerLink): Promise<boolean> {
    const { clock, log, request } = this.#deps;
    const { hotkey, directAddrs } = link;
    const tries = this.#triesOf(link);
    const [place] = directAddrs.flatMap((addr) => placeOf(addr) ?? []);
    if (place === undefined || tries.hungCount > 0) return false;
    try {
      const offer = offerOf(await request(hotkey, { type: CHANNEL_REQUEST, header: {} }, OPEN_TIMEOUT_MS));
      const port = offer[place.family];
      if (port === undefined) return false;
      const deadline = { what: `open a bulk channel to ${hotkey}`, timeoutMs: OPEN_TIMEOUT_MS };
      const pipe = await withDeadline(clock, deadline, (signal) => {
        const dial = dialChannel({ hostname: place.hostname, port }, offer, signal);
        const onGivenUp = () => {
          tries.hungCount++;
          this.#hungCount++;
          void dial.isSettled.then(() => {
            tries.hungCount--;
            this.#hungCount--;
          });
        };
        signal.addEventListener("abort", onGivenUp, { once: true });
        return dial.pipe;
      });
      this.#use(link, "outbound", pipe);
      return true;
    } catch (error) {
      log.debug(`open a bulk channel to ${hotkey}: ${describeError(error)}`);
      return false;
    }
  }

  #use(link: PeerLink, direction: BulkChannel["direction"], pipe: TlsPipe): void {
    if (!link.isUp || this.#isStopped) return pipe.abort();
    void this.#serve(link, new BulkChannel(link.hotkey, direction, pipe, this.#deps));
  }

  async #serve(link: PeerLink, channel: BulkChannel): Promise<void> {
    this.#channels.add(channel);
    await this.#deps.serve(link, channel);
    this.#channels.delete(channel);
    if (channel.isStalled) {
      this.#triesOf(link).stalledUntilMs = this.#deps.clock.monotonicMs() + MAX_PAUSE_MS;
    }
  }
}
