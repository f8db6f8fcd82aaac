import assert from "node:assert/strict";
import { systemClock } from "../../../../src/base/clock.ts";
import { silentLog } from "../../../../src/base/log.ts";
import { type DevnetOptions, startDevnet } from "../../../../src/chain/devnet/devnet.ts";
import { alice, connect, keyring, send, TAO } from "./devnet_harness.ts";

const GENESIS_MS = 1_700_000_000_000;
const BLOCK_MS = 12_000;

type Api = Awaited<ReturnType<typeof connect>>;

async function withChain(
  options: Partial<DevnetOptions>,
  body: (api: Api, directory: string) => Promise<void>,
): Promise<void> {
  const directory = options.directory ?? await Deno.makeTempDir();
  const deps = { clock: systemClock, log: silentLog };
  const devnet = await startDevnet({ directory, port: 0, blockMs: BLOCK_MS, ...options }, deps);
  const api = await connect(devnet.url);
  try {
    await body(api, directory);
  } finally {
    await api.disconnect();
    await devnet.stop();
    if (!options.directory) await Deno.remove(directory, { recursive: true });
  }
}

const ask = (api: Api, method: string, ...params: unknown[]) =>
  (api as any)._rpcCore.provider.send(method, params) as Promise<any>;
const height = async (api: Api) => (await api.rpc.chain.getHeader()).number.toNumber();

Deno.test("on demand, a transaction gets a block at once and nothing else does", () =>
  withChain({ production: "on-demand" }, async (api) => {
    assert.equal(await height(api), 0);
    assert.equal((await send(api, api.tx.system.remark("0x00"), alice())).error, undefined);
    assert.equal(await height(api), 1);
    const future = api.tx.system.remark("0x01").signAndSend(alice(), { nonce: 2 });
    await future;
    assert.equal(await height(api), 1);
    await send(api, api.tx.system.remark("0x02"), alice(), { nonce: 1 });
    assert.equal((await api.rpc.system.accountNextIndex(alice().address)).toNumber(), 3);
  }));

Deno.test("on demand, a burst shares a block", () =>
  withChain({ production: "on-demand" }, async (api) => {
    const signed = await Promise.all(
      [0, 1, 2, 3].map((nonce) => api.tx.system.remark("0x00").signAsync(alice(), { nonce })),
    );
    await Promise.all(signed.map((each) => api.rpc.author.submitExtrinsic(each)));
    while (await height(api) === 0) await systemClock.sleep(5);
    assert.equal((await api.rpc.chain.getBlock()).block.extrinsics.length, 5);
  }));

Deno.test("blocks are made when asked for, as chopsticks and manual seal do it", () =>
  withChain({ production: "on-demand" }, async (api) => {
    const last = await ask(api, "dev_newBlock", { count: 6 });
    assert.equal(last, (await api.rpc.chain.getBlockHash(6)).toHex());
    assert.equal(await ask(api, "dev_newBlock"), (await api.rpc.chain.getBlockHash(7)).toHex());
    const made = await ask(api, "engine_createBlock", true, true);
    assert.equal(made.hash, (await api.rpc.chain.getBlockHash(8)).toHex());
    assert.equal(await ask(api, "engine_finalizeBlock", made.hash), true);
    await assert.rejects(ask(api, "engine_createBlock", false, true), /an empty block was not asked for/);
    for (const params of [{ count: 0 }, { count: 1001 }, { count: "6" }, { count: 1.5 }]) {
      await assert.rejects(ask(api, "dev_newBlock", params), /count from 1 to 1000 required/);
    }
    assert.equal(await height(api), 8);
  }));

Deno.test("who waits for a transaction hears of its block and of finality though many blocks follow at once", () =>
  withChain({ production: "on-demand" }, async (api) => {
    const { promise: isTaken, resolve } = Promise.withResolvers<void>();
    const done = send(api, api.tx.system.remark("0x00"), alice(), {}, resolve);
    await isTaken;
    await ask(api, "dev_newBlock", { count: 5 });
    assert.equal((await done).error, undefined);
  }));

Deno.test("with a seed, the same calls in the same order give the same hashes, also over a restart", async () => {
  const options = { production: "on-demand", seed: 7, genesisTimeMs: GENESIS_MS } as const;
  let signed: string[] = [];
  const run = async (api: Api) => {
    for (const [i, bytes] of signed.entries()) {
      await ask(api, "author_submitExtrinsic", bytes);
      while (await height(api) <= i) await systemClock.sleep(5);
    }
    return await ask(api, "dev_newBlock", { count: 3 });
  };
  const hashes: string[] = [];
  await withChain(options, async (api) => {
    const { address } = keyring.addFromUri("//fresh");
    const each = await Promise.all([0, 1, 2].map((nonce) => {
      return api.tx.balances.transferKeepAlive(address, TAO).signAsync(alice(), { nonce, era: 0 });
    }));
    signed = each.map((one) => one.toHex());
    hashes.push(await run(api));
    assert.equal(Number(await api.query.timestamp.now()), GENESIS_MS + 6 * BLOCK_MS);
  });
  const directory = await Deno.makeTempDir();
  await withChain({ ...options, directory }, async () => {});
  // What a chain was begun with stays with it.
  await withChain({ production: "on-demand", directory }, async (api) => void hashes.push(await run(api)));
  await Deno.remove(directory, { recursive: true });
  assert.equal(hashes[0], hashes[1]);
  await withChain({ ...options, seed: 8 }, async (api) => {
    assert.notEqual(await ask(api, "dev_newBlock", { count: 6 }), hashes[0]);
  });
});
