import assert from "node:assert/strict";
import { fromHex } from "../../../../src/base/bytes.ts";
import { isSkeinError } from "../../../../src/base/errors.ts";
import { CALL_WEIGHTS } from "../../../../src/chain/devnet/runtime/call_weights.ts";
import {
  addWeights,
  BASE_EXTRINSIC_WEIGHT,
  dispatchInfoAfter,
  dispatchInfoOf,
} from "../../../../src/chain/devnet/runtime/dispatch_info.ts";
import { decodeTransaction } from "../../../../src/chain/devnet/runtime/extrinsic.ts";
import { feeRao, weightToFeeRao } from "../../../../src/chain/devnet/runtime/fees.ts";
import { RUNTIME_PALLETS } from "../../../../src/chain/devnet/runtime/runtime.ts";
import {
  alice,
  connect,
  devnetTest,
  freeRao,
  keyring,
  NETUID,
  openDevnet,
  send,
  TAO,
} from "./devnet_harness.ts";
import { recordedFees } from "./recorded_fees.ts";

const fresh = keyring.addFromUri("//fresh");

Deno.test("every call of the chain has the weight that it was declared with", () => {
  const without = RUNTIME_PALLETS.flatMap(({ pallet }) =>
    pallet.calls.filter(({ name }) => !CALL_WEIGHTS[pallet.name]?.[name]).map(({ name }) =>
      `${pallet.name}.${name}`
    )
  );
  assert.deepEqual(without, []);
});

Deno.test("weight, class and fee of each recorded transaction are those that its block told", () => {
  const seen = new Set<string>();
  for (const { extrinsic, weight, className, paysFee, fee, isSuccess } of recordedFees()) {
    const transaction = decoded(extrinsic);
    if (transaction === undefined) continue;
    const { call, bytes, explicit } = transaction;
    const name = `${call.name}.${call.value.name}`;
    const info = dispatchInfoAfter(call, dispatchInfoOf(call), isSuccess);
    const base = 108_157_000n; // what events count beside the call
    assert.deepEqual(
      [name, info.weight.ref_time + base, info.weight.proof_size, info.class.name, info.pays_fee.name],
      [name, weight.refTime, weight.proofSize, className, paysFee],
    );
    assert.equal(feeRao(bytes.byteLength, info, explicit.ChargeTransactionPayment), fee, name);
    seen.add(name);
  }
  assert.ok(seen.size >= 6, [...seen].join());
  assert.ok(seen.has("Balances.transfer_keep_alive"));
});

Deno.test("whatever weight a call announces, 64 bits hold the sum that its block tells", () => {
  const most = (1n << 64n) - 1n;
  const remark = { name: "System", value: { name: "remark", value: { remark: new Uint8Array() } } };
  const args = { call: remark, weight: { ref_time: most, proof_size: most } };
  const heavy = { name: "Sudo", value: { name: "sudo_unchecked_weight", value: args } };
  const batch = { name: "Utility", value: { name: "batch", value: { calls: [heavy, heavy] } } };
  const { weight } = dispatchInfoOf(batch);
  assert.deepEqual(weight, { ref_time: most, proof_size: most });
  assert.deepEqual(addWeights(weight, BASE_EXTRINSIC_WEIGHT), weight);
});

/** Undefined for a call that this chain does not have. */
function decoded(extrinsic: string) {
  try {
    return decodeTransaction(fromHex(extrinsic));
  } catch (error) {
    if (isSkeinError(error, "scale/undecodable")) return undefined;
    throw error;
  }
}

Deno.test("a fee by weight goes to the nearest rao, halves down", () => {
  const fee = (ref_time: bigint) => weightToFeeRao({ ref_time, proof_size: 0n });
  assert.deepEqual([fee(1000n), fee(1002n), fee(3000n), fee(999n), fee(2000n)], [0n, 1n, 1n, 0n, 1n]);
});

devnetTest(
  "the fee that was asked for is the fee that is paid, with the events subtensor tells",
  async (_, api) => {
    const call = api.tx.balances.transferKeepAlive(fresh.address, TAO);
    const asked = (await call.paymentInfo(alice())).partialFee.toBigInt();
    const details = await api.rpc.payment.queryFeeDetails((await call.signAsync(alice())).toHex());
    const { baseFee, lenFee, adjustedWeightFee } = details.inclusionFee.unwrap();
    assert.equal(baseFee.toBigInt() + lenFee.toBigInt() + adjustedWeightFee.toBigInt(), asked);
    const issued = async () => (await api.query.balances.totalIssuance() as any).toBigInt();
    const [free, total] = [await freeRao(api, alice().address), await issued()];
    const { blockHash, feeRao } = await send(api, call, alice(), { tip: 5n });
    assert.equal(feeRao, asked + 5n);
    assert.equal(await freeRao(api, alice().address), free - TAO - feeRao);
    assert.equal(await issued(), total - feeRao);
    const events = await (await api.at(blockHash)).query.system.events() as any;
    const told = events.filter(({ phase }: any) =>
      phase.isApplyExtrinsic && phase.asApplyExtrinsic.toNumber() === 1
    );
    assert.deepEqual(told.map(({ event }: any) => `${event.section}.${event.method}`), [
      "balances.Withdraw",
      "system.NewAccount",
      "balances.Endowed",
      "balances.Transfer",
      "balances.Deposit",
      "transactionPayment.TransactionFeePaid",
      "system.ExtrinsicSuccess",
    ]);
    const { dispatchInfo } = told.at(-1).event.data;
    assert.equal(dispatchInfo.paysFee.toString(), "Yes");
    assert.equal(dispatchInfo.weight.refTime.toNumber(), 273_812_000);
  },
);

devnetTest(
  "a failed call pays; what the key's owner does costs nothing, and others who try pay",
  async (_, api) => {
    const tooMuch = api.tx.balances.transferKeepAlive(fresh.address, 10n ** 16n);
    assert.ok((await send(api, tooMuch, alice())).feeRao > 0n);
    const before = await freeRao(api, alice().address);
    const remark = api.tx.sudo.sudo(api.tx.system.remark("0x00"));
    assert.equal((await send(api, remark, alice())).feeRao, 0n);
    assert.equal(await freeRao(api, alice().address), before);
    const bob = await send(api, remark, keyring.addFromUri("//Bob"));
    assert.equal(bob.error, "sudo.RequireSudo");
    assert.ok(bob.feeRao > 0n);
  },
);

devnetTest("who has nothing may make free calls, and no others", async (_, api) => {
  const poor = keyring.addFromUri("//poor");
  const weights = await send(api, api.tx.subtensorModule.setWeights(NETUID, [0], [1], 0), poor);
  assert.equal(weights.feeRao, 0n);
  await assert.rejects(
    api.tx.system.remark("0x00").signAndSend(poor),
    (error: any) => error.code === 1010 && error.message.includes("Inability to pay some fees"),
  );
});

Deno.test("a fee that an earlier transaction of the same block spent drops the later one, and tells", async () => {
  const directory = await Deno.makeTempDir();
  const devnet = await openDevnet(directory);
  const api = await connect(devnet.url);
  try {
    await send(api, api.tx.balances.transferKeepAlive(fresh.address, TAO), alice());
    const { partialFee } = await api.tx.balances.transferKeepAlive(alice().address, TAO).paymentInfo(fresh);
    const nearlyAll = TAO - partialFee.toBigInt() - 500n;
    const [paid, unpaid] = await Promise.allSettled([
      send(api, api.tx.balances.transferKeepAlive(alice().address, nearlyAll), fresh, { nonce: 0 }),
      send(api, api.tx.system.remark("0x00"), fresh, { nonce: 1 }),
    ]);
    assert.equal(paid.status, "fulfilled");
    assert.equal(unpaid.status, "rejected");
  } finally {
    await api.disconnect();
    await devnet.stop();
    await Deno.remove(directory, { recursive: true });
  }
});
