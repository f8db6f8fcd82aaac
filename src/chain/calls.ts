/**
 * Our calls, built by the runtime's metadata: the newest name that it has, and each argument by its name. Each function is a
 * builder: a retry encodes again, by the metadata of then.
 */
import type { ApiPromise } from "@polkadot/api";
import type { SubmittableExtrinsic } from "@polkadot/api/types";
import { toHex } from "../base/bytes.ts";
import { findCall, unsupported } from "./runtime.ts";

export type Call = SubmittableExtrinsic<"promise">;

/**
 * @param names newest first, in camelCase
 * @param values by the arguments' names in camelCase; more than one call takes is fine
 * @throws {SkeinError} `chain/unsupported-runtime` when there is no such call, or it wants an argument that we do not know
 */
export function buildCall(
  api: ApiPromise,
  pallet: string,
  names: readonly string[],
  values: Readonly<Record<string, unknown>>,
): Call {
  const build = findCall(api, pallet, ...names);
  const args = build.meta.args.map(({ name }) => {
    const key = camelCase(name.toString());
    if (Object.hasOwn(values, key)) return values[key];
    throw unsupported(api, `value for ${pallet}.${build.meta.name}'s argument ${name}`);
  });
  return build(...args);
}

export const hasCall = (api: ApiPromise, pallet: string, name: string): boolean =>
  api.tx[pallet]?.[name] !== undefined;

const camelCase = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** Never takes the sender below the existential deposit. @param amount in rao, 10⁻⁹ TAO */
export function transferCall(api: ApiPromise, to: string, amount: bigint): Call {
  return findCall(api, "balances", "transferKeepAlive", "transferAllowDeath", "transfer")(to, amount);
}

/** @param limit in rao, kept by the runtime itself where it can */
export function registerCall(api: ApiPromise, netuid: number, hotkey: string, limit?: bigint): Call {
  const names = limit === undefined ? ["burnedRegister"] : ["registerLimit", "burnedRegister"];
  return buildCall(api, "subtensorModule", names, { netuid, hotkey, limitPrice: limit });
}

export function createSubnetCall(api: ApiPromise, hotkey: string): Call {
  return buildCall(api, "subtensorModule", ["registerNetwork"], { hotkey, mechid: 1 });
}

export function startSubnetCall(api: ApiPromise, netuid: number): Call {
  return buildCall(api, "subtensorModule", ["startCall"], { netuid });
}

/** @param amount in rao */
export function addStakeCall(api: ApiPromise, netuid: number, hotkey: string, amount: bigint): Call {
  return buildCall(api, "subtensorModule", ["addStake"], { hotkey, netuid, amountStaked: amount });
}

/** @param amount of the subnet's token, in its 10⁻⁹ */
export function removeStakeCall(api: ApiPromise, netuid: number, hotkey: string, amount: bigint): Call {
  return buildCall(api, "subtensorModule", ["removeStake"], { hotkey, netuid, amountUnstaked: amount });
}

export interface AxonCall {
  readonly ip: bigint;
  readonly ipType: 4 | 6;
  readonly port: number;
  readonly protocol: number;
  readonly version: number;
}

export function serveAxonCall(api: ApiPromise, netuid: number, axon: AxonCall): Call {
  return buildCall(api, "subtensorModule", ["serveAxon"], {
    netuid,
    ...axon,
    placeholder1: 0,
    placeholder2: 0,
  });
}

/** The most bytes that a field's variant can tell the exact length of, `Raw0` to `Raw128`; newer runtimes have BigRaw above. */
const RAW_MAX_BYTES = 128;

/** @throws {SkeinError} `chain/unsupported-runtime` */
export function setCommitmentCall(api: ApiPromise, netuid: number, commitment: Uint8Array): Call {
  const { byteLength } = commitment;
  const variant = byteLength <= RAW_MAX_BYTES ? `Raw${byteLength}` : "BigRaw";
  const setCommitment = findCall(api, "commitments", "setCommitment");
  try {
    return setCommitment(netuid, { fields: [{ [variant]: `0x${toHex(commitment)}` }] });
  } catch {
    throw unsupported(api, `commitment field ${variant} for ${byteLength} bytes`);
  }
}

export interface WeightsOfCall {
  readonly uids: readonly number[];
  readonly values: readonly number[];
}

/** For the subnet's first mechanism, 0. */
export function setWeightsCall(
  api: ApiPromise,
  netuid: number,
  { uids, values }: WeightsOfCall,
  versionKey: bigint,
): Call {
  const names = ["setWeights", "setMechanismWeights"];
  return buildCall(api, "subtensorModule", names, {
    netuid,
    mecid: 0,
    dests: uids,
    weights: values,
    versionKey,
  });
}

/** @param commitHash of `weightsCommitHash` */
export function commitWeightsCall(api: ApiPromise, netuid: number, commitHash: Uint8Array): Call {
  const names = ["commitWeights", "commitMechanismWeights"];
  return buildCall(api, "subtensorModule", names, { netuid, mecid: 0, commitHash: `0x${toHex(commitHash)}` });
}

export function revealWeightsCall(
  api: ApiPromise,
  netuid: number,
  reveal: WeightsOfCall & { readonly salt: readonly number[]; readonly versionKey: bigint },
): Call {
  const names = ["revealWeights", "revealMechanismWeights"];
  return buildCall(api, "subtensorModule", names, { netuid, mecid: 0, ...reveal });
}

/** Those that want the hotkey in the message, newest first; then the one that wants it without. */
export const TIMELOCKED_CALLS = ["commitTimelockedWeights", "commitTimelockedMechanismWeights"];
export const TIMELOCKED_CALLS_WITHOUT_HOTKEY = ["commitCrv3Weights", "commitCrv3MechanismWeights"];

/** @param commitRevealVersion the chain's `CommitRevealWeightsVersion`, for the calls that want it */
export function commitTimelockedCall(
  api: ApiPromise,
  netuid: number,
  locked: { readonly commit: Uint8Array; readonly revealRound: number; readonly commitRevealVersion: number },
): Call {
  return buildCall(api, "subtensorModule", [...TIMELOCKED_CALLS, ...TIMELOCKED_CALLS_WITHOUT_HOTKEY], {
    netuid,
    mecid: 0,
    ...locked,
    commit: `0x${toHex(locked.commit)}`,
  });
}
