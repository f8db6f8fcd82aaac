/** Connects to a chain: the endpoints under an unmodified `@polkadot/api`, and the client above it. */
import { ApiPromise } from "@polkadot/api";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { Random, secureRandomBytes } from "../base/random.ts";
import { chainError } from "./errors.ts";
import type { ChainClient } from "./chain_client.ts";
import { Heads } from "./heads.ts";
import { type OpenSocket, openWebSocket } from "./link.ts";
import { shownUrl } from "./networks.ts";
import { PolkadotClient } from "./polkadot_client.ts";
import { cryptoReady } from "./sr25519.ts";
import { SteadyProvider } from "./steady_provider.ts";

export type { ChainClient } from "./chain_client.ts";
export type { Metagraph, Neuron, Weights } from "./metagraph.ts";

export interface ConnectOptions {
  /** For the first connection, and for how long a read outwaits an outage. */
  readonly timeoutMs?: number;
  /** For how long a connected node may take to include a call. */
  readonly callTimeoutMs?: number;
  /** When a call counts as done: in a block, by default, or in a block that is final. */
  readonly until?: "included" | "finalized";
  /** A node that leaves a request unanswered for so long is given up, and connected to again. */
  readonly replyTimeoutMs?: number;
  /** A node whose head does not move for so long is left for one that is ahead, if another endpoint is. */
  readonly staleHeadMs?: number;
}

export interface ConnectDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly signal?: AbortSignal;
  /** Of pauses; by default from the operating system. */
  readonly random?: Random;
  /** By default a WebSocket. */
  readonly openSocket?: OpenSocket;
}

const TIMEOUT_MS = 30_000;
const CALL_TIMEOUT_MS = 300_000;
const REPLY_TIMEOUT_MS = 30_000;
const STALE_HEAD_MS = 60_000;

/**
 * @param urls endpoints of one chain, in the order of preference; the others stand by
 * @throws {SkeinError} `chain/unreachable`, or the signal's reason
 */
export async function connectChain(
  urls: string | readonly string[],
  deps: ConnectDependencies,
  options: ConnectOptions = {},
): Promise<ChainClient> {
  const endpoints = [urls].flat();
  checkAddresses(endpoints);
  const url = endpoints.map(shownUrl).join(", ");
  await cryptoReady();
  deps.signal?.throwIfAborted();
  const random = deps.random ?? new Random(new DataView(secureRandomBytes(4).buffer).getUint32(0));
  const provider = new SteadyProvider(
    {
      urls: endpoints,
      replyTimeoutMs: options.replyTimeoutMs ?? REPLY_TIMEOUT_MS,
      staleHeadMs: options.staleHeadMs ?? STALE_HEAD_MS,
    },
    { ...deps, random, openSocket: deps.openSocket ?? openWebSocket },
  );
  const api = new ApiPromise({ provider, initWasm: false, noInitWarn: true });
  const onAbort = () => provider.disconnect();
  deps.signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await provider.connect();
    await ready(api, provider, url, deps, options.timeoutMs ?? TIMEOUT_MS);
    const heads = await inTime(
      provider,
      url,
      deps,
      options.timeoutMs ?? TIMEOUT_MS,
      () => Heads.follow(api, provider, deps.log),
    );
    return new PolkadotClient(
      {
        url,
        readLimitMs: options.timeoutMs ?? TIMEOUT_MS,
        callTimeoutMs: options.callTimeoutMs ?? CALL_TIMEOUT_MS,
        until: options.until,
      },
      { ...deps, random, api, provider, heads, onClose: forget },
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

/** Subscriptions of a closed provider never open, for the API's sake; nor do those of a node that is gone just then. */
async function inTime<T>(
  provider: SteadyProvider,
  url: string,
  { clock }: { clock: Clock },
  timeoutMs: number,
  work: () => Promise<T>,
): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onClosed = () => reject(provider.closed.reason);
  if (provider.closed.aborted) onClosed();
  else provider.closed.addEventListener("abort", onClosed, { once: true });
  const cancel = clock.after(
    timeoutMs,
    () =>
      reject(chainError(
        "chain/unreachable",
        `connect to ${url}: no heads after ${Math.round(timeoutMs / 1000)} s, check the node`,
        { url },
        provider.lastFailure,
      )),
  );
  try {
    return await Promise.race([work(), promise]);
  } finally {
    cancel();
    provider.closed.removeEventListener("abort", onClosed);
  }
}

function checkAddresses(urls: readonly string[]): void {
  const bad = urls.find((url) => !/^wss?:\/\//.test(url));
  if (bad === undefined && urls.length > 0) return;
  throw chainError(
    "chain/unreachable",
    `connect to ${
      bad === undefined ? "no endpoint" : shownUrl(bad)
    }: not a WebSocket address, ws:// or wss:// is required`,
  );
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
