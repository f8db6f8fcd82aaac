import assert from "node:assert/strict";
import { alice, devnetTest, freeRao, keyring, send, TAO } from "./devnet_harness.ts";

/** The next `count` heads. */
function heads(api: any, count: number, kind = "subscribeNewHeads"): Promise<any[]> {
  return new Promise((resolve) => {
    const seen: any[] = [];
    const stop = api.rpc.chain[kind]((header: any) => {
      seen.push(header);
      if (seen.length === count) stop.then((unsubscribe: () => void) => (unsubscribe(), resolve(seen)));
    });
  });
}

devnetTest("heads follow one another by hash and number, also without transactions", async (_, api) => {
  const seen = await heads(api, 4);
  for (const [i, header] of seen.slice(1).entries()) {
    assert.equal(header.number.toNumber(), seen[i].number.toNumber() + 1);
    assert.equal(header.parentHash.toHex(), seen[i].hash.toHex()); // the client's own blake2 of the SCALE header
    assert.equal((await api.rpc.chain.getBlockHash(seen[i].number.toNumber())).toHex(), seen[i].hash.toHex());
  }
  for (const kind of ["subscribeFinalizedHeads", "subscribeAllHeads"]) {
    assert.equal((await heads(api, 2, kind)).length, 2);
  }
});

devnetTest("a block holds the time and its transactions, and the client decodes them", async (_, api) => {
  const { blockHash } = await send(api, api.tx.system.remark("0xabcd"), alice());
  const { block } = await api.rpc.chain.getBlock(blockHash);
  const calls = block.extrinsics.map(({ method }) => `${method.section}.${method.method}`);
  assert.deepEqual(calls, ["timestamp.set", "system.remark"]);
  assert.equal(block.extrinsics[1].signer.toString(), alice().address);
  const now = (await (await api.at(blockHash)).query.timestamp.now()).toString();
  assert.equal(now, (block.extrinsics[0].method.args[0] as any).toString());
});

devnetTest("the state at a recent block is that of then", async (_, api) => {
  const fresh = keyring.addFromUri("//fresh").address;
  const before = await api.rpc.chain.getBlockHash();
  const { blockHash } = await send(api, api.tx.balances.transferKeepAlive(fresh, TAO), alice());
  await send(api, api.tx.balances.transferKeepAlive(fresh, TAO), alice());
  const freeAt = async (hash: any) => await freeRao(await api.at(hash) as any, fresh);
  assert.deepEqual([await freeAt(before), await freeAt(blockHash), await freeRao(api, fresh)], [
    0n,
    TAO,
    2n * TAO,
  ]);
  const then = await (await api.at(before)).query.system.account.keys();
  const now = await api.query.system.account.keys();
  assert.equal(now.length, then.length + 1);
});

devnetTest("a storage subscription tells the present value and each change", async (_, api) => {
  const fresh = keyring.addFromUri("//fresh").address;
  const seen: string[] = [];
  const stop = await api.query.system.account(
    fresh,
    (account: any) => void seen.push(account.data.free.toString()),
  );
  await send(api, api.tx.balances.transferKeepAlive(fresh, TAO), alice());
  await send(api, api.tx.balances.transferKeepAlive(fresh, TAO), alice());
  (stop as unknown as () => void)();
  assert.deepEqual(seen, ["0", TAO.toString(), (2n * TAO).toString()]);
});

devnetTest("the client's derived calls and fee query work", async (_, api) => {
  await (api as any)._rpcCore.provider.send("dev_newBlock", []);
  const derived = await api.derive.chain.bestNumber();
  assert.ok(derived.toNumber() >= 1);
  const balances = await api.derive.balances.account(alice().address);
  assert.equal(balances.freeBalance.toBigInt(), 1_000_000n * TAO);
  const info = await api.tx.balances.transferKeepAlive(alice().address, 1).paymentInfo(alice());
  assert.ok(info.partialFee.toBigInt() > 0n);
  assert.equal((await api.call.accountNonceApi.accountNonce(alice().address)).toString(), "0");
  assert.equal((await api.call.core.version() as any).specVersion.toNumber(), 293);
  assert.equal((await api.rpc.system.health()).isSyncing.isFalse, true);
});
