/**
 * The examples of the documentation of @polkadot/api (api/examples/promise), call for call. What they print is checked;
 * where they run for ever they stop after a few blocks. Only the endpoint is ours.
 */
import assert from "node:assert/strict";
import { ApiPromise, WsProvider } from "@polkadot/api";
import { Keyring } from "@polkadot/keyring";
import { randomAsU8a } from "@polkadot/util-crypto";
import { devnetTest, freeRao, TAO } from "./devnet_harness.ts";

const ALICE = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
const BOB = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";
const DEADLINE_MS = 20_000;
const ENDOWMENT_RAO = 1_000_000n * TAO;

/** Waits for `count` calls of what `subscribe` is given, then unsubscribes. */
async function firstOf<T>(count: number, subscribe: (tell: (value: T) => void) => Promise<() => void>) {
  const told: T[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(
    () => reject(new Error(`wait for ${count} values: ${told.length} came`)),
    DEADLINE_MS,
  );
  const unsubscribe = await subscribe((value) => {
    told.push(value);
    if (told.length >= count) resolve();
  });
  await promise.finally(() => clearTimeout(timer));
  unsubscribe();
  return told;
}

devnetTest("simple connect: chain, node name and version", async (devnet) => {
  const provider = new WsProvider(devnet.url);
  const api = await ApiPromise.create({ provider });
  const [chain, nodeName, nodeVersion] = await Promise.all([
    api.rpc.system.chain(),
    api.rpc.system.name(),
    api.rpc.system.version(),
  ]);
  assert.deepEqual([`${chain}`, `${nodeName}`, `${nodeVersion}`], ["Skein local", "Skein devnet", "0.1.0"]);
  await api.disconnect();
});

devnetTest("get chain information", async (_, api) => {
  const chainInfo = await api.registry.getChainProperties();
  assert.deepEqual(chainInfo!.toHuman(), {
    isEthereum: false,
    ss58Format: "42",
    tokenDecimals: ["9"],
    tokenSymbol: ["TAO"],
  });
});

devnetTest("listen to new blocks, and unsubscribe", async (_, api) => {
  const numbers = (await firstOf<any>(4, (tell) => api.rpc.chain.subscribeNewHeads(tell)))
    .map((header) => header.number.toNumber());
  assert.deepEqual(numbers, [0, 1, 2, 3].map((i) => numbers[0] + i));
});

devnetTest("listen to balance changes", async (_, api) => {
  const { data: { free: previousFree }, nonce: previousNonce } = await api.query.system.account(ALICE) as any;
  const changes = firstOf<any>(2, (tell) => api.query.system.account(ALICE, tell) as any);
  const alice = new Keyring({ type: "sr25519" }).addFromUri("//Alice");
  await api.tx.balances.transferAllowDeath(BOB, 12345).signAndSend(alice);
  const [{ data: before }, { data: { free: currentFree }, nonce: currentNonce }] = await changes;
  assert.equal(before.free.toString(), previousFree.toString());
  assert.ok(currentFree.sub(previousFree).toNumber() <= -12345);
  assert.equal(currentNonce.toNumber(), previousNonce.toNumber() + 1);
});

devnetTest("listen to balance changes of several accounts", async (_, api) => {
  const [balances] = await firstOf<any>(
    1,
    (tell) => api.query.system.account.multi([ALICE, BOB], tell) as any,
  );
  const free = balances.map(({ data: { free } }: any) => free.toBigInt());
  assert.deepEqual(free, [ENDOWMENT_RAO, ENDOWMENT_RAO]);
});

devnetTest("make a simple transfer", async (_, api) => {
  const keyring = new Keyring({ type: "sr25519" });
  const alice = keyring.addFromUri("//Alice");
  const transfer = api.tx.balances.transferAllowDeath(BOB, 12345);
  const hash = await transfer.signAndSend(alice);
  assert.match(hash.toHex(), /^0x[0-9a-f]{64}$/);
  await firstOf(2, (tell) => api.rpc.chain.subscribeNewHeads(tell));
  assert.equal(await freeRao(api, BOB), ENDOWMENT_RAO + 12345n);
});

devnetTest("read storage: the calls of one batch", async (_, api) => {
  // The example also asks for session.validators, of a pallet that subtensor has not.
  const [{ nonce: accountNonce }, now] = await Promise.all([
    api.query.system.account(ALICE),
    api.query.timestamp.now(),
  ]) as any[];
  assert.equal(accountNonce.toNumber(), 0);
  assert.ok(now.toNumber() > 1_600_000_000_000);
});

devnetTest("read storage at a block's hash", async (_, api) => {
  await firstOf(3, (tell) => api.rpc.chain.subscribeNewHeads(tell));
  const { hash, parentHash } = await api.rpc.chain.getHeader();
  assert.notEqual(hash.toHex(), parentHash.toHex());
  const apiAt = await api.at(parentHash);
  const balance = await apiAt.query.system.account(ALICE) as any;
  assert.equal(balance.data.free.toBigInt(), ENDOWMENT_RAO);
  const balances = await api.query.system.account.multi([ALICE, BOB]) as any[];
  assert.equal(balances[1].data.free.toBigInt(), ENDOWMENT_RAO);
});

devnetTest("traverse system events", async (_, api) => {
  // The genesis block has none.
  const [events] = await firstOf<any>(
    1,
    (tell) => api.query.system.events((events: any) => void (events.length > 0 && tell(events))) as any,
  );
  // Before the first extrinsic the beacon may have told of a pulse.
  const { event, phase } = events.find(({ phase }: any) => phase.isApplyExtrinsic);
  assert.equal(
    `${event.section}:${event.method}:: (phase=${phase})`,
    'system:ExtrinsicSuccess:: (phase={"applyExtrinsic":0})',
  );
  const types = event.typeDef;
  const data = event.data.map((value: any, index: number) => `${types[index].type}: ${value}`);
  assert.match(data[0], /"SpWeightsWeightV2Weight".*: {"weight":{"refTime":/);
});

devnetTest("transfer events: a random recipient, each status, the events of the block", async (_, api) => {
  const keyring = new Keyring({ type: "sr25519" });
  const alicePair = keyring.addFromMnemonic("//Alice");
  const nonce = (await api.rpc.system.accountNextIndex(alicePair.address)).toBigInt();
  const recipient = keyring.addFromSeed(randomAsU8a(32)).address;
  const statuses: string[] = [];
  const seen: string[] = [];
  await new Promise<void>((resolve, reject) => {
    api.tx.balances.transferKeepAlive(recipient, 10_000)
      .signAndSend(alicePair, { nonce }, ({ events = [], status }) => {
        statuses.push(status.type);
        if (status.isInBlock) {
          for (const { event: { method, section }, phase } of events) {
            seen.push(`${phase} ${section}.${method}`);
          }
        } else if (status.isFinalized) resolve();
      }).catch(reject);
  });
  assert.deepEqual(statuses, ["Ready", "InBlock", "Finalized"]);
  for (const name of ["system.NewAccount", "balances.Transfer", "system.ExtrinsicSuccess"]) {
    assert.ok(seen.includes(`{"applyExtrinsic":1} ${name}`), name);
  }
});
