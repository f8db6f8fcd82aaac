import type { PrecisionChoice } from "../gpu/mod.ts";

/** What the command line says about one node. */
export interface NodeOptions {
  readonly role: "miner" | "validator";
  /** ["local"], or WebSocket addresses of one chain in the order of preference. */
  readonly chain: readonly string[];
  readonly netuid: number;
  readonly preset: string;
  readonly codec: string;
  /** f32 as the reference, f16 where the adapter proves able, `auto`: f16 on a GPU that does. */
  readonly precision: PrecisionChoice;
  /** Hold each layer's input only, and compute the rest of it twice. */
  readonly recompute: boolean;
  /** Passes a step; by default as few as the adapter can bind. */
  readonly microBatches?: number;
  /** False: no kernel is measured at the start. */
  readonly autotune: boolean;
  /** Time kernels, and tell after each round; a string is the file of a Chrome trace, written at the end. */
  readonly profile?: string | true;
  readonly data?: string;
  readonly home?: string;
  readonly wallet?: string;
  readonly hotkey: string;
  readonly walletPath?: string;
  /** host:port, or multiaddrs. */
  readonly listen: readonly string[];
  /** Told to others besides `listen`: multiaddrs. */
  readonly announce: readonly string[];
  /** Where bulk channels are accepted, on the hosts of `listen`; default any free port. */
  readonly bulkPort?: number | "off";
  /** Does not listen: dials others, is reached through relays, and reduces nothing. */
  readonly isClient: boolean;
  /** Multiaddrs that end in /p2p/<peer id>. */
  readonly relays: readonly string[];
  /** Multiaddrs of relays, bootstrap nodes or members: ways into the network. */
  readonly bootstrap: readonly string[];
  /** Multiaddrs of members. */
  readonly peers: readonly string[];
  readonly webrtc: boolean;
  readonly mdns: boolean;
  readonly waitFor: number;
  readonly rounds?: number;
}
