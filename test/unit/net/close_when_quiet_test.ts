/** A connection that is given up goes when nothing needs it: no frame and no answer is lost by that. */
import assert from "node:assert/strict";
import type { Connection } from "@libp2p/interface";
import { closeWhenQuiet } from "../../../src/net/close_when_quiet.ts";
import { LANE_PROTOCOLS, REQUEST_PROTOCOL } from "../../../src/net/protocols.ts";
import { VirtualClock } from "../../simulation/virtual_clock.ts";
import { FakeStream } from "./fake_peer.ts";

const never = () => false;

function connectionWith(streams: FakeStream[]) {
  const connection = { status: "open", streams, close: async () => void (connection.status = "closed") };
  return connection;
}

const streamOf = (protocol: string) => Object.assign(new FakeStream(() => true), { protocol });

Deno.test("it closes a second and a half after the last byte, in or out", async () => {
  const clock = new VirtualClock();
  const lane = streamOf(LANE_PROTOCOLS.bulk);
  const connection = connectionWith([lane]);
  closeWhenQuiet(connection as unknown as Connection, clock);
  for (let i = 0; i < 20; i++) {
    await clock.advance(never, clock.nowMs() + 1000);
    lane.dispatchEvent(new Event("message"));
  }
  lane.writableNeedsDrain = true;
  await clock.advance(never, clock.nowMs() + 20_000);
  assert.equal(connection.status, "open");
  lane.writableNeedsDrain = false;
  await clock.advance(never, clock.nowMs() + 2500);
  assert.equal(connection.status, "closed");
});

Deno.test("it stays while an answer is awaited, however quiet that is", async () => {
  const clock = new VirtualClock();
  const connection = connectionWith([streamOf(REQUEST_PROTOCOL), streamOf(LANE_PROTOCOLS.control)]);
  closeWhenQuiet(connection as unknown as Connection, clock);
  await clock.advance(never, 30_000);
  assert.equal(connection.status, "open");
  connection.streams.shift();
  await clock.advance(never, 33_000);
  assert.equal(connection.status, "closed");
});
