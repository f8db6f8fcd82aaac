/** StakeInfoRuntimeApi: what coldkeys have staked, on which hotkeys, in which subnets. */
import { accountId } from "../../pallets/common_types.ts";
import { stakeOfColdkey } from "../../pallets/subtensor/stake.ts";
import { StakingHotkeys } from "../../pallets/subtensor/stake_storage.ts";
import { IsNetworkMember } from "../../pallets/subtensor/storage.ts";
import { AlphaDividendsPerSubnet, TaoDividendsPerSubnet } from "../../pallets/subtensor/subnet_storage.ts";
import { option, tuple, vec } from "../../../scale/composite_types.ts";
import { bool, compact, u16, u64 } from "../../../scale/primitive_types.ts";
import { method, type RuntimeApi, type RuntimeApiContext } from "./runtime_api.ts";
import { allSubnets } from "./subnet_view.ts";
import { view } from "./view.ts";

interface Stake {
  readonly context: RuntimeApiContext;
  readonly hotkey: Uint8Array;
  readonly coldkey: Uint8Array;
  readonly netuid: number;
  readonly alphaRao: bigint;
}

const c64 = compact(u64);
const stakeInfo = view<Stake>("pallet_subtensor::rpc_info::stake_info::StakeInfo", {
  hotkey: [accountId, ({ hotkey }) => hotkey],
  coldkey: [accountId, ({ coldkey }) => coldkey],
  netuid: [compact(u16), ({ netuid }) => netuid],
  stake: [c64, ({ alphaRao }) => alphaRao],
  locked: [c64, () => 0n],
  emission: [
    c64,
    ({ context, netuid, hotkey }) => context.state.get(AlphaDividendsPerSubnet, netuid, hotkey),
  ],
  tao_emission: [
    c64,
    ({ context, netuid, hotkey }) => context.state.get(TaoDividendsPerSubnet, netuid, hotkey),
  ],
  drain: [c64, () => 0n],
  is_registered: [bool, ({ context, netuid, hotkey }) => context.state.get(IsNetworkMember, hotkey, netuid)],
}, [{ name: "AccountId", type: accountId }]);

function stake(context: RuntimeApiContext, hotkey: Uint8Array, coldkey: Uint8Array, netuid: number): Stake {
  const alphaRao = stakeOfColdkey(context.state, hotkey, coldkey, netuid);
  return { context, hotkey, coldkey, netuid, alphaRao };
}

/** Subnet by subnet; none of nothing. */
function stakesOf(context: RuntimeApiContext, coldkey: Uint8Array) {
  const hotkeys = context.state.get(StakingHotkeys, coldkey);
  return allSubnets(context)
    .flatMap(({ netuid }) => hotkeys.map((hotkey) => stake(context, hotkey, coldkey, netuid)))
    .filter(({ alphaRao }) => alphaRao > 0n)
    .map(stakeInfo.read);
}

const side = option(tuple(accountId, u16));

export const stakeInfoApi: RuntimeApi = {
  name: "StakeInfoRuntimeApi",
  methods: [
    method(
      "get_stake_info_for_coldkey",
      { coldkey_account: accountId },
      vec(stakeInfo.type),
      ([coldkey]: [Uint8Array], context) => stakesOf(context, coldkey),
    ),
    method(
      "get_stake_info_for_coldkeys",
      { coldkey_accounts: vec(accountId) },
      vec(tuple(accountId, vec(stakeInfo.type))),
      ([coldkeys]: [Uint8Array[]], context) =>
        coldkeys.map((coldkey) => [coldkey, stakesOf(context, coldkey)]),
    ),
    method(
      "get_stake_info_for_hotkey_coldkey_netuid",
      { hotkey_account: accountId, coldkey_account: accountId, netuid: u16 },
      stakeInfo.optional,
      ([hotkey, coldkey, netuid]: [Uint8Array, Uint8Array, number], context) =>
        stakeInfo.read(stake(context, hotkey, coldkey, netuid)),
    ),
    method(
      "get_stake_fee",
      {
        origin: side,
        origin_coldkey_account: accountId,
        destination: side,
        destination_coldkey_account: accountId,
        amount: u64,
      },
      u64,
      () => 0n, // one to one, without a pool that would take a part
    ),
  ],
};
