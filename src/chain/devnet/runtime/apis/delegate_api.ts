/** DelegateInfoRuntimeApi: hotkeys that take others' stake, with those whose stake it is. */
import { accountId } from "../../pallets/common_types.ts";
import { stakeOf, stakeOfColdkey } from "../../pallets/subtensor/stake.ts";
import { Alpha, Delegates } from "../../pallets/subtensor/stake_storage.ts";
import * as at from "../../pallets/subtensor/storage.ts";
import { storageKey } from "../../pallets/storage_entry.ts";
import { tuple, vec } from "../../../scale/composite_types.ts";
import { compact, u16, u64 } from "../../../scale/primitive_types.ts";
import { fromHex, toHex } from "../../../../base/bytes.ts";
import { method, type RuntimeApi, type RuntimeApiContext } from "./runtime_api.ts";
import { allSubnets, ROOT_NETUID } from "./subnet_view.ts";
import { view } from "./view.ts";

interface Delegate {
  readonly context: RuntimeApiContext;
  readonly hotkey: Uint8Array;
  /** By coldkey, then subnet. */
  readonly nominators: readonly (readonly [Uint8Array, (readonly [number, bigint])[]])[];
  /** Netuids where it is registered. */
  readonly registrations: readonly number[];
}

const BLOCKS_A_DAY = 7200n;
const WHOLE_TAKE = 65535n;
const THOUSAND_TAO_RAO = 1_000_000_000_000n;
const U64_MAX = (1n << 64n) - 1n;
const NOBODY = new Uint8Array(32);
/** Hex digits of a Blake2_128Concat key that is an account: 16 bytes of hash, then the account. */
const HASHED_ACCOUNT_DIGITS = 2 * (16 + 32);
const ACCOUNT_DIGITS = 2 * 32;

const c16 = compact(u16);
const c64 = compact(u64);
const info = view<Delegate>("pallet_subtensor::rpc_info::delegate_info::DelegateInfo", {
  delegate_ss58: [accountId, ({ hotkey }) => hotkey],
  take: [c16, ({ context, hotkey }) => context.state.get(Delegates, hotkey)],
  nominators: [vec(tuple(accountId, vec(tuple(c16, c64)))), ({ nominators }) => nominators],
  owner_ss58: [accountId, ({ context, hotkey }) => context.state.get(at.Owner, hotkey)],
  registrations: [vec(c16), ({ registrations }) => registrations],
  validator_permits: [vec(c16), validatorPermits],
  return_per_1000: [c64, returnPerThousandTao],
  total_daily_return: [c64, dailyReturnRao],
}, [{ name: "AccountId", type: accountId }]);

function validatorPermits({ context: { state }, hotkey, registrations }: Delegate): number[] {
  return registrations.filter((netuid) =>
    state.get(at.ValidatorPermit, netuid)[state.get(at.Uids, netuid, hotkey)!] ?? false
  );
}

function dailyReturnRao({ context: { state }, hotkey, registrations }: Delegate): bigint {
  let rao = 0n;
  for (const netuid of registrations) {
    const emission = state.get(at.Emission, netuid)[state.get(at.Uids, netuid, hotkey)!] ?? 0n;
    const tempo = BigInt(state.get(at.Tempo, netuid));
    if (tempo > 0n) rao += emission * BLOCKS_A_DAY / tempo;
  }
  return rao < U64_MAX ? rao : U64_MAX;
}

function returnPerThousandTao(delegate: Delegate): bigint {
  const { context: { state }, hotkey } = delegate;
  const stakeRao = stakeOf(state, hotkey, ROOT_NETUID);
  if (stakeRao === 0n) return 0n;
  const left = WHOLE_TAKE - BigInt(state.get(Delegates, hotkey));
  const rao = dailyReturnRao(delegate) * left * THOUSAND_TAO_RAO / (WHOLE_TAKE * stakeRao);
  // A rao of stake among a thousand TAO of others' would earn more than there is.
  return rao < U64_MAX ? rao : U64_MAX;
}

function delegateOf(context: RuntimeApiContext, hotkey: Uint8Array): Delegate {
  const registrations = allSubnets(context).map(({ netuid }) => netuid)
    .filter((netuid) => context.state.has(at.Uids, netuid, hotkey));
  return { context, hotkey, nominators: nominatorsOf(context, hotkey), registrations };
}

function nominatorsOf(context: RuntimeApiContext, hotkey: Uint8Array): Delegate["nominators"] {
  const prefix = storageKey(Alpha, hotkey, NOBODY, 0).slice(0, -HASHED_ACCOUNT_DIGITS - 4);
  const byColdkey = new Map<string, (readonly [number, bigint])[]>();
  for (const key of context.keys(prefix)) {
    const digits = key.slice(prefix.length + HASHED_ACCOUNT_DIGITS - ACCOUNT_DIGITS);
    const coldkey = digits.slice(0, ACCOUNT_DIGITS);
    const [low, high] = fromHex(digits.slice(ACCOUNT_DIGITS));
    const netuid = low | (high << 8);
    const stakeRao = stakeOfColdkey(context.state, hotkey, fromHex(coldkey), netuid);
    if (stakeRao > 0n) byColdkey.set(coldkey, [...byColdkey.get(coldkey) ?? [], [netuid, stakeRao]]);
  }
  return [...byColdkey].map(([coldkey, stakes]) => [fromHex(coldkey), stakes]);
}

function allDelegates(context: RuntimeApiContext): Delegate[] {
  const prefix = storageKey(Delegates, NOBODY).slice(0, -HASHED_ACCOUNT_DIGITS);
  return context.keys(prefix).map((key) => delegateOf(context, fromHex(key.slice(-ACCOUNT_DIGITS))));
}

export const delegateInfo: RuntimeApi = {
  name: "DelegateInfoRuntimeApi",
  methods: [
    method("get_delegates", {}, vec(info.type), (_, context) => allDelegates(context).map(info.read)),
    method(
      "get_delegate",
      { delegate_account: accountId },
      info.optional,
      ([hotkey]: [Uint8Array], context) =>
        context.state.has(Delegates, hotkey) ? info.read(delegateOf(context, hotkey)) : undefined,
    ),
    method(
      "get_delegated",
      { delegatee_account: accountId },
      vec(tuple(info.type, tuple(c16, c64))),
      ([coldkey]: [Uint8Array], context) =>
        allDelegates(context).flatMap((delegate) =>
          delegate.nominators.filter(([nominator]) => toHex(nominator) === toHex(coldkey))
            .flatMap(([, stakes]) => stakes)
            .map((stake) => [info.read({ ...delegate, nominators: [] }), stake])
        ),
    ),
  ],
};
