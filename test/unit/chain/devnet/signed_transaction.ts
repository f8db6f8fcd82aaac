/** Transactions put together from the chain's own types, for tests and benches that need many of them and no client. */
import { blake2AsU8a } from "@polkadot/util-crypto";
import type { KeyringPair } from "@polkadot/keyring/types";
import { concatBytes } from "../../../../src/base/bytes.ts";
import { multiAddress, multiSignature } from "../../../../src/chain/devnet/pallets/common_types.ts";
import { EXTENSIONS, implicitParts } from "../../../../src/chain/devnet/runtime/extensions.ts";
import { explicitType } from "../../../../src/chain/devnet/runtime/extrinsic.ts";
import { runtimeCall } from "../../../../src/chain/devnet/runtime/runtime.ts";
import { tuple, type Variant } from "../../../../src/chain/scale/composite_types.ts";
import { bytes } from "../../../../src/chain/scale/primitive_types.ts";
import { encodeValue } from "../../../../src/chain/scale/scale_type.ts";

const SIGNED_VERSION_4 = 0x84;
const HASHED_ABOVE_BYTES = 256;
const implicitType = tuple(...EXTENSIONS.map(({ implicit }) => implicit));

/** Immortal, with its length in front. */
export function signCall(
  call: Variant,
  signer: KeyringPair,
  { genesisHash, nonce, tip = 0n }: { genesisHash: Uint8Array; nonce: number; tip?: bigint },
): Uint8Array<ArrayBuffer> {
  const explicit: Record<string, unknown> = {
    CheckMortality: { kind: "immortal" },
    CheckNonce: nonce,
    ChargeTransactionPayment: tip,
    CheckMetadataHash: { mode: { name: "Disabled" } },
  };
  const implicit = implicitParts(genesisHash, genesisHash);
  const encodedCall = encodeValue(runtimeCall, call);
  const extra = encodeValue(explicitType, EXTENSIONS.map(({ name }) => explicit[name] ?? {}));
  const beside = encodeValue(implicitType, EXTENSIONS.map(({ name }) => implicit[name]));
  const payload = concatBytes(encodedCall, extra, beside);
  const message = payload.byteLength > HASHED_ABOVE_BYTES ? blake2AsU8a(payload, 256) : payload;
  return encodeValue(
    bytes,
    concatBytes(
      Uint8Array.of(SIGNED_VERSION_4),
      encodeValue(multiAddress, { name: "Id", value: signer.publicKey }),
      encodeValue(multiSignature, { name: "Sr25519", value: signer.sign(message) }),
      extra,
      encodedCall,
    ),
  );
}

export function transferCall(to: Uint8Array, amountRao: bigint): Variant {
  const value = { dest: { name: "Id", value: to }, value: amountRao };
  return { name: "Balances", value: { name: "transfer_keep_alive", value } };
}
