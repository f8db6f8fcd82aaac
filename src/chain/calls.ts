/** Our calls, built by the runtime's metadata. Each function is a builder: a retry encodes again, by the metadata of then. */
import type { ApiPromise } from "@polkadot/api";
import type { SubmittableExtrinsic } from "@polkadot/api/types";
import { toHex } from "../base/bytes.ts";
import { findCall, unsupported } from "./runtime.ts";

export type Call = SubmittableExtrinsic<"promise">;

/** Never takes the sender below the existential deposit. @param amount in rao, 10⁻⁹ TAO */
export function transferCall(api: ApiPromise, to: string, amount: bigint): Call {
  return findCall(api, "balances", "transferKeepAlive", "transferAllowDeath", "transfer")(to, amount);
}

export function burnedRegisterCall(api: ApiPromise, netuid: number, hotkey: string): Call {
  return findCall(api, "subtensorModule", "burnedRegister")(netuid, hotkey);
}

/** The most bytes that a field's variant can tell the exact length of, `Raw0` to `Raw128`; newer runtimes have BigRaw above. */
const RAW_MAX_BYTES = 128;

/** @throws {SkeinError} `chain/unsupported-runtime` */
export function setCommitmentCall(api: ApiPromise, netuid: number, commitment: Uint8Array): Call {
  const setCommitment = findCall(api, "commitments", "setCommitment");
  const { byteLength } = commitment;
  const variant = byteLength <= RAW_MAX_BYTES ? `Raw${byteLength}` : "BigRaw";
  try {
    return setCommitment(netuid, { fields: [{ [variant]: `0x${toHex(commitment)}` }] });
  } catch {
    throw unsupported(api, `commitment field ${variant} for ${byteLength} bytes`);
  }
}

export function setWeightsCall(
  api: ApiPromise,
  netuid: number,
  weights: { readonly uids: number[]; readonly values: number[] },
  versionKey: bigint,
): Call {
  return findCall(api, "subtensorModule", "setWeights")(netuid, weights.uids, weights.values, versionKey);
}
