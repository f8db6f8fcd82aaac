/** Flag values: parsed once, with errors that name the rule and the value. */
import { InvalidArgumentError } from "@commander-js/extra-typings";
import { NETWORK_NAMES, networkUrl } from "../chain/networks.ts";

/** A parser of whole numbers from `low` to `high`. */
export function integerFlag(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isInteger(value) || value < low || value > high) {
      throw new InvalidArgumentError(`a whole number from ${low} to ${high} is needed.`);
    }
    return value;
  };
}

/** A port for bulk channels, or `off`. */
export function bulkPortFlag(text: string): number | "off" {
  if (text === "off") return text;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65535) {
    throw new InvalidArgumentError('a port from 1 to 65535, or "off", is needed.');
  }
  return port;
}

/** Endpoints of one chain, collected, also from one value with commas: ws://, wss:// or a network's name, or `local` alone. */
export function chainFlag(text: string, before: readonly string[] | undefined): readonly string[] {
  const endpoints = [
    ...before ?? [],
    ...text.split(",").map((each) => networkUrl(each.trim()) ?? each.trim()),
  ];
  const isWebSocket = (each: string) => /^wss?:$/.test(URL.parse(each)?.protocol ?? "");
  if (endpoints.every(isWebSocket) || endpoints.every((each) => each === "local")) return endpoints;
  throw new InvalidArgumentError(
    `"local" alone, ${
      NETWORK_NAMES.join(", ")
    }, or addresses like ws://127.0.0.1:9944 of one chain are needed.`,
  );
}

export const CHAIN_FLAG = [
  "--chain <url>",
  "chain endpoint; repeatable, or several with commas: the others stand by for the first; local finds or starts the local chain (default: local)",
  chainFlag,
] as const;

export const DEFAULT_CHAIN = ["local"];

export function oneOfFlag<N extends string>(names: readonly N[]): (text: string) => N {
  return (text) => {
    const name = names.find((each) => each === text);
    if (name === undefined) throw new InvalidArgumentError(`one of ${names.join(", ")} is needed.`);
    return name;
  };
}

/** Collects a repeatable flag. */
export function listFlag(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...before ?? [], text];
}

/** As `listFlag`, of multiaddrs; a comma separates several in one value, too. */
export function multiaddrsFlag(text: string, before: readonly string[] | undefined): readonly string[] {
  const addrs = text.split(",").map((addr) => addr.trim()).filter((addr) => addr !== "");
  for (const addr of addrs) {
    if (!/^\/(ip4|ip6|dns|dns4|dns6|dnsaddr)\/[^/]+\//.test(addr)) {
      throw new InvalidArgumentError("a multiaddr like /ip4/203.0.113.7/tcp/4001/p2p/12D3… is needed.");
    }
  }
  return [...before ?? [], ...addrs];
}

export const DEFAULT_LISTEN = ["127.0.0.1:0"];

export const LISTEN_FLAG = [
  "--listen <address>",
  "host:port, ws://host:port, webrtc://host:port or a multiaddr to listen on; port 0 takes a free one; repeatable (default: 127.0.0.1:0)",
  listFlag,
] as const;

/** Whoever listens by WebRTC wants it. */
export const listensByWebrtc = (listen: readonly string[]): boolean =>
  listen.some((addr) => addr.startsWith("webrtc://") || addr.includes("/webrtc-direct"));

export const RECOMPUTE_FLAG = [
  "--recompute",
  "hold less on the device: the backward pass computes layers again",
  false,
] as const;

export const MICRO_BATCHES_FLAG = [
  "--micro-batches <n>",
  "hold less on the device: a step's batch in so many passes, a divisor of its size (default: as few as the adapter can bind)",
  integerFlag(1, 65535),
] as const;

export const AUTOTUNE_FLAG = [
  "--no-autotune",
  "do not measure at the start which kernels are the fastest on this adapter",
] as const;

export const WAIT_FOR_FLAG = [
  "--wait-for <n>",
  "hold the very first round until this many miners are ready",
  integerFlag(1, 64),
  1,
] as const;

export const ANNOUNCE_FLAG = [
  "--announce <multiaddr>",
  "address to tell others besides those listened on, such as a forwarded port; repeatable",
  multiaddrsFlag,
] as const;

export const BULK_PORT_FLAG = [
  "--bulk-port <n>",
  'TCP port on which others open fast connections for chunks to us; "off": none (default: any free one)',
  bulkPortFlag,
] as const;
