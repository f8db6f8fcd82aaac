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
  "Balances.InsufficientBalance": "fund the account",
  "Token.FundsUnavailable": "fund the account",
  "Commitments.AccountNotAllowedCommit": "register the hotkey first",
  "Commitments.SpaceLimitExceeded": "wait for the next epoch",
};

export const ERRORS_WITH_ADVICE: readonly string[] = Object.keys(ADVICE);

/** Subtensor's `CustomTransactionError`: numbers without names in the metadata. */
const POOL_ADVICE: Readonly<Record<number, string>> = {
  0: "the coldkey is about to be swapped",
  1: "the stake is too low, stake more",
  2: "the balance is too low, fund the coldkey",
  3: "the subnet does not exist, check --netuid",
  4: "the hotkey has no account, register it",
  5: "the stake is less than that, unstake no more than there is",
  6: "the rate limit is exceeded, wait and try again",
  7: "the subnet's pool is too small for it, try a smaller amount",
  8: "the price would move too far, try a smaller amount",
  9: "the subnet does not allow transfers of stake",
  10: "the hotkey is not registered in the subnet, register it",
  11: "the IP address is refused, publish one that others can reach",
  12: "the serving rate limit is exceeded, wait and try again",
  13: "the port is refused, publish another",
  14: "the amount is zero, name another",
  15: "the round of the reveal is over, commit again",
  16: "no such commit is there, commit first",
  17: "it is not the epoch of the reveal, wait for it",
  18: "lists of different lengths were given",
  19: "the hotkey is not registered in the subnet, register it",
  25: "the coldkey does not own the hotkey, use the one that does",
};

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

/** @param error the node's answer to a submission */
export function callRefused(what: string, error: { code?: number; message: string }): Error {
  const custom = /custom(?: error)?["\s:]+(\d+)/i.exec(error.message);
  let advice = "check the account and the call";
  if (custom !== null) advice = POOL_ADVICE[Number(custom[1])] ?? "see CustomTransactionError of the runtime";
  if (/pay some fees|balance too low|"payment"/i.test(error.message)) advice = "fund the account";
  return chainError(
    "chain/call-refused",
    `${what}: the transaction pool answers ${error.message}, ${advice}`,
    {
      rpcCode: error.code,
      customError: custom === null ? undefined : Number(custom[1]),
    },
  );
}
