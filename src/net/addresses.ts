/** Multiaddrs as text: whose they are, whether a relay is in between, and which to try or to tell first. */
import { multiaddr } from "@multiformats/multiaddr";
import { netError } from "./errors.ts";

/** Listened on: hold a place at a relay. */
export const CIRCUIT = "/p2p-circuit";
/** Of one multiaddr in a hello, a record or a file. */
export const MAX_ADDR_CHARS = 256;
/** That a member says it listens on. */
export const MAX_ADDRS = 32;

/** It can be read as a multiaddr; libp2p throws on others. */
export function isMultiaddr(addr: string): boolean {
  try {
    return multiaddr(addr).getComponents().length > 0;
  } catch {
    return false;
  }
}

/** A relay carries the connection, or its set-up, as WebRTC by signalling does. */
export function isThroughRelay(addr: string): boolean {
  return addr.includes(CIRCUIT);
}

/** The peer at the end of `addr`, or undefined when it does not say. */
export function peerIdOf(addr: string): string | undefined {
  return /\/p2p\/([1-9A-HJ-NP-Za-km-z]+)$/.exec(addr)?.[1];
}

/** A connection to it passes through a relay, all of it. */
export function isRelayed(addr: string): boolean {
  return isThroughRelay(addr) && !addr.includes("/webrtc/");
}

export function isWebrtcBySignalling(addr: string): boolean {
  return addr.includes(`${CIRCUIT}/webrtc`);
}

/** @throws {SkeinError} `net/bad-address` */
export function relayPeerId(addr: string): string {
  const peerId = isThroughRelay(addr) ? undefined : peerIdOf(addr);
  if (peerId !== undefined) return peerId;
  throw netError(
    "net/bad-address",
    `read relay address: "${addr}", one that ends in /p2p/<peer id> is required, copy what skein relay prints`,
    { addr },
  );
}

/** Direct before WebRTC before relayed; among the direct ones public before private before loopback. Stable. */
export function bestFirst(addrs: readonly string[]): string[] {
  return addrs.map((addr, i) => ({ addr, i, rank: rankOf(addr) }))
    .sort((a, b) => a.rank - b.rank || a.i - b.i)
    .map(({ addr }) => addr);
}

function rankOf(addr: string): number {
  if (isRelayed(addr)) return 5;
  if (isWebrtcBySignalling(addr)) return 4;
  if (/^\/ip4\/127\.|^\/ip6\/::1\//.test(addr)) return 3;
  return /^\/ip4\/(10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.)|^\/ip6\/f[cde]/i.test(addr) ? 2 : 1;
}
