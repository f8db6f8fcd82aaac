/**
 * Where a hotkey listens, and where it can be measured. Loopback is allowed here, unlike on subtensor: this chain lives
 * on it.
 */
import type { ValueOf } from "../../../scale/scale_type.ts";
import { u128, u16, u32, u8 } from "../../../scale/primitive_types.ts";
import { accountId } from "../common_types.ts";
import { call, type CallContext, type PalletPart, signerOf } from "../pallet.ts";
import { refuse, SUBTENSOR } from "./failure.ts";
import { type axonInfo, Axons, IsNetworkMember, ServingRateLimit } from "./storage.ts";
import { Prometheus, type prometheusInfo } from "./subnet_storage.ts";

type Axon = Omit<ValueOf<typeof axonInfo>, "block"> & { netuid: number };
type Measured = Omit<ValueOf<typeof prometheusInfo>, "block"> & { netuid: number };

interface Endpoint {
  readonly ip: bigint;
  readonly ip_type: number;
  readonly port: number;
}

function serveAxon({ netuid, ...axon }: Axon, context: CallContext): void {
  const { state } = context;
  const hotkey = signerOf(context);
  if (!state.get(IsNetworkMember, hotkey, netuid)) throw refuse("HotKeyNotRegisteredInNetwork");
  checkAddress(axon);
  checkRate(context, netuid, state.get(Axons, netuid, hotkey)?.block);
  if (axon.port === 0) throw refuse("InvalidPort");
  state.set(Axons, { block: BigInt(context.blockNumber), ...axon }, netuid, hotkey);
  context.deposit(SUBTENSOR, "AxonServed", [netuid, hotkey]);
}

function servePrometheus({ netuid, ...measured }: Measured, context: CallContext): void {
  const { state } = context;
  const hotkey = signerOf(context);
  checkAddress(measured);
  if (measured.ip === 0n) throw refuse("InvalidIpAddress");
  if (!state.get(IsNetworkMember, hotkey, netuid)) throw refuse("HotKeyNotRegisteredInNetwork");
  checkRate(context, netuid, state.get(Prometheus, netuid, hotkey)?.block);
  if (measured.port === 0) throw refuse("InvalidPort");
  state.set(Prometheus, { block: BigInt(context.blockNumber), ...measured }, netuid, hotkey);
  context.deposit(SUBTENSOR, "PrometheusServed", [netuid, hotkey]);
}

/** Not everybody's address, and none too long for its kind; nobody's says that an axon is not reachable. */
function checkAddress({ ip, ip_type }: Endpoint): void {
  if (ip_type !== 4 && ip_type !== 6) throw refuse("InvalidIpType");
  const broadcast = (1n << (ip_type === 4 ? 32n : 128n)) - 1n;
  if (ip >= broadcast) throw refuse("InvalidIpAddress");
}

function checkRate({ state, blockNumber }: CallContext, netuid: number, servedAt = 0n): void {
  if (servedAt > 0n && BigInt(blockNumber) - servedAt < state.get(ServingRateLimit, netuid)) {
    throw refuse("ServingRateLimitExceeded");
  }
}

const address = { netuid: u16, version: u32, ip: u128, port: u16, ip_type: u8 };

export const serving: PalletPart = {
  calls: [
    call(4, "serve_axon", { ...address, protocol: u8, placeholder1: u8, placeholder2: u8 }, serveAxon),
    call(5, "serve_prometheus", address, servePrometheus),
  ],
  events: { AxonServed: [28, [u16, accountId]], PrometheusServed: [29, [u16, accountId]] },
};
