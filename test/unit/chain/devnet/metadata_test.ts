import assert from "node:assert/strict";
import { fromHex, toHex } from "../../../../src/base/bytes.ts";
import { metadataV14 } from "../../../../src/chain/devnet/metadata/metadata_v14.ts";
import { metadataV15 } from "../../../../src/chain/devnet/metadata/metadata_v15.ts";
import { decodeTransaction } from "../../../../src/chain/devnet/runtime/extrinsic.ts";
import { devnetTest } from "./devnet_harness.ts";
import { metadataSpec293 } from "../recorded.ts";
import { listMetadata } from "./metadata_listing.ts";

/** What this chain says of itself on purpose otherwise than the recorded one. */
const OWN = ["System 0 constant Version"];

for (const [version, make] of Object.entries({ 14: metadataV14, 15: metadataV15 })) {
  Deno.test(`metadata ${version} has nothing that the runtime of spec 293 has not: names, numbers, types, hashers, values`, () => {
    const real = new Set(listMetadata(metadataSpec293()));
    const ours = listMetadata(`0x${toHex(make())}`);
    const other = ours.filter((line) => !real.has(line) && !OWN.some((own) => line.startsWith(`${own}:`)));
    assert.deepEqual(other, []);
    assert.ok(ours.length > 500, `${ours.length} items`);
  });
}

/** Of subjects that this chain has not: the senate, swaps of coldkeys, leases, emission into pools … */
const WITHOUT_SUBJECT = /Senate|ColdkeySwap|Dissolve|Lease|EmaPrice/;
/** Of what is here, but that is set in another way than by a constant. */
const UNUSED =
  /InitialIssuance|EmissionValue|ValidatorPruneLen|PruningScore|NetworkMinAllowedUids|SubnetOwnerCut/;

Deno.test("every constant of subtensor's pallet is there whose subject is", () => {
  const ours = new Set(listMetadata(`0x${toHex(metadataV15())}`));
  const constants = listMetadata(metadataSpec293())
    .filter((line) => line.startsWith("SubtensorModule 7 constant "));
  const missing = constants.filter((line) => !ours.has(line)).map((line) => line.split(/[ :]/)[3]);
  const excused = missing.filter((name) => WITHOUT_SUBJECT.test(name) || UNUSED.test(name));
  assert.deepEqual(missing, excused);
  assert.equal(constants.length, 59);
});

Deno.test("a transaction recorded from a subtensor chain decodes to its call and arguments", () => {
  const recorded = fromHex(
    "0x49028400d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d01cc9853729c214baf5e1c4d2c091fe5" +
      "9415f3ac0cf9afd086b8fb82de9e39af5c2d648bea4f21cf37d185f6662cd3b0ea5ca64424ea4527112e13fa668206ec85180000" +
      "0000050300967565a72ebaf286e32c4fa2bff58394bb727afb3c2b10f0a628d4f56d8900750b0040e59c3012",
  );
  const { signer, call, explicit } = decodeTransaction(recorded);
  assert.equal(toHex(signer), "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d");
  assert.deepEqual([call.name, call.value.name], ["Balances", "transfer_keep_alive"]);
  assert.equal(
    toHex(call.value.value.dest.value),
    "967565a72ebaf286e32c4fa2bff58394bb727afb3c2b10f0a628d4f56d890075",
  );
  assert.equal(call.value.value.value, 20_000_000_000_000n);
  assert.deepEqual(explicit.CheckMortality, { kind: "mortal", periodBlocks: 512, phase: 1 });
  assert.equal(explicit.CheckNonce, 0);
});

devnetTest("the client reads metadata of both versions and the runtime APIs", async (_, api) => {
  const versions = await api.call.metadata.metadataVersions();
  assert.deepEqual(versions.toJSON(), [14, 15]);
  assert.equal(api.runtimeMetadata.version, 15);
  assert.equal((await api.rpc.state.getMetadata()).version, 14);
  assert.equal((await api.call.metadata.metadataAtVersion(99) as any).isNone, true);
  const registration = api.createType("PalletCommitmentsRegistration").toRawType();
  assert.deepEqual(Object.keys(JSON.parse(registration)), ["deposit", "block", "info"]);
  assert.deepEqual(api.registry.chainDecimals, [9]);
  assert.deepEqual(api.registry.chainTokens, ["TAO"]);
  assert.equal(api.registry.chainSS58, 42);
});
