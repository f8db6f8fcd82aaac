/** Why a call failed or was not taken, in words: the runtime's name and documentation of the error, and what to do. */
import type { ApiPromise } from "@polkadot/api";
import { chainError } from "./errors.ts";

/** What an operator can do about errors of the runtime, by `Pallet.Name`. */
const ADVICE: Readonly<Record<string, string>> = {
  "SubtensorModule.CommitRevealEnabled": "the subnet has just begun to demand commit-reveal, try again",
  "SubtensorModule.CommitRevealDisabled": "the subnet has just ceased to take commits, try again",
  "SubtensorModule.CommittingWeightsTooFast": "wait for the subnet's weights rate limit",
  "SubtensorModule.TooManyUnrevealedCommits": "reveal the commits that are due, or wait until they expire",
  "SubtensorModule.RevealTooEarly": "wait for the epoch of the reveal",
  "SubtensorModule.ExpiredWeightCommit": "commit again and reveal in time",
  "SubtensorModule.NoWeightsCommitFound": "commit first, or again if the commit has expired",
  "SubtensorModule.InvalidRevealCommitHashNotMatch":
    "reveal just what was committed, from the place that keeps commits",
  "SubtensorModule.MaxWeightExceeded": "spread the weights over more miners",
  "SubtensorModule.UidVecContainInvalidOne": "read the metagraph again and leave out uids that are gone",
  "SubtensorModule.UidsLengthExceedUidsInSubNet": "read the metagraph again and leave out uids that are gone",
  "SubtensorModule.DuplicateUids": "name each uid once",
  "SubtensorModule.NonAssociatedColdKey": "use the coldkey that owns the hotkey",
  "SubtensorModule.HotKeyAccountNotExists": "register the hotkey first",
  "SubtensorModule.DelegateTxRateLimitExceeded":
    "wait: a take is raised only so often, see skein delegate show",
  "SubtensorModule.DelegateTakeTooLow": "look at the present take first: skein delegate show",
  "SubtensorModule.DelegateTakeTooHigh": "name a lower take, see skein delegate show",
  "SubtensorModule.TooManyChildren": "name five children at most",
  "SubtensorModule.InvalidChild": "name another hotkey than the parent itself",
  "SubtensorModule.DuplicateChild": "name each child once",
  "SubtensorModule.ProportionOverflow": "give away no more than 100 per cent",
  "SubtensorModule.NotEnoughStakeToSetChildkeys": "stake more on the hotkey",
  "SubtensorModule.InvalidChildkeyTake": "name a take within the bounds that skein children show tells",
  "SubtensorModule.TxChildkeyTakeRateLimitExceeded": "wait some blocks: a take is raised only so often",
  "SubtensorModule.HotKeySetTxRateLimitExceeded": "wait: hotkeys are swapped only so often",
  "SubtensorModule.HotKeySwapOnSubnetIntervalNotPassed":
    "wait: in one subnet hotkeys are swapped only so often",
  "SubtensorModule.NewHotKeyIsSameWithOld": "name another new hotkey",
  "SubtensorModule.NotEnoughBalanceToPaySwapHotKey": "fund the coldkey",
  "SubtensorModule.StakeTooLowForRoot": "stake more on the hotkey in subnet 0",
  "SubtensorModule.SameNetuid": "name another hotkey, coldkey or subnet to move it to",
  "SubtensorModule.NotEnoughStake": "stake more on the hotkey",
  "SubtensorModule.NotEnoughStakeToWithdraw": "unstake no more than there is",
  "SubtensorModule.AmountTooLow": "stake or unstake more at once",
  "SubtensorModule.StakingOperationRateLimitExceeded": "wait a block and try again",
  "SubtensorModule.InsufficientLiquidity": "try a smaller amount",
  "SubtensorModule.SlippageTooHigh": "try a smaller amount, or allow a worse price",
  "SubtensorModule.SubtokenDisabled": "wait until the subnet's owner has started it",
  "SubtensorModule.NeedWaitingMoreBlocksToStarCall": "wait some blocks and start the subnet then",
  "SubtensorModule.FirstEmissionBlockNumberAlreadySet": "nothing is to be done, the subnet has been started",
  "SubtensorModule.NotSubnetOwner": "use the coldkey that owns the subnet",
  "SubtensorModule.NetworkTxRateLimitExceeded": "wait: the chain lets subnets be created only so often",
  "SubtensorModule.CannotAffordLockCost": "fund the coldkey, or wait: what a subnet costs falls by and by",
  "SubtensorModule.SubnetLimitReached": "wait until a subnet can be replaced",
  "SubtensorModule.IncorrectCommitRevealVersion": "the chain has just been upgraded, try again",
  "SubtensorModule.AllNetworksInImmunity": "wait until a subnet can be replaced",
  "SubtensorModule.NoNeuronIdAvailable": "try again later: no neuron of the subnet can be replaced now",
  "SubtensorModule.RegistrationNotPermittedOnRootSubnet": "name another subnet",
  "SubtensorModule.ServingRateLimitExceeded": "wait for the subnet's serving rate limit",
  "SubtensorModule.InvalidIpAddress": "publish an address that others can reach",
  "SubtensorModule.InvalidIpType": "publish an IPv4 or IPv6 address",
  "SubtensorModule.InvalidPort": "publish a port from 1 to 65535",
  "SubtensorModule.SubNetworkDoesNotExist": "check --netuid and the network",
  "SubtensorModule.MechanismDoesNotExist": "check --netuid and the network",
  "SubtensorModule.NeuronNoValidatorPermit": "stake more, or wait for the next epoch",
  "SubtensorModule.NotEnoughStakeToSetWeights": "stake more on the hotkey",
  "SubtensorModule.SettingWeightsTooFast": "wait for the subnet's weights rate limit",
  "SubtensorModule.IncorrectWeightVersionKey": "update Skein to the version the subnet asks for",
  "SubtensorModule.NotEnoughBalanceToStake": "fund the coldkey",
  "SubtensorModule.CanNotSetRootNetworkWeights": "name another subnet",
  "SubtensorModule.HotKeyNotRegisteredInSubNet": "register the hotkey",
  "SubtensorModule.HotKeyNotRegisteredInNetwork": "register the hotkey",
  "SubtensorModule.HotKeyAlreadyRegisteredInSubNet": "use the registration that exists",
  "SubtensorModule.TooManyRegistrationsThisBlock": "try again in the next block",
  "SubtensorModule.TooManyRegistrationsThisInterval": "try again in the next adjustment interval",
  "SubtensorModule.SubNetRegistrationDisabled": "ask the subnet's owner",
  "SubtensorModule.SubnetNotExists": "check --netuid and the network",
  "SubtensorModule.WeightVecLengthIsLow": "score more miners",
  "SubtensorModule.BalanceWithdrawalError": "fund the coldkey: a little must stay on it",
  "SubtensorModule.InsufficientBalance": "fund the coldkey",
  "SubtensorModule.StakingRateLimitExceeded": "wait a block and try again",
  "SubtensorModule.TxRateLimitExceeded": "wait: the chain allows it only so often",
  "SubtensorModule.TransferDisallowed": "the subnet does not allow transfers of stake, leave it where it is",
  "SubtensorModule.ColdkeySwapAnnounced": "the coldkey is about to be swapped, use the new one then",
  "SubtensorModule.ColdkeySwapDisputed": "the swap of the coldkey is disputed, wait until that is settled",
  "SubtensorModule.AdminActionProhibitedDuringWeightsWindow": "wait for the epoch, which is near",
  "SubtensorModule.DisabledTemporarily": "the chain takes no such call at present, try again later",
  "SubtensorModule.CallDisabled": "the chain takes no such call at present, try again later",
  "BadOrigin": "use the coldkey that owns the subnet; some things the chain itself alone sets",
  "System.CallFiltered": "the chain takes no such call at present, try again later",
  "Balances.InsufficientBalance": "fund the account",
  "Token.FundsUnavailable": "fund the account",
  "Commitments.AccountNotAllowedCommit": "register the hotkey first",
  "Commitments.SpaceLimitExceeded": "wait for the next epoch",
};

export const ERRORS_WITH_ADVICE: readonly string[] = Object.keys(ADVICE);

/** Subtensor's `CustomTransactionError`, numbers without names in the metadata: its own name, and what can be done. */
const POOL_ERRORS: Readonly<Record<number, readonly [name: string, advice: string]>> = {
  0: ["ColdkeyInSwapSchedule", "the coldkey is about to be swapped"],
  1: ["StakeAmountTooLow", "the stake is too low, stake more"],
  2: ["BalanceTooLow", "the balance is too low, fund the coldkey"],
  3: ["SubnetNotExists", "the subnet does not exist, check --netuid"],
  4: ["HotkeyAccountDoesntExist", "the hotkey has no account, register it"],
  5: ["NotEnoughStakeToWithdraw", "the stake is less than that, unstake no more than there is"],
  6: ["RateLimitExceeded", "the rate limit is exceeded, wait and try again"],
  7: ["InsufficientLiquidity", "the subnet's pool is too small for it, try a smaller amount"],
  8: ["SlippageTooHigh", "the price would move too far, try a smaller amount"],
  9: ["TransferDisallowed", "the subnet does not allow transfers of stake"],
  10: ["HotKeyNotRegisteredInNetwork", "the hotkey is not registered in the subnet, register it"],
  11: ["InvalidIpAddress", "the IP address is refused, publish one that others can reach"],
  12: ["ServingRateLimitExceeded", "the serving rate limit is exceeded, wait and try again"],
  13: ["InvalidPort", "the port is refused, publish another"],
  14: ["ZeroMaxAmount", "the amount is zero at that price, name another"],
  15: ["InvalidRevealRound", "the round of the reveal is over, commit again"],
  16: ["CommitNotFound", "no such commit is there, commit first"],
  17: ["CommitBlockNotInRevealRange", "it is not the epoch of the reveal, wait for it"],
  18: ["InputLengthsUnequal", "lists of different lengths were given"],
  19: ["UidNotFound", "the hotkey is not registered in the subnet, register it"],
  20: ["EvmKeyAssociateRateLimitExceeded", "wait and try again"],
  21: [
    "ColdkeySwapDisputed",
    "the swap of the coldkey is disputed, nothing can be done with it until that is settled",
  ],
  22: ["InvalidRealAccount", "the account that it is done for is refused"],
  23: ["FailedShieldedTxParsing", "send it in the open"],
  24: ["InvalidShieldedTxPubKeyHash", "the chain's key has just changed, try again"],
  25: ["NonAssociatedColdKey", "the coldkey does not own the hotkey, use the one that does"],
  26: ["DelegateTakeTooLow", "the take is below the least that the chain allows, name a higher one"],
  27: ["DelegateTakeTooHigh", "the take is above the most that the chain allows, name a lower one"],
  255: ["BadRequest", "the runtime gives no reason, check the account and the call's arguments"],
};

/** What a number means for some calls. */
const POOL_ADVICE_BY_CALL: readonly (readonly [custom: number, call: RegExp, advice: string])[] = [
  [6, /^registerNetwork/, "the chain lets subnets be created only so often, wait and try again"],
  [
    6,
    /^(burnedRegister|register|registerLimit)$/,
    "the subnet takes no more of them in this interval, try again in the next",
  ],
  [6, /weights$/i, "wait for the subnet's weights rate limit"],
  [255, /stake/i, "most often the subnet is not started yet, see: skein subnet show"],
];

/** @param dispatchError a decoded DispatchError @returns `Pallet.Name` and the runtime's documentation of it */
export function nameDispatchError(api: ApiPromise, dispatchError: any): { name: string; docs: string } {
  if (dispatchError.isModule) {
    try {
      const { section, name, docs } = api.registry.findMetaError(dispatchError.asModule);
      const pallet = section[0].toUpperCase() + section.slice(1);
      return { name: `${pallet}.${name}`, docs: docs.join(" ").trim() };
    } catch {
      return { name: `Module.${dispatchError.asModule.toString()}`, docs: "" };
    }
  }
  const inner = dispatchError.value?.type;
  return { name: inner === undefined ? dispatchError.type : `${dispatchError.type}.${inner}`, docs: "" };
}

export function callFailed(api: ApiPromise, what: string, dispatchError: any, blockHash: string): Error {
  const { name, docs } = nameDispatchError(api, dispatchError);
  const advice = ADVICE[name] ?? "see the runtime's documentation of this error";
  return chainError(
    "chain/call-failed",
    `${what}: the runtime answers ${name}${docs === "" ? "" : ` (${docs.replace(/\.$/, "")})`}, ${advice}`,
    { error: name, docs, blockHash },
  );
}

/** @param error the node's answer to a submission @param method the call in camelCase */
export function callRefused(what: string, error: { code?: number; message: string }, method = ""): Error {
  const parts = /custom(?: error)?["\s:]+(\d+)/i.exec(error.message);
  const custom = parts === null ? undefined : Number(parts[1]);
  const known = custom === undefined ? undefined : POOL_ERRORS[custom];
  let advice = "check the account and the call";
  if (custom !== undefined) {
    const [, , special] = POOL_ADVICE_BY_CALL.find(([number, call]) =>
      number === custom && call.test(method)
    ) ?? [];
    advice = special ?? known?.[1] ?? "see CustomTransactionError of the runtime";
  }
  if (/pay some fees|balance too low|"payment"/i.test(error.message)) advice = "fund the account";
  return chainError(
    "chain/call-refused",
    `${what}: the transaction pool answers ${error.message}${
      known === undefined ? "" : ` (${known[0]})`
    }, ${advice}`,
    { rpcCode: error.code, customError: custom, customName: known?.[0] },
  );
}
