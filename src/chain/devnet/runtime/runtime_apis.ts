/**
 * Functions of the runtime that a client calls by name through `state_call`: SCALE in, SCALE out. Only what a client
 * asks a chain about itself is here; subnets are read from storage.
 */
import { accountId, dispatchClass, weight } from "../pallets/common_types.ts";
import type { TypedState } from "../pallets/typed_state.ts";
import { Account } from "../pallets/system.ts";
import { option, struct, vec, wrapper } from "../scale/composite_types.ts";
import { bytes, u32, u64 } from "../scale/primitive_types.ts";
import type { AnyType } from "../scale/scale_type.ts";
import { uncheckedExtrinsic } from "./extrinsic.ts";
import { RUNTIME_VERSION, runtimeVersionType } from "./version.ts";

export interface RuntimeApiContext {
  readonly state: TypedState;
  /** Undefined for a version that is not published. */
  metadata(version: number): Uint8Array | undefined;
}

export interface RuntimeApiMethod {
  readonly name: string;
  readonly inputs: Readonly<Record<string, AnyType>>;
  readonly output: AnyType;
  // deno-lint-ignore no-explicit-any
  run(inputs: any, context: RuntimeApiContext): unknown;
}

export const METADATA_VERSIONS = [14, 15];

const opaqueMetadata = wrapper("sp_core::OpaqueMetadata", bytes);
const dispatchInfo = struct("pallet_transaction_payment::types::RuntimeDispatchInfo", {
  weight,
  class: dispatchClass,
  partial_fee: u64,
}, [{ name: "Balance", type: u64 }, { name: "Weight", type: weight }]);

function method<I extends readonly unknown[]>(
  name: string,
  inputs: Readonly<Record<string, AnyType>>,
  output: AnyType,
  run: (inputs: I, context: RuntimeApiContext) => unknown,
): RuntimeApiMethod {
  return { name, inputs, output, run };
}

export const RUNTIME_APIS: readonly {
  readonly name: string;
  readonly methods: readonly RuntimeApiMethod[];
}[] = [
  {
    name: "Core",
    methods: [method("version", {}, runtimeVersionType, () => RUNTIME_VERSION)],
  },
  {
    name: "Metadata",
    methods: [
      method("metadata", {}, opaqueMetadata, (_, context) => context.metadata(14)),
      method(
        "metadata_at_version",
        { version: u32 },
        option(opaqueMetadata),
        ([version]: [number], context) => context.metadata(version),
      ),
      method("metadata_versions", {}, vec(u32), () => METADATA_VERSIONS),
    ],
  },
  {
    name: "AccountNonceApi",
    methods: [
      method(
        "account_nonce",
        { account: accountId },
        u32,
        ([who]: [Uint8Array], { state }) => state.get(Account, who).nonce,
      ),
    ],
  },
  {
    name: "TransactionPaymentApi",
    methods: [
      // The transaction is taken as opaque bytes: whatever it is, it costs nothing here.
      method("query_info", { uxt: uncheckedExtrinsic, len: u32 }, dispatchInfo, () => ({
        weight: { ref_time: 0n, proof_size: 0n },
        class: { name: "Normal" },
        partial_fee: 0n,
      })),
    ],
  },
];
