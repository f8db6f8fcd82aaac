/**
 * The chain as the rest of Skein sees it, over the unmodified `@polkadot/api`. Calls and fields are chosen by the runtime's own
 * metadata. Reads are at one block, the newest seen; a submission returns when its call is in a block, and reads that follow see
 * it. An outage pauses both: reads for `timeoutMs`, submissions for as long as it lasts.
 */
import { ApiPromise } from "@polkadot/api";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { chainError } from "./errors.ts";
import { Heads } from "./heads.ts";
import type { Metagraph, Weights } from "./metagraph.ts";
import { PolkadotClient } from "./polkadot_client.ts";
import { cryptoReady, type KeyringPair } from "./sr25519.ts";
import { SteadyProvider } from "./steady_provider.ts";

export type { Metagraph, Neuron, Weights } from "./metagraph.ts";

export interface ChainClient {
  readonly url: string;
  /** 0x hex */
  readonly genesisHash: string;
  /** Height of the newest head seen; keeps the last value during an outage and never goes back. */
  block(): number;
  /** @returns unsubscribe */
  onBlock(handler: (block: number) => void): () => void;
  /** @throws {SkeinError} `chain/subnet-missing` */
  metagraph(netuid: number): Promise<Metagraph>;
  /** Free balance in rao. */
  balance(ss58: string): Promise<bigint>;
  /** In rao. */
  registrationCost(netuid: number): Promise<bigint>;
  /** @returns the uid */
  isRegistered(netuid: number, hotkey: string): Promise<number | undefined>;
  /** @param amount in rao */
  transfer(from: KeyringPair, to: string, amount: bigint): Promise<void>;
  /** Pays the present cost. @returns the uid, also of a hotkey that was registered before */
  register(netuid: number, coldkey: KeyringPair, hotkey: string): Promise<number>;
  publish(netuid: number, hotkey: KeyringPair, commitment: Uint8Array): Promise<void>;
  /** @param scores uid → score at any scale @returns what was sent @throws {SkeinError} `chain/bad-weights` */
  setWeights(
    netuid: number,
    hotkey: KeyringPair,
    scores: ReadonlyMap<number, number>,
  ): Promise<{ uids: number[]; values: number[] }>;
  weights(netuid: number): Promise<Weights>;
  close(): Promise<void>;
}

export interface ConnectOptions {
  /** For the first connection, and for how long a read outwaits an outage. */
  readonly timeoutMs?: number;
  /** For how long a connected node may take to include a call. */
  readonly callTimeoutMs?: number;
  /** A node that leaves a request unanswered for so long is given up, and connected to again. */
  readonly replyTimeoutMs?: number;
}

const TIMEOUT_MS = 30_000;
const CALL_TIMEOUT_MS = 300_000;
const REPLY_TIMEOUT_MS = 30_000;

/** @throws {SkeinError} `chain/unreachable`, or the signal's reason */
export async function connectChain(
  url: string,
  deps: { clock: Clock; log: Log; signal?: AbortSignal },
  options: ConnectOptions = {},
): Promise<ChainClient> {
  if (!/^wss?:\/\//.test(url)) {
    throw chainError(
      "chain/unreachable",
      `connect to ${url}: not a WebSocket address, ws:// or wss:// is required`,
    );
  }
  await cryptoReady();
  deps.signal?.throwIfAborted();
  const provider = new SteadyProvider(
    { url, replyTimeoutMs: options.replyTimeoutMs ?? REPLY_TIMEOUT_MS },
    deps,
  );
  const api = new ApiPromise({ provider, initWasm: false, noInitWarn: true });
  const onAbort = () => provider.disconnect();
  deps.signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await provider.connect();
    await ready(api, provider, url, deps, options.timeoutMs ?? TIMEOUT_MS);
    const heads = await Heads.follow(api, provider, deps.log);
    return new PolkadotClient(
      {
        url,
        readLimitMs: options.timeoutMs ?? TIMEOUT_MS,
        callTimeoutMs: options.callTimeoutMs ?? CALL_TIMEOUT_MS,
      },
      { ...deps, api, provider, heads, onClose: forget },
    );
  } catch (error) {
    forget();
    await provider.disconnect();
    throw deps.signal?.aborted ? deps.signal.reason : error;
  }
  function forget() {
    deps.signal?.removeEventListener("abort", onAbort);
  }
}

async function ready(
  api: ApiPromise,
  provider: SteadyProvider,
  url: string,
  { clock, signal }: { clock: Clock; signal?: AbortSignal },
  timeoutMs: number,
): Promise<void> {
  const { promise: failed, reject } = Promise.withResolvers<never>();
  const unreachable = (found: string, cause?: unknown) =>
    reject(chainError(
      "chain/unreachable",
      `connect to ${url}: ${found}, a Substrate node's WebSocket is required, check the address and the node`,
      { url },
      cause,
    ));
  const cancel = clock.after(
    timeoutMs,
    () => unreachable(`no working chain after ${Math.round(timeoutMs / 1000)} s`, provider.lastFailure),
  );
  const onAbort = () => reject(signal!.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  api.once("error", (error) => unreachable("the API cannot be initialised", error));
  try {
    await Promise.race([api.isReady, failed]);
  } finally {
    cancel();
    signal?.removeEventListener("abort", onAbort);
  }
}
