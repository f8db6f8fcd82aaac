/**
 * The subnets that a new chain has: the root network, as on subtensor, and subnet 1, without the limits that protect a
 * real one from strangers. Here they would only be in the way, as would the wait between two new subnets.
 */
import { FirstEmissionBlockNumber, NetworkRateLimit } from "../pallets/subtensor/network_storage.ts";
import * as at from "../pallets/subtensor/storage.ts";
import * as subnet from "../pallets/subtensor/subnet_storage.ts";
import { ROOT_NETUID } from "../pallets/subtensor/subnets.ts";
import type { TypedState } from "../pallets/typed_state.ts";

const OPEN_NETUID = 1;
const WHOLE = 0xffff;
const OPEN_BURN_RAO = 100_000_000n;
/** An epoch every five blocks: a validator that has just staked need not wait long for its permit. */
const OPEN_TEMPO = 4;
const OPEN_REGISTRATIONS_PER_BLOCK = 256;
const OPEN_REGISTRATIONS_PER_INTERVAL = 20_000;
/** As much inertia as there is: the price stays. */
const STEADY = (1n << 64n) - 1n;

export function openSubnets(state: TypedState, owner: Uint8Array): void {
  openRoot(state);
  openFirst(state, owner);
  state.set(at.TotalNetworks, 2);
  state.set(NetworkRateLimit, 0n);
}

function openRoot(state: TypedState): void {
  state.set(at.NetworksAdded, true, ROOT_NETUID);
  state.set(at.SubnetworkN, 0, ROOT_NETUID);
  state.set(at.Tempo, 100, ROOT_NETUID);
  state.set(at.MaxAllowedUids, 64, ROOT_NETUID);
  state.set(at.MaxAllowedValidators, 64, ROOT_NETUID);
  state.set(at.MinAllowedWeights, 0, ROOT_NETUID);
  state.set(at.MaxWeightsLimit, WHOLE, ROOT_NETUID);
  state.set(at.WeightsSetRateLimit, 7200n, ROOT_NETUID);
  state.set(subnet.TargetRegistrationsPerInterval, 1, ROOT_NETUID);
  state.set(subnet.NetworkPowRegistrationAllowed, false, ROOT_NETUID);
  state.set(subnet.TokenSymbol, Uint8Array.of(0xce, 0xa4), ROOT_NETUID);
  state.set(subnet.SubtokenEnabled, true, ROOT_NETUID);
}

function openFirst(state: TypedState, owner: Uint8Array): void {
  state.set(at.NetworksAdded, true, OPEN_NETUID);
  state.set(at.SubnetworkN, 0, OPEN_NETUID);
  state.set(at.SubnetOwner, owner, OPEN_NETUID);
  state.set(at.Tempo, OPEN_TEMPO, OPEN_NETUID);
  state.set(at.MaxAllowedUids, 256, OPEN_NETUID);
  state.set(at.MaxAllowedValidators, 256, OPEN_NETUID);
  state.set(at.MinAllowedWeights, 0, OPEN_NETUID);
  state.set(at.MaxWeightsLimit, WHOLE, OPEN_NETUID);
  state.set(at.WeightsSetRateLimit, 0n, OPEN_NETUID);
  state.set(at.ServingRateLimit, 0n, OPEN_NETUID);
  state.set(at.Burn, OPEN_BURN_RAO, OPEN_NETUID);
  state.set(subnet.AdjustmentAlpha, STEADY, OPEN_NETUID);
  state.set(subnet.MaxRegistrationsPerBlock, OPEN_REGISTRATIONS_PER_BLOCK, OPEN_NETUID);
  state.set(subnet.TargetRegistrationsPerInterval, OPEN_REGISTRATIONS_PER_INTERVAL, OPEN_NETUID);
  state.set(subnet.TokenSymbol, Uint8Array.of(0xce, 0xb1), OPEN_NETUID);
  state.set(subnet.SubtokenEnabled, true, OPEN_NETUID);
  state.set(FirstEmissionBlockNumber, 1n, OPEN_NETUID);
}
