/** Submissions that meet faults on the way: each call has one effect, and the log is clear. */
import { strict as assert } from "node:assert";
import { SUBMISSION_FAULTS } from "../submission_faults.ts";
import { checkLines, MINUTE, payAll, SECOND, withFaultRoom } from "./fault_room.ts";

for (const fault of SUBMISSION_FAULTS) {
  const name = typeof fault === "string" ? fault : `a refusal with code ${fault.refuse}`;
  Deno.test(`calls take effect once each although submissions meet ${name}`, () =>
    withFaultRoom(async ({ nodes: [node], lines, connect, settled, pass }) => {
      const client = await connect();
      node.faults.push(fault, undefined, fault, fault);
      const payments = payAll(client, 5);
      await settled(payments.done);
      await pass(5 * SECOND);
      await settled(payments.check(client));
      checkLines(lines);
      assert.equal(node.faults.length, 0);
    }));
}

Deno.test("two clients that share an account have one effect a call, whatever their submissions meet", () =>
  withFaultRoom(async ({ nodes: [node], lines, connect, settled, pass }) => {
    const clients = [await connect(), await connect()];
    node.faults.push(...SUBMISSION_FAULTS, undefined, ...SUBMISSION_FAULTS);
    const payments = clients.map((client) => payAll(client, 10));
    await settled(Promise.all(payments.map(({ done }) => done)));
    await pass(10 * SECOND);
    await settled(Promise.all(payments.map(({ check }) => check(clients[0]))));
    checkLines(lines);
  }));

Deno.test("calls made before and during an outage of ten minutes all take effect once", () =>
  withFaultRoom(async ({ lines, connect, settled, pass, restart, clock }) => {
    const client = await connect();
    const before = payAll(client, 5);
    await pass(20);
    const back = restart(10 * MINUTE);
    const during = payAll(client, 5);
    const downAtMs = clock.nowMs();
    await back;
    await settled(before.done);
    await settled(during.done);
    assert.ok(clock.nowMs() - downAtMs >= 10 * MINUTE);
    await settled(before.check(client));
    await settled(during.check(client));
    checkLines(lines);
    assert.equal(lines.length, 2);
    assert.match(lines[0], /calls waiting: (5|10),/);
    assert.match(lines[1], /again after 6\d\d s, calls that waited: 10/);
  }));

Deno.test("all endpoints go down, one comes up again, and no call is lost", () =>
  withFaultRoom(async ({ nodes, lines, connect, settled, pass }) => {
    const client = await connect();
    const payments = payAll(client, 5);
    await pass(10);
    for (const node of nodes) node.goDown();
    await pass(5 * MINUTE);
    nodes[2].isUp = true;
    await settled(payments.done);
    await settled(payments.check(client));
    checkLines(lines);
    assert.match(lines[1], /connected to ws:\/\/2 again/);
  }, { nodeCount: 3 }));

Deno.test("a node that falls silent in the middle of calls is left for the next, and no call is lost", () =>
  withFaultRoom(async ({ nodes, lines, connect, settled, pass }) => {
    const client = await connect();
    const payments = payAll(client, 5);
    await pass(12);
    nodes[0].isSilent = true;
    await settled(payments.done);
    await settled(payments.check(client));
    checkLines(lines);
    assert.match(lines[0], /stopped answering/);
  }, { nodeCount: 2 }));
