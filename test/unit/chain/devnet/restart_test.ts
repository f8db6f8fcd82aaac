import assert from "node:assert/strict";
import { isSkeinError } from "../../../../src/base/errors.ts";
import { alice, connect, freeRao, keyring, openDevnet, send, TAO } from "./devnet_harness.ts";

const CHAIN_PROCESS = new URL("./chain_process_for_kill.ts", import.meta.url).pathname;

async function inDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const withCode = (code: string, ...mentions: string[]) => (error: unknown) =>
  isSkeinError(error, code) && mentions.every((each) => error.message.includes(each));

Deno.test("a chain goes on after a restart, with its state, its height and its genesis hash", () =>
  inDirectory(async (directory) => {
    const fresh = keyring.addFromUri("//fresh").address;
    const first = await openDevnet(directory);
    let api = await connect(first.url);
    const { blockHash } = await send(api, api.tx.balances.transferKeepAlive(fresh, TAO), alice());
    await api.disconnect();
    const height = first.block();
    await first.stop();

    const second = await openDevnet(directory);
    api = await connect(second.url);
    assert.equal(second.genesisHash, first.genesisHash);
    assert.ok(second.block() >= height);
    assert.equal(await freeRao(api, fresh), TAO);
    assert.equal(await freeRao(await api.at(blockHash) as any, fresh), TAO);
    const events = await (await api.at(blockHash)).query.system.events() as any;
    assert.ok(events.some(({ event }: any) => event.method === "Transfer"));
    assert.equal((await send(api, api.tx.system.remark("0x00"), alice())).error, undefined);
    await api.disconnect();
    await second.stop();
  }));

Deno.test("two new chains have different genesis hashes", () =>
  inDirectory(async (directory) => {
    const chains = [await openDevnet(`${directory}/a`), await openDevnet(`${directory}/b`)];
    assert.notEqual(chains[0].genesisHash, chains[1].genesisHash);
    for (const chain of chains) await chain.stop();
  }));

Deno.test("a chain killed at any moment keeps every block that a client saw", () =>
  inDirectory(async (directory) => {
    let lastSeen = 0;
    let genesis: string | undefined;
    for (let kill = 0; kill < 4; kill++) {
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", CHAIN_PROCESS, directory],
        stdout: "piped",
      }).spawn();
      const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
      const url = (await reader.read()).value!.trim();
      const api = await connect(url);
      genesis ??= api.genesisHash.toHex();
      assert.equal(api.genesisHash.toHex(), genesis);
      assert.ok((await api.rpc.chain.getHeader()).number.toNumber() >= lastSeen);
      for (let i = 0; i < 3 + kill; i++) {
        const { blockHash } = await send(api, api.tx.system.remark("0x00"), alice());
        lastSeen = (await api.rpc.chain.getHeader(blockHash)).number.toNumber();
      }
      const nonce = (await api.rpc.system.accountNextIndex(alice().address)).toNumber();
      for (let i = 0; i < 20; i++) {
        await api.tx.system.remark("0x01").signAndSend(alice(), { nonce: nonce + i });
      }
      child.kill("SIGKILL");
      await child.status;
      await api.disconnect();
      await reader.cancel();
    }
  }));

Deno.test("a store with a flipped bit, cut short or of no database is named as damaged", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/chain.sqlite`;
    const chain = await openDevnet(directory);
    await chain.stop();
    const whole = await Deno.readFile(path);
    const value = whole.findLastIndex((byte) => byte !== 0);
    const spoilt: [string, Uint8Array][] = [
      ["flipped", whole.with(value, whole[value] ^ 1)],
      ["cut", whole.subarray(0, whole.byteLength / 2)],
      ["noise", whole.map((byte, i) => byte ^ (i * 31 + 7))],
    ];
    for (const [, bytes] of spoilt) {
      await Deno.writeFile(path, bytes);
      await assert.rejects(
        openDevnet(directory),
        withCode("devnet/store-damaged", path, "remove its directory"),
      );
    }
    await Deno.writeFile(path, whole);
    await (await openDevnet(directory)).stop();
  }));

Deno.test("a second chain on the same port or in the same directory is refused by name", () =>
  inDirectory(async (directory) => {
    const chain = await openDevnet(directory);
    const port = Number(new URL(chain.url).port);
    await assert.rejects(
      openDevnet(`${directory}/other`, port),
      withCode("devnet/port-in-use", String(port)),
    );
    await assert.rejects(openDevnet(directory), withCode("devnet/store-in-use", directory));
    await chain.stop();
  }));
