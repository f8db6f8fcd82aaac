/**
 * serve_axon: a hotkey publishes where it listens. Loopback is allowed here, unlike on subtensor: this chain lives on
 * it.
 */
import type { ValueOf } from "../../scale/scale_type.ts";
import { u128, u16, u32, u8 } from "../../scale/primitive_types.ts";
import { accountId } from "../common_types.ts";
import { call, type CallContext, type PalletPart, signerOf } from "../pallet.ts";
import { refuse, SUBTENSOR } from "./failure.ts";
import { type axonInfo, Axons, IsNetworkMember, ServingRateLimit } from "./storage.ts";

type Endpoint = Omit<ValueOf<typeof axonInfo>, "block"> & { netuid: number };

function serveAxon({ netuid, ...endpoint }: Endpoint, context: CallContext): void {
  const { state } = context;
  const hotkey = signerOf(context);
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
  context.deposit(SUBTENSOR, "AxonServed", [netuid, hotkey]);
}

/** Neither nothing nor everybody. */
function isAddress(ip: bigint, ipType: number): boolean {
  const broadcast = (1n << (ipType === 4 ? 32n : 128n)) - 1n;
  return ip > 0n && ip < broadcast;
}

export const serving: PalletPart = {
  calls: [
    call(4, "serve_axon", {
      netuid: u16,
      version: u32,
      ip: u128,
      port: u16,
      ip_type: u8,
      protocol: u8,
      placeholder1: u8,
      placeholder2: u8,
    }, serveAxon),
  ],
  events: { AxonServed: [28, [u16, accountId]] },
};
