/**
 * Which runtime this chain claims to be: subtensor's name and number, since it speaks the same calls for what it
 * implements.
 */
import { blake2AsU8a } from "@polkadot/util-crypto";
import { toHex, utf8 } from "../../../base/bytes.ts";
import { struct, tuple, vec, wrapper } from "../../scale/composite_types.ts";
import { fixedBytes, text, u32, u8 } from "../../scale/primitive_types.ts";

const cowText = wrapper("Cow", text, [{ name: "T", type: text }]);
const apiVersions = vec(tuple(fixedBytes(8), u32));

export const runtimeVersionType = struct("sp_version::RuntimeVersion", {
  spec_name: cowText,
  impl_name: cowText,
  authoring_version: u32,
  spec_version: u32,
  impl_version: u32,
  apis: wrapper("Cow", apiVersions, [{ name: "T", type: apiVersions }]),
  transaction_version: u32,
  system_version: u8,
});

/** A runtime API is known by the first eight bytes of its name's hash. */
const API_VERSIONS: Readonly<Record<string, number>> = {
  Core: 5,
  Metadata: 2,
  AccountNonceApi: 1,
  TransactionPaymentApi: 4,
  TransactionPaymentCallApi: 3,
  DelegateInfoRuntimeApi: 1,
  NeuronInfoRuntimeApi: 1,
  SubnetInfoRuntimeApi: 1,
  StakeInfoRuntimeApi: 1,
  SubnetRegistrationRuntimeApi: 1,
  SwapRuntimeApi: 1,
};

export const RUNTIME_VERSION = {
  spec_name: "node-subtensor",
  impl_name: "skein-devnet",
  authoring_version: 1,
  spec_version: 293,
  impl_version: 1,
  apis: Object.entries(API_VERSIONS).map(([name, version]): [Uint8Array, number] => [
    blake2AsU8a(utf8(name), 64),
    version,
  ]),
  transaction_version: 1,
  system_version: 1,
};

/** As the RPC methods give it. */
export function runtimeVersionJson(): Record<string, unknown> {
  return {
    specName: RUNTIME_VERSION.spec_name,
    implName: RUNTIME_VERSION.impl_name,
    authoringVersion: RUNTIME_VERSION.authoring_version,
    specVersion: RUNTIME_VERSION.spec_version,
    implVersion: RUNTIME_VERSION.impl_version,
    apis: RUNTIME_VERSION.apis.map(([id, version]) => [`0x${toHex(id)}`, version]),
    transactionVersion: RUNTIME_VERSION.transaction_version,
    stateVersion: RUNTIME_VERSION.system_version,
  };
}
