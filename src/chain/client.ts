/** Connects to a chain: the endpoints under an unmodified `@polkadot/api`, and the client above it. */
import { ApiPromise } from "@polkadot/api";
import type { Clock } from "../base/clock.ts";
import { describeError, isSkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { Random, secureRandomBytes } from "../base/random.ts";
import type { CallObserver } from "./call_stage.ts";
import { chainError } from "./errors.ts";
import type { ChainClient } from "./chain_client.ts";
import { Heads } from "./heads.ts";
import { type OpenSocket, openWebSocket } from "./link.ts";
import { shownUrl } from "./networks.ts";
import { cannotConnect, noneReached } from "./no_connection.ts";
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
  /**
   * Somebody sits before it: a first connection that no endpoint takes is given up after `BRIEF_MS` and one attempt at each,
   * instead of being tried again until `timeoutMs`.
   */
  readonly isBrief?: boolean;
}

export interface ConnectDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly signal?: AbortSignal;
  /** Of pauses; by default from the operating system. */
  readonly random?: Random;
  /** By default a WebSocket. */
  readonly openSocket?: OpenSocket;
  /** Told how calls fare, for whoever stops in the middle of one. */
  readonly onCall?: CallObserver;
}

const TIMEOUT_MS = 30_000;
/** The first connection brings the runtime's metadata, for which a host that executes the runtime slowly takes long. */
const FIRST_TIMEOUT_MS = 60_000;
const CALL_TIMEOUT_MS = 300_000;
const REPLY_TIMEOUT_MS = 30_000;
const STALE_HEAD_MS = 60_000;
const OPEN_TIMEOUT_MS = 10_000;
/** Some attempts, for a chain that was started a moment before; with the pause before the last it is two seconds at most. */
const BRIEF_MS = 1200;
/** For the opening: a lost packet and a slow line are within it. */
const BRIEF_OPENING_MS = 3000;
/** For the first answers: some hosts of a runtime do nothing else while they make a block. */
const BRIEF_GREETING_MS = 10_000;

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
  const replyTimeoutMs = options.replyTimeoutMs ?? REPLY_TIMEOUT_MS;
  const hopeless = new AbortController();
  const startMs = deps.clock.monotonicMs();
  const provider = new SteadyProvider(
    {
      urls: endpoints,
      replyTimeoutMs,
      staleHeadMs: options.staleHeadMs ?? STALE_HEAD_MS,
      openTimeoutMs: options.isBrief ? BRIEF_OPENING_MS : OPEN_TIMEOUT_MS,
      greetingTimeoutMs: options.isBrief ? BRIEF_GREETING_MS : replyTimeoutMs,
    },
    {
      ...deps,
      random,
      openSocket: deps.openSocket ?? openWebSocket,
      onNoneReached: () => {
        if (options.isBrief && deps.clock.monotonicMs() - startMs >= BRIEF_MS) hopeless.abort();
      },
    },
  );
  const api = new ApiPromise({ provider, initWasm: false, noInitWarn: true });
  const onAbort = () => provider.disconnect();
  deps.signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await provider.connect();
    const firstTimeoutMs = options.timeoutMs ?? FIRST_TIMEOUT_MS;
    await ready(api, provider, { ...deps, url, hopeless: hopeless.signal }, firstTimeoutMs);
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
    if (deps.signal?.aborted) throw deps.signal.reason;
    // A node that refuses the heads: its own words.
    throw isSkeinError(error) ? error : cannotConnect(url, `the node answers ${describeError(error)}`);
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
    () => reject(notConnected(provider, url, `no heads in ${Math.round(timeoutMs / 1000)} s`)),
  );
  try {
    return await Promise.race([work(), promise]);
  } finally {
    cancel();
    provider.closed.removeEventListener("abort", onClosed);
  }
}

/** @param found for a node that can be reached and does not serve */
function notConnected(provider: SteadyProvider, url: string, found: string): Error {
  const isReached = provider.isConnected || provider.failures.size === 0;
  return isReached ? cannotConnect(url, found) : noneReached(provider.failures);
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
  { clock, signal, url, hopeless }: {
    clock: Clock;
    signal?: AbortSignal;
    url: string;
    /** Aborts when connecting need not be tried any longer. */
    hopeless: AbortSignal;
  },
  timeoutMs: number,
): Promise<void> {
  const { promise: failed, reject } = Promise.withResolvers<never>();
  const giveUp = (found: string) => reject(notConnected(provider, url, found));
  const seconds = Math.round(timeoutMs / 1000);
  const cancel = clock.after(timeoutMs, () => giveUp(`no working chain in ${seconds} s`));
  hopeless.addEventListener("abort", () => giveUp("no connection"), { once: true });
  const onAbort = () => reject(signal!.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  api.once(
    "error",
    (error) => reject(cannotConnect(url, `the API cannot be initialised (${error.message})`)),
  );
  try {
    await Promise.race([api.isReady, failed]);
  } finally {
    cancel();
    signal?.removeEventListener("abort", onAbort);
  }
}
