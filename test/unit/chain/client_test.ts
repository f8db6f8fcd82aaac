/** The client against the local chain, over loopback. */
import { strict as assert } from "node:assert";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { isSkeinError } from "../../../src/base/errors.ts";
import { eventLog, type LogEvent, silentLog } from "../../../src/base/log.ts";
import { type ChainClient, connectChain } from "../../../src/chain/client.ts";
import { type Devnet, startDevnet } from "../../../src/chain/devnet/devnet.ts";
import { createHotkey, cryptoReady, devAccount } from "../../../src/chain/wallet/wallet.ts";

const TAO = 1_000_000_000n;
const clock: Clock = systemClock;
const deps = { clock, log: silentLog };

async function withDevnet(
  body: (devnet: { url: string; restart(pauseMs: number): Promise<void> }) => Promise<void>,
): Promise<void> {
  await cryptoReady();
  const directory = await Deno.makeTempDir();
  let devnet: Devnet = await startDevnet({ directory, port: 0, blockMs: 100 }, deps);
  const { url } = devnet;
  const restart = async (pauseMs: number) => {
    await devnet.stop();
    await clock.sleep(pauseMs);
    devnet = await startDevnet({ directory, port: Number(new URL(url).port), blockMs: 100 }, deps);
  };
  try {
    await body({ url, restart });
  } finally {
    await devnet.stop();
    await Deno.remove(directory, { recursive: true });
  }
}

async function withClients(
  url: string,
  count: number,
  body: (clients: ChainClient[]) => Promise<void>,
): Promise<void> {
  const clients = await Promise.all(Array.from({ length: count }, () => connectChain(url, deps)));
  try {
    await body(clients);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

async function payMany(clients: ChainClient[], count: number): Promise<() => Promise<void>> {
  const alice = devAccount("//Alice");
  const receivers = await Promise.all(Array.from({ length: count }, createHotkey));
  const payments = receivers.map(({ ss58 }, i) => clients[i % clients.length].transfer(alice, ss58, TAO));
  return async () => {
    await Promise.all(payments);
    for (const { ss58 } of receivers) assert.equal(await clients[0].balance(ss58), TAO);
  };
}

Deno.test("a node funds, registers, publishes and sets weights, and another client reads it", () =>
  withDevnet(({ url }) =>
    withClients(url, 2, async ([client, reader]) => {
      const [coldkey, hotkey, other] = await Promise.all([createHotkey(), createHotkey(), createHotkey()]);
      await client.transfer(devAccount("//Alice"), coldkey.ss58, 100n * TAO);
      assert.equal(await client.balance(coldkey.ss58), 100n * TAO);
      const cost = await client.registrationCost(1);
      assert.equal(await client.register(1, coldkey.pair, hotkey.ss58), 0);
      assert.equal(await client.register(1, coldkey.pair, other.ss58), 1);
      assert.equal(await client.register(1, coldkey.pair, hotkey.ss58), 0, "registering again pays nothing");
      assert.ok(await client.balance(coldkey.ss58) <= 100n * TAO - 2n * cost);
      const commitment = Uint8Array.from({ length: 57 }, (_, i) => i);
      await client.publish(1, hotkey.pair, commitment);
      await assert.rejects(
        client.setWeights(1, hotkey.pair, new Map([[0, 3], [1, 1]])),
        (error) => isSkeinError(error, "chain/no-permit"),
      );
      await client.addStake(1, coldkey.pair, hotkey.ss58, 10n * TAO);
      while (!(await client.metagraph(1)).neurons[0].hasValidatorPermit) await clock.sleep(20);
      const sent = await client.setWeights(1, hotkey.pair, new Map([[0, 3], [1, 1]]));
      assert.deepEqual(sent, { kind: "set", uids: [0, 1], values: [65535, 21845] });
      while (reader.block() < client.block()) await clock.sleep(20);
      assert.deepEqual(await reader.weights(1), new Map([[0, new Map([[0, 65535], [1, 21845]])]]));
      const { neurons, block } = await reader.metagraph(1);
      assert.ok(block > 0);
      assert.deepEqual(neurons.map(({ uid, hotkey, coldkey }) => [uid, hotkey, coldkey]), [
        [0, hotkey.ss58, coldkey.ss58],
        [1, other.ss58, coldkey.ss58],
      ]);
      assert.deepEqual(neurons.map((neuron) => neuron.commitment), [commitment, null]);
      assert.equal(await reader.isRegistered(1, coldkey.ss58), undefined);
    })
  ));

Deno.test("refused reads and failed calls carry their code", () =>
  withDevnet(({ url }) =>
    withClients(url, 1, async ([client]) => {
      const poor = await createHotkey();
      await assert.rejects(client.metagraph(77), (error) => isSkeinError(error, "chain/subnet-missing"));
      await assert.rejects(client.balance("nonsense"), (error) => isSkeinError(error, "chain/bad-address"));
      await assert.rejects(client.transfer(poor.pair, poor.ss58, TAO), (error) =>
        isSkeinError(error, "chain/balance-too-low") && error.payload.freeRao === 0n &&
        error.payload.amountRao === TAO && error.message.includes("amount 1 TAO (1000000000 rao)"));
      assert.ok(client.finalizedBlock() <= client.block());
    })
  ));

Deno.test("a balance that lacks the fee is refused before anything is sent, and calls without a fee need none", () =>
  withDevnet(({ url }) =>
    withClients(url, 1, async ([client]) => {
      const [coldkey, hotkey] = [await createHotkey(), await createHotkey()];
      await client.transfer(devAccount("//Alice"), coldkey.ss58, TAO + 500n);
      await assert.rejects(client.transfer(coldkey.pair, hotkey.ss58, TAO), (error) =>
        isSkeinError(error, "chain/balance-too-low") && error.payload.freeRao === TAO + 500n &&
        (error.payload.feeRao as bigint) > 0n && error.payload.keptRao === 500n);
      assert.equal(await client.balance(coldkey.ss58), TAO + 500n);
      await client.register(1, coldkey.pair, hotkey.ss58);
      assert.equal(await client.balance(hotkey.ss58), 0n);
      await client.setWeights(1, hotkey.pair, new Map([[0, 1]]));
    })
  ));

Deno.test("twenty transfers at once from one account by two clients all arrive", () =>
  withDevnet(({ url }) =>
    withClients(url, 2, async (clients) => {
      await (await payMany(clients, 20))();
    })
  ));

Deno.test("transfers go on over a restart of the chain, each exactly once, and heads resume", () =>
  withDevnet(({ url, restart }) =>
    withClients(url, 2, async (clients) => {
      const paid = await payMany(clients, 20);
      await clock.sleep(30);
      await restart(300);
      await paid();
      const before = clients[0].block();
      while (clients[0].block() <= before) await clock.sleep(50);
    })
  ));

Deno.test("an outage is told once at its start and once at its end, and the height stays", () =>
  withDevnet(async ({ url, restart }) => {
    const events: LogEvent[] = [];
    const client = await connectChain(url, { clock, log: eventLog((event) => events.push(event)) });
    const before = client.block();
    await restart(1000);
    assert.ok(client.block() >= before);
    await client.registrationCost(1);
    await client.close();
    assert.deepEqual(events.map(({ level }) => level), ["warn", "info"]);
  }));

Deno.test("no chain at the address is told in time", async () => {
  await assert.rejects(
    connectChain("ws://127.0.0.1:1", deps, { timeoutMs: 300 }),
    (error) => isSkeinError(error, "chain/unreachable"),
  );
  await assert.rejects(connectChain("http://x", deps), (error) => isSkeinError(error, "chain/unreachable"));
  const controller = new AbortController();
  const waiting = connectChain("ws://127.0.0.1:1", { ...deps, signal: controller.signal });
  controller.abort(new Error("enough"));
  await assert.rejects(waiting, /enough/);
});
