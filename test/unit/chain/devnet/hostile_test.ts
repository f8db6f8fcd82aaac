import assert from "node:assert/strict";
import { systemClock } from "../../../../src/base/clock.ts";
import type { Devnet } from "../../../../src/chain/devnet/devnet.ts";
import { devnetTest } from "./devnet_harness.ts";

/** A bare socket: `ask` sends a frame and yields the next answer that comes; notifications are passed over. */
async function rawSocket(devnet: Devnet) {
  const socket = new WebSocket(devnet.url);
  await new Promise((resolve) => (socket.onopen = resolve));
  return {
    socket,
    ask: (frame: string | Uint8Array<ArrayBuffer>): Promise<any> => {
      const answer = new Promise((resolve) => {
        socket.onmessage = ({ data }) => {
          const message = JSON.parse(data);
          if (message.method === undefined) resolve(message);
        };
      });
      socket.send(frame);
      return answer;
    },
    close: () =>
      new Promise((resolve) => {
        socket.onclose = resolve;
        socket.close();
      }),
  };
}

const call = (method: string, params: unknown = [], id: unknown = 1) =>
  JSON.stringify({ jsonrpc: "2.0", id, method, params });

devnetTest("garbage is answered with an error and the chain goes on", async (devnet, api) => {
  const { ask, close } = await rawSocket(devnet);
  const frames: [string | Uint8Array<ArrayBuffer>, number][] = [
    ["", -32700],
    ["{", -32700],
    [Uint8Array.of(1, 2, 3), -32700],
    ["null", -32600],
    ["7", -32600],
    ["[]", -32600],
    [JSON.stringify(Array(129).fill({})), -32600],
    [JSON.stringify({ id: 1, method: 7 }), -32600],
    [call("no_such_method"), -32601],
    [call("constructor"), -32601],
    [call("chain_getHeader", {}), -32602],
    [call("state_getStorage", ["not hex"]), -32602],
    [call("state_getStorage", [7]), -32602],
    [call("state_getKeysPaged", ["0x", 1e9]), 4002],
    [call("state_getKeysPaged", ["0x", 1e10]), -32602],
    [call("chain_getBlockHash", ["x"]), -32602],
    [call("chain_getBlockHash", [-1]), -32602],
    [call("system_accountNextIndex", ["nobody"]), -32602],
    [call("system_accountNextIndex", ["5".repeat(1_000_000)]), -32602], // read as a number it would take an hour
    [call("state_subscribeStorage", []), -32602],
    [call("state_call", ["Nothing_here", "0x"]), 4003],
    [call("state_call", ["AccountNonceApi_account_nonce", "0x00"]), 4003],
    [call("state_getStorage", ["0x", `0x${"11".repeat(32)}`]), 4003],
    [call("author_submitExtrinsic", ["0x1234"]), 1001],
  ];
  for (const [frame, code] of frames) assert.equal((await ask(frame)).error.code, code, String(frame));
  assert.equal((await ask(call("system_chain"))).result, "Skein local");
  await close();
  const height = async () => (await api.rpc.chain.getHeader()).number.toNumber();
  const before = await height();
  while (await height() === before) await systemClock.sleep(20);
});

devnetTest("a batch is answered as one, each request by its id, notifications not at all", async (devnet) => {
  const { ask, close } = await rawSocket(devnet);
  const request = (id: unknown, method: string) => ({ jsonrpc: "2.0", id, method, params: [] });
  const answers = await ask(JSON.stringify([
    request("a", "system_chain"),
    request(undefined, "system_name"),
    request(2, "no_such_method"),
  ]));
  assert.deepEqual(answers.map((each: any) => [each.id, each.result ?? each.error.code]), [
    ["a", "Skein local"],
    [2, -32601],
  ]);
  await close();
});

devnetTest("an oversized message closes the socket that sent it, no other", async (devnet, api) => {
  const { socket } = await rawSocket(devnet);
  const closed = new Promise<CloseEvent>((resolve) => (socket.onclose = resolve));
  socket.send("x".repeat(4 * 1024 * 1024 + 1));
  assert.equal((await closed).code, 1009);
  assert.equal((await api.rpc.system.chain()).toString(), "Skein local");
});

devnetTest("subscriptions are bounded, and end with the socket", async (devnet, api) => {
  const { ask, close } = await rawSocket(devnet);
  assert.equal(devnet.connectionCount(), 2);
  const requests = Array.from(
    { length: 120 },
    (_, id) => JSON.parse(call("state_subscribeStorage", [[]], id)),
  );
  let refused;
  for (let i = 0; i < 9; i++) {
    const answers = await ask(JSON.stringify(requests));
    refused = answers.find?.((each: any) => each.error);
  }
  assert.equal(refused.error.code, -32006);
  await close();
  while (devnet.connectionCount() > 1) await api.rpc.system.chain();
});
