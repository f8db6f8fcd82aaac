import { strict as assert } from "node:assert";
import { isSkeinError } from "../../../src/base/errors.ts";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { checkBalance, estimateFeeRao, inTao, partialFee } from "../../../src/chain/fees.ts";
import { chainError } from "../../../src/chain/errors.ts";
import { offlineApi } from "./offline_api.ts";
import { metadataSpec293, metadataSpec393 } from "./recorded.ts";

const TAO = 1_000_000_000n;

Deno.test("the fee is read behind weights of any size, in balances of either width", () => {
  // ref_time 1, 2, 4 bytes and big; proof_size zero; class Normal.
  for (const weight of ["04", "0501", "02093d00", "070010a5d4e8"]) {
    assert.equal(partialFee(fromHex(`${weight}0000${"0a00000000000000"}`)), 10n);
    assert.equal(partialFee(fromHex(`${weight}0000${"0001".padEnd(32, "0")}`)), 256n);
  }
  assert.throws(
    () => partialFee(fromHex("00000001")),
    (error) => isSkeinError(error, "chain/request-failed"),
  );
});

Deno.test("amounts are told in TAO and in rao", () => {
  assert.equal(inTao(1_500_000_000n), "1.5 TAO (1500000000 rao)");
  assert.equal(inTao(500n), "0.0000005 TAO (500 rao)");
  assert.equal(inTao(2n * TAO), "2 TAO (2000000000 rao)");
});

interface Account {
  readonly free: bigint;
  readonly reserved?: bigint;
  readonly frozen?: bigint;
}

function check(account: Account, feeRao: bigint | Error, amountRao: bigint, method = "transfer") {
  const asked: string[] = [];
  const rao = (value: bigint) => ({ toBigInt: () => value });
  const data = Object.fromEntries(
    Object.entries({ reserved: 0n, frozen: 0n, ...account })
      .map(([name, value]) => [name, rao(value)]),
  );
  const entry = Object.assign(() => {}, {
    key: () => "account",
    creator: { meta: { type: { isPlain: true }, modifier: {}, fallback: { toU8a: () => [] } } },
  });
  const api: any = {
    call: { transactionPaymentApi: { queryInfo() {} } },
    consts: { balances: { existentialDeposit: rao(500n) } },
    query: { system: { account: entry } },
    registry: { createLookupType: () => "", createTypeUnsafe: () => ({ data }) },
  };
  const request = async (name: string) => {
    asked.push(name);
    if (name === "chain_getBlockHash") return "0xhead";
    if (name === "state_queryStorageAt") return [{ changes: [] }];
    if (typeof feeRao !== "bigint") throw feeRao;
    const fee = new DataView(new ArrayBuffer(8));
    fee.setBigUint64(0, feeRao, true);
    return `0x000000${toHex(new Uint8Array(fee.buffer))}`;
  };
  const signed = { hex: "0x0400", ss58: "5F", method };
  return { asked, done: checkBalance(api, request, "pay", signed, { amountRao }) };
}

Deno.test("who can pay amount, fee and deposit to the last rao passes, and one rao less does not", async () => {
  await check({ free: TAO + 10n + 500n }, 10n, TAO).done;
  await assert.rejects(
    check({ free: TAO + 10n + 499n }, 10n, TAO).done,
    (error) =>
      isSkeinError(error, "chain/balance-too-low") && error.payload.requiredRao === TAO + 510n &&
      error.message.includes("fund the account with 0.000000001 TAO (1 rao) or more"),
  );
});

Deno.test("what is frozen cannot be spent, but for what is reserved anyway", async () => {
  await check({ free: 10_000n, frozen: 9_000n }, 0n, 1_000n).done;
  await check({ free: 10_000n, frozen: 9_000n, reserved: 5_000n }, 0n, 6_000n).done;
  await assert.rejects(check({ free: 10_000n, frozen: 9_000n }, 0n, 1_001n).done);
});

Deno.test("a call that costs nothing asks for no balance, and one that may pay in stake for no fee", async () => {
  const free = check({ free: 0n }, 0n, 0n, "setWeights");
  await free.done;
  assert.deepEqual(free.asked, ["state_call"]);
  const unstake = check({ free: 0n }, 1_000n, 0n, "removeStake");
  await unstake.done;
  assert.deepEqual(unstake.asked, []);
});

Deno.test("a fee that the node cannot tell holds nothing up, and one about a block that it does not know is asked again", async () => {
  const failure = (words: string) =>
    chainError("chain/request-failed", `request state_call: the node answers ${words}`);
  await check({ free: TAO + 500n }, failure("wasm trap: unreachable"), TAO).done;
  await assert.rejects(check({ free: TAO + 499n }, failure("wasm trap: unreachable"), TAO).done, {
    code: "chain/balance-too-low",
  });
  const unknown = failure("UnknownBlock: Header was not found");
  await assert.rejects(check({ free: TAO + 500n }, unknown, TAO).done, (error) => error === unknown);
});

Deno.test("the recorded runtimes are asked for their fees by state_call", async () => {
  for (const [metadata, version] of [[metadataSpec293(), 293], [metadataSpec393(), 393]] as const) {
    const api = await offlineApi(metadata, version);
    const asked: unknown[] = [];
    const fee = await estimateFeeRao(api, async (method, params) => {
      asked.push(method, ...params);
      return "0x0000000a00000000000000";
    }, "0x0c010203");
    assert.equal(fee, 10n);
    assert.deepEqual(asked, ["state_call", "TransactionPaymentApi_query_info", "0x0c01020304000000"]);
    await api.disconnect();
  }
});
