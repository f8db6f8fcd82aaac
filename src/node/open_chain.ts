/** The chain that the operator named, or this machine's own. */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { CallObserver } from "../chain/call_stage.ts";
import { type ChainClient, connectChain, type ConnectOptions } from "../chain/client.ts";
import { dataDirectory } from "./home.ts";
import { findOrStartLocalChain } from "./local_chain.ts";

/**
 * @param endpoints ["local"], or WebSocket addresses of one chain in the order of preference
 * @throws {SkeinError} `node/chain-did-not-start`, `chain/unreachable`
 */
export async function openChain(
  endpoints: readonly string[],
  deps: {
    readonly clock: Clock;
    readonly log: Log;
    readonly signal: AbortSignal;
    readonly onCall?: CallObserver;
  },
  options: ConnectOptions = {},
): Promise<ChainClient> {
  const isLocal = endpoints[0] === "local";
  return await connectChain(
    isLocal ? await findOrStartLocalChain(dataDirectory(), deps) : endpoints,
    deps,
    options,
  );
}
