/** Dials an address and finds out who is there: a member, whom we greet, or a relay or bootstrap node, which has no hello. */
import type { Connection } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import type { Clock } from "../base/clock.ts";
import { describeError, isSkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Hotkey } from "../base/transport.ts";
import { isRelayed, isThroughRelay } from "./addresses.ts";
import { withDeadline } from "./deadline.ts";
import { netError } from "./errors.ts";
import type { Gatekeeper } from "./gatekeeper.ts";
import type { Host } from "./host.ts";
import type { Infrastructure } from "./infrastructure.ts";
import type { PeerLink } from "./peer_link.ts";

const DIAL_TIMEOUT_MS = 10_000;
/** WebRTC's set-up fails now and then: a callback of the addon comes before its listener. */
const WEBRTC_TRIES = 3;
const WEBRTC_TRY_MS = 5000;
const TRY_PAUSE_MS = 250;

export interface DialDependencies {
  readonly host: Host;
  readonly gatekeeper: Gatekeeper;
  readonly infrastructure: Infrastructure;
  readonly clock: Clock;
}

/**
 * Connects and authenticates; resolves with who answered.
 * @throws {SkeinError} `net/dial-failed`, `net/timeout`, `net/no-hello` when a relay is there, or the refusal of either side
 */
export async function dialMember(
  addr: string,
  deps: DialDependencies,
  signal?: AbortSignal,
): Promise<Hotkey> {
  const { gatekeeper, clock } = deps;
  const deadline = { what: `dial ${addr}`, timeoutMs: timeoutOf(addr), signal };
  return await withDeadline(clock, deadline, async (dialSignal) => {
    const connection = await connect(addr, deps, dialSignal);
    return await memberBehind(connection, gatekeeper);
  });
}

/**
 * As `dialMember`, but whoever is there may stay: the operator named the address.
 * @throws {SkeinError} as `dialMember`, without `net/no-hello`
 */
export async function dialNamed(addr: string, deps: DialDependencies, signal?: AbortSignal): Promise<void> {
  const { gatekeeper, infrastructure, clock } = deps;
  const deadline = { what: `dial ${addr}`, timeoutMs: timeoutOf(addr), signal };
  await withDeadline(clock, deadline, async (dialSignal) => {
    const connection = await connect(addr, deps, dialSignal);
    infrastructure.name(connection.remotePeer.toString());
    await memberBehind(connection, gatekeeper).catch((error) => {
      if (!isSkeinError(error, "net/no-hello") && !isSkeinError(error, "net/unauthenticated")) throw error;
    });
  });
}

/**
 * More connections to a peer that one carries too little to: where we reached it before, or where it says it listens. What
 * fails is told and not there; never rejects, because nobody waits for it.
 */
export async function dialMore(
  { connections, hello }: PeerLink,
  count: number,
  { host, gatekeeper, clock, log }: Omit<DialDependencies, "infrastructure"> & { log: Log },
): Promise<void> {
  const known = connections.find(({ direction }) => direction === "outbound")?.remoteAddr.toString();
  // All circuits through a relay share our one connection to it: more of them carry no more.
  const addrs = (known === undefined ? hello.listenAddrs : [known]).filter((addr) => !isThroughRelay(addr));
  if (addrs.length === 0) return;
  const deadline = { what: `dial ${hello.hotkey} once more`, timeoutMs: DIAL_TIMEOUT_MS };
  const dials = Array.from({ length: count }, () =>
    withDeadline(clock, deadline, async (signal) => {
      const connection = await host.dial(addrs.map((addr) => multiaddr(addr)), { force: true, signal });
      await gatekeeper.greet(connection);
    }));
  for (const result of await Promise.allSettled(dials)) {
    if (result.status === "rejected") log.debug(`${deadline.what}: ${describeError(result.reason)}`);
  }
}

const isWebrtc = (addr: string) => addr.includes("/webrtc");
const timeoutOf = (addr: string) =>
  isWebrtc(addr) ? WEBRTC_TRIES * (WEBRTC_TRY_MS + TRY_PAUSE_MS) : DIAL_TIMEOUT_MS;

function memberBehind(connection: Connection, gatekeeper: Gatekeeper): Promise<Hotkey> {
  const isOurs = connection.direction === "outbound";
  return (isOurs ? gatekeeper.greet(connection) : gatekeeper.known(connection)).then(({ hotkey }) => hotkey);
}

async function connect(
  addr: string,
  { host, clock }: DialDependencies,
  signal: AbortSignal,
): Promise<Connection> {
  const dial = (each: AbortSignal) => host.dial(multiaddr(addr), { signal: each });
  let failure: unknown;
  for (let tries = isWebrtc(addr) ? WEBRTC_TRIES : 1; tries > 0 && !signal.aborted; tries--) {
    try {
      if (!isWebrtc(addr)) return await dial(signal);
      return await withDeadline(clock, { what: `dial ${addr}`, timeoutMs: WEBRTC_TRY_MS, signal }, dial);
    } catch (cause) {
      failure = cause;
      // libp2p would let the next try join the one that is ending.
      if (tries > 1) await clock.sleep(TRY_PAUSE_MS, signal).catch(() => {});
    }
  }
  const where = isRelayed(addr) ? "the relay runs and the peer holds a place there" : "the peer runs there";
  throw netError("net/dial-failed", `dial ${addr}: no connection, check that ${where}`, { addr }, failure);
}
