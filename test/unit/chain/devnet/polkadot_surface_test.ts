/** What the documentation of @polkadot/api shows beside its examples (api/start, api/cookbook), and its derived reads. */
import assert from "node:assert/strict";
import { ApiPromise, HttpProvider } from "@polkadot/api";
import { alice, devnetTest, keyring, NETUID, send, TAO } from "./devnet_harness.ts";

const BOB = keyring.addFromUri("//Bob").address;
const fresh = keyring.addFromUri("//fresh").address;
const ENDOWMENT_RAO = 1_000_000n * TAO;

/** The first value that a subscription tells. */
function first<T>(subscribe: (tell: (value: T) => void) => Promise<() => void>): Promise<T> {
  return new Promise((resolve, reject) => {
    let unsubscribe: (() => void) | undefined;
    let isTold = false;
    subscribe((value) => {
      isTold = true;
      resolve(value);
      unsubscribe?.();
    }).then((stop) => isTold ? stop() : unsubscribe = stop, reject);
  });
}

devnetTest("constants are read without asking the chain", (_, api) => {
  const { balances, system, subtensorModule } = api.consts as any;
  assert.equal(balances.existentialDeposit.toNumber(), 500);
  assert.equal(system.ss58Prefix.toNumber(), 42);
  assert.equal(subtensorModule.initialTempo.toNumber(), 10);
  assert.match(balances.existentialDeposit.meta.type.toString(), /^\d+$/);
  return Promise.resolve();
});

devnetTest("several queries of different kinds are one subscription", async (_, api) => {
  const [now, { nonce, data }, tempo] = await first<any>((tell) =>
    api.queryMulti([
      api.query.timestamp.now,
      [api.query.system.account, alice().address],
      [api.query.subtensorModule.tempo, NETUID],
    ], tell)
  );
  assert.ok(now.toNumber() > 0);
  assert.deepEqual([nonce.toNumber(), data.free.toBigInt(), tempo.toNumber() > 0], [0, ENDOWMENT_RAO, true]);
});

devnetTest("maps are listed whole, page by page, and their sizes and hashes told", async (_, api) => {
  const { account } = api.query.system;
  const entries = await account.entries();
  assert.ok(entries.some(([{ args: [who] }]: any) => who.toString() === BOB));
  const keys = await account.keysPaged({ args: [], pageSize: 4 });
  assert.equal(keys.length, 4);
  const page = await account.entriesPaged({ args: [], pageSize: 2, startKey: keys[3].toHex() });
  assert.equal(page.length, 2);
  assert.ok(Number((await account.size(BOB)).toString()) > 0);
  assert.match((await account.hash(BOB)).toHex(), /^0x[0-9a-f]{64}$/);
  assert.equal(
    account.key(BOB),
    (await account.keys()).find(({ args: [who] }) => who.toString() === BOB)!.toHex(),
  );
});

devnetTest("heads of all three kinds are told, with their hashes", async (_, api) => {
  const { subscribeNewHeads, subscribeAllHeads, subscribeFinalizedHeads } = api.rpc.chain;
  for (const subscribe of [subscribeNewHeads, subscribeAllHeads, subscribeFinalizedHeads]) {
    const header = await first<any>((tell) => (subscribe as any)(tell));
    assert.equal((await api.rpc.chain.getBlockHash(header.number.unwrap())).toHex(), header.hash.toHex());
  }
  assert.match((await api.rpc.chain.getFinalizedHead()).toHex(), /^0x[0-9a-f]{64}$/);
});

devnetTest("a transfer costs what paymentInfo says, whatever nonce, tip and era it has", async (_, api) => {
  const transfer = api.tx.balances.transferKeepAlive(fresh, TAO);
  const info = await transfer.paymentInfo(alice().address);
  const asked = await api.rpc.payment.queryInfo(transfer.toHex()) as any;
  assert.equal(asked.class.toString(), info.class.toString());
  const details = await api.rpc.payment.queryFeeDetails((await transfer.signAsync(alice())).toHex()) as any;
  assert.ok(details.inclusionFee.isSome);
  const before = (await api.query.system.account(alice().address) as any).data.free.toBigInt();
  await send(api, api.tx.balances.transferKeepAlive(fresh, TAO), alice(), { tip: 7n, era: 8 });
  const after = (await api.query.system.account(alice().address) as any).data.free.toBigInt();
  assert.equal(before - after, TAO + 7n + info.partialFee.toBigInt());
});

devnetTest("a block's transactions are mapped to their events", async (_, api) => {
  const { blockHash } = await send(api, api.tx.balances.transferKeepAlive(fresh, TAO), alice());
  const signedBlock = await api.rpc.chain.getBlock(blockHash);
  const apiAt = await api.at(signedBlock.block.header.hash);
  const allRecords = await apiAt.query.system.events() as any;
  const names = signedBlock.block.extrinsics.map(({ method: { method, section } }, index) => {
    const events = allRecords
      .filter(({ phase }: any) => phase.isApplyExtrinsic && phase.asApplyExtrinsic.eq(index))
      .map(({ event }: any) => event.method);
    return `${section}.${method}: ${events.at(-1)}`;
  });
  assert.deepEqual(names, [
    "timestamp.set: ExtrinsicSuccess",
    "balances.transferKeepAlive: ExtrinsicSuccess",
  ]);
  const [, { signer, nonce, hash }] = signedBlock.block.extrinsics;
  assert.deepEqual([signer.toString(), nonce.toNumber()], [alice().address, 0]);
  assert.match(hash.toHex(), /^0x/);
});

devnetTest("a dry run tells the outcome and changes nothing", async (_, api) => {
  const outcome = async (call: any, options = {}) =>
    (await api.rpc.system.dryRun((await call.signAsync(alice(), options)).toHex())).toJSON();
  const pay = (amountRao: bigint) => api.tx.balances.transferKeepAlive(fresh, amountRao);
  assert.deepEqual(await outcome(pay(TAO)), { ok: { ok: [] } });
  // The library decodes this one by a list of its own, with FundsUnavailable under an older name.
  assert.deepEqual(await outcome(pay(10n ** 16n)), { ok: { err: { token: "NoFunds" } } });
  assert.deepEqual(await outcome(pay(TAO), { nonce: 5 }), { err: { invalid: { future: null } } });
  const other = await pay(TAO).signAsync(alice(), { genesisHash: `0x${"11".repeat(32)}` } as object);
  assert.deepEqual((await api.rpc.system.dryRun(other.toHex())).toJSON(), {
    err: { invalid: { badProof: null } },
  });
  assert.equal((await api.query.system.account(fresh) as any).data.free.toNumber(), 0);
});

devnetTest("everything that an account has can be sent away, and destroyed", async (_, api) => {
  const pair = keyring.addFromUri("//fresh");
  const { transferAll, transferKeepAlive, burn } = api.tx.balances;
  await send(api, transferKeepAlive(fresh, 3n * TAO), alice());
  const issued = (await api.query.balances.totalIssuance() as any).toBigInt();
  const burned = await send(api, burn(TAO, true), pair);
  assert.ok(burned.events.includes("balances.Burned"));
  assert.equal((await api.query.balances.totalIssuance() as any).toBigInt() <= issued - TAO, true);
  assert.equal((await send(api, transferAll(BOB, true), pair)).error, undefined);
  assert.equal((await api.query.system.account(fresh) as any).data.free.toNumber(), 500);
  assert.ok((await api.query.system.account(BOB) as any).data.free.toBigInt() > ENDOWMENT_RAO + TAO);
});

/** The node's own words, of every method that a wallet shows. */
devnetTest("the node tells of itself", async (_, api) => {
  const { system, rpc } = api.rpc;
  assert.equal((await system.chainType()).toString(), "Development");
  assert.deepEqual((await system.health()).toJSON(), { peers: 0, isSyncing: false, shouldHavePeers: false });
  assert.match((await system.localPeerId()).toString(), /^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/);
  assert.deepEqual((await system.localListenAddresses()).toJSON(), []);
  assert.deepEqual([(await system.peers()).length, (await system.nodeRoles()).toJSON()], [0, [{
    authority: null,
  }]]);
  await (api as any)._rpcCore.provider.send("dev_newBlock", []);
  assert.ok((await system.syncState()).currentBlock.toNumber() >= 1);
  const { methods } = await rpc.methods();
  assert.ok(methods.length > 50, `${methods.length}`);
});

devnetTest("every method that rpc_methods lists is there", async (_, api) => {
  const provider = (api as any)._rpcCore.provider;
  const { methods } = await provider.send("rpc_methods", []);
  for (const method of methods.filter((name: string) => !/ubmit|ubscribe|unwatch/.test(name))) {
    const answer = await provider.send(method, []).catch((error: any) => error);
    assert.notEqual(answer?.code, -32601, method);
    assert.notEqual(answer?.code, -32603, method);
  }
});

const DERIVED: Record<string, unknown[]> = {
  "accounts.info": [BOB],
  "accounts.idAndIndex": [BOB],
  "accounts.identity": [BOB],
  "accounts.flags": [BOB],
  "accounts.indexes": [],
  "balances.account": [BOB],
  "balances.all": [BOB],
  "balances.votingBalance": [BOB],
  "chain.bestNumber": [],
  "chain.bestNumberFinalized": [],
  "chain.bestNumberLag": [],
  "chain.getBlockByNumber": [1],
  "chain.subscribeNewHeads": [],
  "chain.subscribeNewBlocks": [],
  "chain.subscribeFinalizedHeads": [],
  "chain.subscribeFinalizedBlocks": [],
  "tx.signingInfo": [BOB],
};

devnetTest(
  "derived reads of accounts, balances, chain and transactions are answered",
  async (_, api: ApiPromise) => {
    await first<any>((tell) =>
      api.derive.chain.subscribeNewHeads((header) => void (header.number.toNumber() > 0 && tell(header)))
    );
    const answers: Record<string, any> = {};
    for (const [name, args] of Object.entries(DERIVED)) {
      const [section, method] = name.split(".");
      answers[name] = await (api.derive as any)[section][method](...args);
    }
    assert.equal(answers["balances.all"].availableBalance.toBigInt(), ENDOWMENT_RAO);
    assert.equal(answers["balances.all"].lockedBreakdown.length, 0);
    assert.equal(answers["accounts.info"].accountId.toString(), BOB);
    assert.equal(answers["chain.bestNumberLag"].toNumber(), 0);
    assert.equal(answers["chain.getBlockByNumber"].block.header.number.toNumber(), 1);
    assert.equal(answers["tx.signingInfo"].nonce.toNumber(), 0);
    assert.ok(answers["tx.signingInfo"].mortalLength > 0);
  },
);

devnetTest("a wallet on any web page may connect: its origin is not asked", async (devnet) => {
  const { hostname, port } = new URL(devnet.url);
  const socket = await Deno.connect({ hostname, port: Number(port) });
  const handshake = [
    "GET / HTTP/1.1",
    `Host: ${hostname}:${port}`,
    "Origin: https://polkadot.js.org",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ];
  await socket.write(new TextEncoder().encode(`${handshake.join("\r\n")}\r\n\r\n`));
  const answer = new Uint8Array(1024);
  const byteCount = await socket.read(answer);
  assert.match(new TextDecoder().decode(answer.subarray(0, byteCount!)), /^HTTP\/1.1 101 /);
  socket.close();
});

devnetTest("what needs no subscription is answered by HTTP, too", async (devnet) => {
  const url = devnet.url.replace("ws:", "http:");
  const api = await ApiPromise.create({ provider: new HttpProvider(url), noInitWarn: true });
  assert.equal((await api.rpc.system.chain()).toString(), "Skein local");
  assert.equal((await api.query.system.account(BOB) as any).data.free.toBigInt(), ENDOWMENT_RAO);
  const signed = await api.tx.balances.transferKeepAlive(fresh, TAO).signAsync(alice(), { nonce: 0 });
  assert.match((await api.rpc.author.submitExtrinsic(signed)).toHex(), /^0x/);
  const ask = async (method: string, init: RequestInit = {}) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: [] });
    const answer = await fetch(url, { method: "POST", body, ...init });
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  };
  assert.match((await ask("chain_subscribeNewHeads")).text, /Subscriptions need a WebSocket/);
  assert.equal(
    (await ask("", { method: "OPTIONS", body: null })).headers.get("access-control-allow-origin"),
    "*",
  );
  assert.equal((await ask("", { method: "GET", body: null })).status, 426);
  assert.equal((await ask("", { body: "x".repeat(5 * 1024 * 1024) })).status, 413);
});
