/** What whoever names an address that is no chain is told, and when; in virtual time. */
import { strict as assert } from "node:assert";
import { silentLog } from "../../../src/base/log.ts";
import { isSkeinError, type SkeinError } from "../../../src/base/errors.ts";
import { Random } from "../../../src/base/random.ts";
import { connectChain, type ConnectOptions } from "../../../src/chain/client.ts";
import type { OpenSocket, RpcSocket } from "../../../src/chain/link.ts";
import { complaintOf } from "../../../src/chain/no_connection.ts";
import { VirtualClock } from "../../simulation/virtual_clock.ts";
import { settleIn } from "./faults/fault_room.ts";
import { ScriptedNode } from "./scripted_nodes.ts";

const refusing: OpenSocket = () => {
  const socket = bareSocket();
  queueMicrotask(() => {
    socket.onerror?.({ message: "NetworkError: failed to connect to WebSocket: tcp connect error" });
    socket.onclose?.({});
  });
  return socket;
};
const silent: OpenSocket = () => bareSocket();

function bareSocket(): RpcSocket {
  return { onopen: null, onmessage: null, onclose: null, onerror: null, send() {}, close() {} };
}

/** @returns what it ends with, and after how many seconds, in tenths */
async function failure(urls: string[], openSocket: OpenSocket, options: ConnectOptions = { isBrief: true }) {
  const clock = new VirtualClock();
  const startMs = clock.nowMs();
  const deps = { clock, log: silentLog, random: new Random(1), openSocket };
  const error = await settleIn(
    clock,
    connectChain(urls, deps, options).then(() => undefined, (error) => error),
  );
  assert.ok(isSkeinError(error, "chain/unreachable"), String(error));
  return { error: error as SkeinError, seconds: (clock.nowMs() - startMs) / 1000 };
}

Deno.test("an address that refuses is told once, within two seconds, with what to do", async () => {
  const { error, seconds } = await failure(["ws://127.0.0.1:7"], refusing);
  assert.ok(seconds > 0.5 && seconds <= 2.1, `${seconds}`);
  assert.equal(
    error.message,
    "connect to ws://127.0.0.1:7: it refuses connections or cannot be reached, a Substrate node's WebSocket is " +
      "required, check the address, or start a local chain there with: skein chain --port 7",
  );
  assert.equal(error.cause, undefined);
});

Deno.test("of several endpoints it is told what each met", async () => {
  const { error } = await failure(
    ["ws://127.0.0.1:7", "wss://b.example"],
    (url) => url.startsWith("wss") ? mute().open() : refusing(url),
  );
  assert.match(
    error.message,
    /ws:\/\/127\.0\.0\.1:7: it refuses .*; wss:\/\/b\.example: it takes the connection/,
  );
});

Deno.test("servers that do not take the connection are told in three seconds, those that then say nothing in ten", async () => {
  const untaken = await failure(["wss://a.example"], silent);
  assert.match(untaken.error.message, /no answer in 3 s, .* check the address and the network$/);
  const unanswered = await failure(["wss://a.example"], () => mute().open());
  assert.match(unanswered.error.message, /it takes the connection and answers nothing/);
  for (const [{ seconds }, limit] of [[untaken, 3], [unanswered, 10]] as const) {
    assert.ok(seconds >= limit && seconds <= limit + 0.2, `${seconds}`);
  }
});

Deno.test("who has no person waiting goes on trying", async () => {
  const { error, seconds } = await failure(["ws://127.0.0.1:7"], refusing, { timeoutMs: 60_000 });
  assert.ok(seconds >= 60, `${seconds}`);
  assert.equal(error.message.match(/connect to/g)?.length, 1);
});

Deno.test("the runtime's words for a socket that does not open are put into ours, without what moves a cursor", () => {
  assert.match(complaintOf({ message: "dns error" })!, /no such host/);
  assert.match(complaintOf({ message: "Invalid status code: 404" })!, /web server answers with status 404/);
  assert.match(complaintOf({ message: "invalid peer certificate" })!, /secure connection/);
  assert.equal(complaintOf({ message: `odd\u001b[2J${"x".repeat(500)}` })!.length, 120);
  assert.equal(complaintOf({ message: "odd\u001b[2J" }), "odd [2J");
  assert.equal(complaintOf({}), undefined);
});

function mute(): ScriptedNode {
  const node = new ScriptedNode();
  node.isSilent = true;
  return node;
}
