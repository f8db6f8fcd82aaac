/**
 * serve_axon: a hotkey publishes where it listens. Loopback is allowed here, unlike on subtensor: this chain lives on
 * it.
 */
import type { ValueOf } from "../scale/scale_type.ts";
import { type CallContext, palletFailure, signerOf } from "./pallet.ts";
import { subtensor } from "./subtensor.ts";
import { type axonInfo, Axons, IsNetworkMember, ServingRateLimit } from "./subtensor_storage.ts";

type Endpoint = Omit<ValueOf<typeof axonInfo>, "block"> & { netuid: number };

export function serveAxon({ netuid, ...endpoint }: Endpoint, context: CallContext): void {
  const { state } = context;
  const hotkey = signerOf(context);
  const refuse = (name: string) => palletFailure(subtensor, name);
  if (!state.get(IsNetworkMember, hotkey, netuid)) throw refuse("HotKeyNotRegisteredInNetwork");
  if (endpoint.ip_type !== 4 && endpoint.ip_type !== 6) throw refuse("InvalidIpType");
  if (!isAddress(endpoint.ip, endpoint.ip_type)) throw refuse("InvalidIpAddress");
  if (endpoint.port === 0) throw refuse("InvalidPort");
  const block = BigInt(context.blockNumber);
  const before = state.get(Axons, netuid, hotkey);
  if (before && block - before.block < state.get(ServingRateLimit, netuid)) {
    throw refuse("ServingRateLimitExceeded");
  }
  state.set(Axons, { block, ...endpoint }, netuid, hotkey);
  context.deposit(subtensor, "AxonServed", [netuid, hotkey]);
}

/** Neither nothing nor everybody. */
function isAddress(ip: bigint, ipType: number): boolean {
  const broadcast = (1n << (ipType === 4 ? 32n : 128n)) - 1n;
  return ip > 0n && ip < broadcast;
}
