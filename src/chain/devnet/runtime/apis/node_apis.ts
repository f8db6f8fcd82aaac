/** What a client asks a chain about itself: version, metadata, the nonce of an account. */
import { accountId } from "../../pallets/common_types.ts";
import { Account } from "../../pallets/system.ts";
import { option, vec, wrapper } from "../../../scale/composite_types.ts";
import { bytes, u32 } from "../../../scale/primitive_types.ts";
import { RUNTIME_VERSION, runtimeVersionType } from "../version.ts";
import { method, type RuntimeApi } from "./runtime_api.ts";

export const METADATA_VERSIONS = [14, 15];

const opaqueMetadata = wrapper("sp_core::OpaqueMetadata", bytes);

export const core: RuntimeApi = {
  name: "Core",
  methods: [method("version", {}, runtimeVersionType, () => RUNTIME_VERSION)],
};

export const metadata: RuntimeApi = {
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
};

export const accountNonce: RuntimeApi = {
  name: "AccountNonceApi",
  methods: [
    method(
      "account_nonce",
      { account: accountId },
      u32,
      ([who]: [Uint8Array], { state }) => state.get(Account, who).nonce,
    ),
  ],
};
