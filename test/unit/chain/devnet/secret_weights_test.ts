/** A validator's weights under commit-reveal, from the client's call to the chain's opening, over loopback and in quick time. */
import assert from "node:assert/strict";
import { type Clock, systemClock } from "../../../../src/base/clock.ts";
import { eventLog } from "../../../../src/base/log.ts";
import { Now } from "../../../../src/chain/devnet/pallets/timestamp.ts";
import { storageKey } from "../../../../src/chain/devnet/pallets/storage_entry.ts";
import { type OpenSocket, openWebSocket } from "../../../../src/chain/link.ts";
import type { CommitStore, PendingReveal } from "../../../../src/chain/weight_commits.ts";
import { NETUID } from "./devnet_harness.ts";
import { quickClock, until, withSecretWeights } from "./secret_weights_room.ts";

/** Locks weights on a chain of that tempo, and waits until the chain has opened them. */
const lockAndOpen = (tempo: number, clock: Clock) =>
  withSecretWeights({ tempo, clock }, async (client, { hotkey, uid, minerUid }) => {
    const sent = await client.setWeights(NETUID, hotkey, new Map([[uid, 1], [minerUid, 3]]));
    assert.ok(sent.kind === "timelocked");
    const stored = async () => (await client.weights(NETUID)).get(uid);
    assert.equal(await stored(), undefined);
    await until(client, async () => await stored() !== undefined, client.block() + 4 * tempo);
    assert.deepEqual(await stored(), new Map([[uid, 21845], [minerUid, 65535]]));
    assert.ok(client.block() >= sent.revealBlock);
  });

Deno.test("the client locks a validator's weights by the chain's own beacon, and the chain opens them an epoch later", () =>
  lockAndOpen(10, quickClock()));

Deno.test("on a chain whose blocks come quicker than it says, the round is still out in time", () =>
  lockAndOpen(70, systemClock));

const IN_2100 = "0x00d8c32cbb030000";

/** As if nobody had written the beacon's pulses into the chain for decades: its time reads as the year 2100. */
const withoutPulses: OpenSocket = (url) => {
  const socket = openWebSocket(url);
  const key = storageKey(Now);
  return {
    set onopen(handler: any) {
      socket.onopen = handler;
    },
    set onclose(handler: any) {
      socket.onclose = handler;
    },
    set onerror(handler: any) {
      socket.onerror = handler;
    },
    set onmessage(handler: any) {
      socket.onmessage = ({ data }) =>
        handler({ data: data.replace(new RegExp(`(\\["${key}",")0x[0-9a-f]+`), `$1${IN_2100}`) });
    },
    send: (text) => socket.send(text),
    close: () => socket.close(),
  } as ReturnType<OpenSocket>;
};

Deno.test("where the beacon stands still weights are committed by hash, and revealed in their epoch by a client that knows only what was kept", async () => {
  const tempo = 20;
  let kept: readonly PendingReveal[] = [];
  const commits: CommitStore = {
    load: () => Promise.resolve(kept),
    save: (pending) => {
      kept = JSON.parse(JSON.stringify(pending));
      return Promise.resolve();
    },
  };
  const options = { tempo, clock: systemClock, openSocket: withoutPulses };
  await withSecretWeights(options, async (first, { hotkey, uid, minerUid, connect }) => {
    const scores = new Map([[uid, 1], [minerUid, 3]]);
    await assert.rejects(() => first.setWeights(NETUID, hotkey, scores), {
      code: "chain/unsupported-runtime",
    });
    const sent = await first.setWeights(NETUID, hotkey, scores, commits);
    assert.ok(sent.kind === "committed");
    assert.equal(kept.length, 1);
    assert.deepEqual(await first.revealWeights(hotkey, commits), [], "it is too early");

    const client = await connect();
    try {
      const stored = async () => (await client.weights(NETUID)).get(uid);
      await until(
        client,
        async () => (await client.revealWeights(hotkey, commits)).length > 0,
        sent.revealBlock + tempo,
      );
      assert.deepEqual(await stored(), new Map([[uid, 21845], [minerUid, 65535]]));
      assert.deepEqual(kept, []);
    } finally {
      await client.close();
    }
  });
});

Deno.test("weights that waited for too long before they were signed are locked to a later round", async () => {
  let [lateMs, isLate] = [0, false];
  const clientClock: Clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + lateMs };
  /** A minute passes between the plan and the first look at the account. */
  const openSocket: OpenSocket = (url) => {
    const socket = openWebSocket(url);
    const send = socket.send.bind(socket);
    socket.send = (text) => {
      if (isLate && text.includes("system_accountNextIndex")) [lateMs, isLate] = [61_000, false];
      send(text);
    };
    return socket;
  };
  const told: string[] = [];
  const log = eventLog((event) => told.push(JSON.stringify(event)), { debug: true });
  await withSecretWeights(
    { tempo: 40, clock: systemClock, clientClock, log, openSocket },
    async (client, { hotkey, uid, minerUid }) => {
      isLate = true;
      const sent = await client.setWeights(NETUID, hotkey, new Map([[uid, 1], [minerUid, 3]]));
      assert.ok(sent.kind === "timelocked");
      assert.equal(told.filter((line) => line.includes("planned again")).length, 1);
    },
  );
});
