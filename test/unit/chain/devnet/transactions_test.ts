import assert from "node:assert/strict";
import { alice, connect, devnetTest, freeRao, keyring, NETUID, send, TAO } from "./devnet_harness.ts";

const bob = () => keyring.addFromUri("//Bob");
const refusedWith = (code: number, text: string) => (error: { code?: number; message: string }) =>
  error.code === code && error.message.includes(text);

devnetTest("a signature by somebody else is refused as a bad proof", async (_, api) => {
  const call = api.tx.balances.transferKeepAlive(bob().address, TAO);
  const signed = await call.signAsync(alice());
  const bytes = signed.toU8a();
  bytes[50] ^= 1; // inside the signature, which starts after length, version and address
  await assert.rejects(
    api.rpc.author.submitExtrinsic(`0x${bytes.toHex()}` as any),
    refusedWith(1010, "Invalid Transaction: Transaction has a bad signature"),
  );
});

devnetTest("a signature for another chain is refused", async (devnet, api) => {
  const elsewhere = { genesisHash: `0x${"12".repeat(32)}` };
  const call = api.tx.balances.transferKeepAlive(bob().address, TAO);
  const signed = await call.signAsync(alice(), elsewhere as any);
  await assert.rejects(api.rpc.author.submitExtrinsic(signed), refusedWith(1010, "bad signature"));
  assert.notEqual(devnet.genesisHash, elsewhere.genesisHash);
});

devnetTest("a nonce that was used is outdated, one that waits is of too low priority", async (_, api) => {
  await send(api, api.tx.system.remark("0x01"), alice());
  const again = api.tx.system.remark("0x02").signAndSend(alice(), { nonce: 0 });
  await assert.rejects(again, refusedWith(1010, "Invalid Transaction: Transaction is outdated"));
  await api.tx.system.remark("0x03").signAndSend(alice(), { nonce: 5 });
  const rival = api.tx.system.remark("0x04").signAndSend(alice(), { nonce: 5 });
  await assert.rejects(rival, refusedWith(1014, "Priority is too low"));
});

devnetTest("a higher tip takes a waiting transaction's place, whose watcher is told", async (_, api) => {
  const { promise: isTaken, resolve: onTaken } = Promise.withResolvers<void>();
  const first = send(api, api.tx.system.remark("0x01"), alice(), { nonce: 1 }, onTaken);
  const usurped = assert.rejects(first, /Usurped/);
  await isTaken;
  const second = send(api, api.tx.system.remark("0x02"), alice(), { nonce: 1, tip: TAO });
  await usurped;
  const other = await send(api, api.tx.system.remark("0x00"), alice(), { nonce: 0 });
  const { error, feeRao } = await second;
  assert.equal(error, undefined);
  assert.ok(feeRao > TAO);
  assert.equal(await freeRao(api, alice().address), 1_000_000n * TAO - feeRao - other.feeRao);
});

devnetTest("transactions with consecutive nonces sent at once are all applied, in order", async (_, api) => {
  const hotkeys = Array.from({ length: 20 }, (_, i) => keyring.addFromUri(`//many//${i}`));
  const order = [...hotkeys.keys()].reverse(); // the last nonce is sent first
  const outcomes = await Promise.all(order.map((nonce) => {
    const call = api.tx.subtensorModule.burnedRegister(NETUID, hotkeys[nonce].address);
    return send(api, call, alice(), { nonce });
  }));
  assert.ok(outcomes.every((outcome) => outcome.error === undefined));
  const keys = await api.query.subtensorModule.keys.multi(hotkeys.map((_, uid) => [NETUID, uid]));
  assert.deepEqual(keys.map(String), hotkeys.map((hotkey) => hotkey.address));
  assert.equal((await api.rpc.system.accountNextIndex(alice().address)).toNumber(), 20);
});

devnetTest("the next index counts the pool, from each client alike", async (devnet, api) => {
  const other = await connect(devnet.url);
  try {
    await Promise.all(
      [0, 1, 2].map((nonce) => api.tx.system.remark("0x00").signAndSend(alice(), { nonce })),
    );
    assert.equal((await other.rpc.system.accountNextIndex(alice().address)).toNumber(), 3);
  } finally {
    await other.disconnect();
  }
});

devnetTest("a call of more than 256 signed bytes is accepted", async (_, api) => {
  const outcome = await send(api, api.tx.system.remarkWithEvent(`0x${"ab".repeat(1000)}`), alice());
  assert.deepEqual(outcome.events, ["system.Remarked", "system.ExtrinsicSuccess"]);
});

devnetTest("an immortal and a short-lived transaction are accepted", async (_, api) => {
  for (const era of [0, 8]) {
    assert.equal((await send(api, api.tx.system.remark("0x00"), alice(), { era })).error, undefined);
  }
});

devnetTest(
  "a transaction that outlives its era without a block is invalid, and its watcher told",
  async (_, api) => {
    const stuck = send(api, api.tx.system.remark("0x00"), alice(), { nonce: 3, era: 4 });
    await assert.rejects(stuck, /Invalid/);
  },
);

devnetTest("a tip that the sender cannot pay is refused", async (_, api) => {
  const poor = keyring.addFromUri("//poor");
  const call = api.tx.system.remark("0x00").signAndSend(poor, { tip: 1 });
  await assert.rejects(call, refusedWith(1010, "Inability to pay some fees"));
});

devnetTest("bytes that are no transaction are refused as such", async (_, api) => {
  for (const bytes of ["0x", "0x00", "0x0484", `0x${"ff".repeat(200)}`]) {
    await assert.rejects(
      (api as any)._rpcCore.provider.send("author_submitExtrinsic", [bytes]),
      refusedWith(1001, "Extrinsic has invalid format"),
    );
  }
});

devnetTest(
  "what nobody signed is refused: the block's author alone may say what time it is",
  async (_, api) => {
    const submit = (bytes: string) => (api as any)._rpcCore.provider.send("author_submitExtrinsic", [bytes]);
    await assert.rejects(submit("0x280402000b48d02208a201"), refusedWith(1010, "dispatch is mandatory"));
    await assert.rejects(submit("0x1404000004ab"), refusedWith(1011, "Unknown Transaction Validity"));
  },
);

devnetTest("what came out as invalid is banned for a while", async (_, api) => {
  const signed = await api.tx.system.remark("0x00").signAsync(alice(), { nonce: 3, era: 4 });
  await assert.rejects(sendSigned(api, signed.toHex()), /invalid/);
  await assert.rejects(api.rpc.author.submitExtrinsic(signed), refusedWith(1012, "temporarily banned"));
});

/** Until it is in a block, or never will be. */
function sendSigned(api: any, bytes: string): Promise<void> {
  return new Promise((resolve, reject) => {
    api._rpcCore.provider.subscribe(
      "author_extrinsicUpdate",
      "author_submitAndWatchExtrinsic",
      [bytes],
      (_error: unknown, status: any) => {
        if (status.finalized) resolve();
        if (status === "invalid" || status === "dropped") reject(new Error(status));
      },
    ).catch(reject);
  });
}

devnetTest("a watch ends by itself when the transaction is final", async (_, api) => {
  const { provider } = (api as any)._rpcCore;
  const signed = await api.tx.system.remark("0x00").signAsync(alice());
  const seen: unknown[] = [];
  const id = await new Promise((resolve) => {
    const watching = provider.subscribe(
      "author_extrinsicUpdate",
      "author_submitAndWatchExtrinsic",
      [signed.toHex()],
      (_error: unknown, status: any) => {
        seen.push(typeof status === "string" ? status : Object.keys(status)[0]);
        if (status.finalized) resolve(watching);
      },
    );
  });
  assert.deepEqual(seen, ["ready", "inBlock", "finalized"]);
  assert.equal(await provider.send("author_unwatchExtrinsic", [id]), false);
});
