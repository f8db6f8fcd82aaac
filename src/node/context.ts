/** What a running node consists of. Built by `open_node.ts`, used by the miner's and the validator's loops. */
import type { AllReduce } from "../allreduce/allreduce.ts";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Signer } from "../base/transport.ts";
import type { ChainClient } from "../chain/client.ts";
import type { HotkeyPair } from "../chain/wallet/wallet.ts";
import type { Codec } from "../codec/codec.ts";
import type { Corpus } from "../data/corpus.ts";
import type { Network } from "../net/network.ts";
import type { StateStore } from "../state/store.ts";
import type { TrainEngine } from "../train/engine.ts";
import type { BandwidthMeter } from "./bandwidth.ts";
import type { NodeOptions } from "./node_options.ts";
import type { PeerDirectory } from "./peer_directory.ts";
import type { ProfileSession } from "./profile_session.ts";
import type { RoundLockFile } from "./round_lock_file.ts";
import type { Run } from "./run_config.ts";
import type { StateKeeper } from "./state_keeper.ts";
import type { WaypointShelf } from "./waypoints.ts";

export interface NodeContext {
  readonly options: NodeOptions;
  readonly home: string;
  /** What belongs to this run, inside `home`. */
  readonly runHome: string;
  readonly run: Run;
  /** As of the newest metagraph. */
  readonly uid: number;
  readonly signer: Signer;
  readonly hotkey: HotkeyPair;
  readonly chain: ChainClient;
  readonly directory: PeerDirectory;
  readonly network: Network;
  readonly allReduce: AllReduce;
  /** After the dense steps, if there are any. */
  readonly codec: Codec;
  readonly corpus: Corpus;
  readonly engine: TrainEngine;
  /** When kernels are to be timed. */
  readonly profile: ProfileSession | undefined;
  readonly states: StateKeeper;
  /** Small records beside the states: ratings. */
  readonly store: StateStore;
  readonly lockFile: RoundLockFile;
  readonly waypoints: WaypointShelf;
  readonly bandwidth: BandwidthMeter;
  /** Held-out sequences: [n · batchSize, contextLength + 1]. */
  readonly validationTokens: Uint32Array;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborts when the node is to leave. */
  readonly signal: AbortSignal;
}
