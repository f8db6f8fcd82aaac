/**
 * What a signature covers beside the call, in subtensor's order. Each extension puts an explicit part into the
 * transaction and an implicit part, which both sides know, into the signed bytes only.
 */
import { h256 } from "../pallets/common_types.ts";
import { option, plainVariant, struct, unit, type Variant, wrapper } from "../../scale/composite_types.ts";
import { compact, fixedBytes, u32, u64 } from "../../scale/primitive_types.ts";
import type { AnyType, TypeParameter } from "../../scale/scale_type.ts";
import { type Era, eraType } from "./era.ts";
import { runtimeType } from "./runtime.ts";
import { RUNTIME_VERSION } from "./version.ts";

export interface Extension {
  readonly name: string;
  readonly explicit: AnyType;
  readonly implicit: AnyType;
}

const RUNTIME: TypeParameter[] = [{ name: "T" }];
const FRAME = "frame_system::extensions";
const empty = (path: string) => struct(path, {}, RUNTIME);
const metadataHashMode = plainVariant("frame_metadata_hash_extension::Mode", ["Disabled", "Enabled"]);

export const EXTENSIONS: readonly Extension[] = [
  {
    name: "CheckNonZeroSender",
    explicit: empty(`${FRAME}::check_non_zero_sender::CheckNonZeroSender`),
    implicit: unit,
  },
  {
    name: "CheckSpecVersion",
    explicit: empty(`${FRAME}::check_spec_version::CheckSpecVersion`),
    implicit: u32,
  },
  { name: "CheckTxVersion", explicit: empty(`${FRAME}::check_tx_version::CheckTxVersion`), implicit: u32 },
  { name: "CheckGenesis", explicit: empty(`${FRAME}::check_genesis::CheckGenesis`), implicit: h256 },
  {
    name: "CheckMortality",
    explicit: wrapper(`${FRAME}::check_mortality::CheckMortality`, eraType, RUNTIME),
    implicit: h256,
  },
  {
    name: "CheckNonce",
    explicit: wrapper("node_subtensor_runtime::check_nonce::CheckNonce", compact(u32), RUNTIME),
    implicit: unit,
  },
  { name: "CheckWeight", explicit: empty(`${FRAME}::check_weight::CheckWeight`), implicit: unit },
  {
    name: "ChargeTransactionPayment",
    explicit: wrapper("pallet_transaction_payment::ChargeTransactionPayment", compact(u64), RUNTIME),
    implicit: unit,
  },
  {
    name: "SubtensorTransactionExtension",
    explicit: struct("pallet_subtensor::SubtensorTransactionExtension", {}, [{
      name: "T",
      type: runtimeType,
    }]),
    implicit: unit,
  },
  {
    name: "CheckMetadataHash",
    explicit: struct("frame_metadata_hash_extension::CheckMetadataHash", { mode: metadataHashMode }, RUNTIME),
    implicit: option(fixedBytes(32)),
  },
];

/** The explicit parts of a transaction, by extension. */
export interface Explicit {
  readonly CheckMortality: Era;
  readonly CheckNonce: number;
  readonly ChargeTransactionPayment: bigint;
  readonly CheckMetadataHash: { readonly mode: Variant };
}

/** The implicit parts, by extension; the others have none. The metadata's hash is signed by nobody here. */
export function implicitParts(genesisHash: Uint8Array, birthHash: Uint8Array): Record<string, unknown> {
  return {
    CheckSpecVersion: RUNTIME_VERSION.spec_version,
    CheckTxVersion: RUNTIME_VERSION.transaction_version,
    CheckGenesis: genesisHash,
    CheckMortality: birthHash,
    CheckMetadataHash: undefined,
  };
}
