/** Which of several endpoints is used, in virtual time. */
import { strict as assert } from "node:assert";
import { eventLog } from "../../../src/base/log.ts";
import { isSkeinError } from "../../../src/base/errors.ts";
import { Random } from "../../../src/base/random.ts";
import { SteadyProvider } from "../../../src/chain/steady_provider.ts";
import { VirtualClock } from "../../simulation/virtual_clock.ts";
import { ScriptedNode, scriptedSockets } from "./scripted_nodes.ts";

const SECOND = 1000;
const MINUTE = 60_000;

interface Room {
  readonly a: ScriptedNode;
  readonly b: ScriptedNode;
  readonly c: ScriptedNode;
  readonly clock: VirtualClock;
  readonly provider: SteadyProvider;
  readonly lines: string[];
  pass(ms: number): Promise<void>;
}

async function withTwo(
  body: (room: Room) => Promise<void>,
  before: (room: Room) => void = () => {},
  urls = ["a", "b"],
) {
  const [a, b, c] = [new ScriptedNode(), new ScriptedNode(), new ScriptedNode()];
  const clock = new VirtualClock();
  const lines: string[] = [];
  const provider = new SteadyProvider(
    {
      ...{ urls, replyTimeoutMs: 30 * SECOND, staleHeadMs: MINUTE },
      ...{ openTimeoutMs: 10 * SECOND, greetingTimeoutMs: 30 * SECOND },
    },
    {
      clock,
      log: eventLog(({ level, message }) => lines.push(`${level}: ${message}`)),
      random: new Random(1),
      openSocket: scriptedSockets({ a, b, c }),
    },
  );
  const pass = async (ms: number) => void await clock.advance(() => false, clock.nowMs() + ms);
  const room = { a, b, c, clock, provider, lines, pass };
  before(room);
  await provider.connect();
  await pass(SECOND);
  try {
    await body(room);
  } finally {
    const closed = provider.disconnect();
    await pass(SECOND);
    await closed;
    assert.equal(a.socketCount + b.socketCount + c.socketCount, 0, "no socket stays open");
  }
}

/** Heads go on, a block every 12 s. */
async function live({ a, b, c, pass }: Room, ms: number): Promise<void> {
  for (let at = 0; at < ms; at += 12 * SECOND) {
    await pass(12 * SECOND);
    for (const node of [a, b, c]) node.head++;
  }
}

Deno.test("the first endpoint is used, and the second when the first goes down", () =>
  withTwo(async ({ a, provider, lines, pass }) => {
    assert.equal(provider.url, "a");
    const endCall = provider.beginCall();
    a.goDown();
    await pass(SECOND);
    endCall();
    assert.equal(provider.url, "b");
    assert.deepEqual(lines, [
      "warn: chain: connection to a lost, calls waiting: 1, connecting again: the node closed the connection",
      "info: chain: connected to b again after 0 s, calls that waited: 1",
    ]);
  }));

Deno.test("a first endpoint that is down at the start is passed over, and told", () =>
  withTwo(async ({ provider, lines }) => {
    assert.equal(provider.url, "b");
    assert.equal(lines.length, 1);
  }, ({ a }) => a.isUp = false));

Deno.test("all down, then one up: requests wait and go through, tries become rarer", () =>
  withTwo(async ({ a, b, provider, lines, pass }) => {
    a.goDown();
    b.goDown();
    const openingsBefore = a.openingCount;
    const answer = provider.request("system_name", []);
    await pass(10 * MINUTE);
    // 600 s at 5 to 15 s a try, after the first few.
    assert.ok(a.openingCount - openingsBefore < 600 / 5 + 10, `${a.openingCount} tries`);
    assert.equal(lines.length, 1);
    b.isUp = true;
    await pass(20 * SECOND);
    assert.equal(await answer, "0xgenesis");
    assert.match(lines[1], /connected to b again after 6\d\d s/);
    assert.equal(lines.length, 2);
  }));

Deno.test("an endpoint of another chain is left out and told once", () =>
  withTwo(async ({ a, provider, lines, pass }) => {
    a.goDown();
    await pass(30 * MINUTE);
    a.isUp = true;
    await pass(30 * MINUTE);
    assert.equal(provider.url, "a");
    assert.equal(lines.filter((line) => line.includes("genesis 0xother")).length, 1);
  }, ({ b }) => b.genesisHash = "0xother"));

Deno.test("while only another chain is there, a request says so", () =>
  withTwo(async ({ a, b, provider, pass }) => {
    a.goDown();
    b.goDown();
    a.genesisHash = b.genesisHash = "0xother";
    a.isUp = b.isUp = true;
    const answer = provider.request("system_name", [], MINUTE).catch((error) => error);
    await pass(2 * MINUTE);
    assert.ok(isSkeinError(await answer, "chain/other-chain"));
  }));

Deno.test("a node that falls silent is dropped within a minute, though nothing is asked of it", () =>
  withTwo(async ({ a, provider, lines, pass }) => {
    a.isSilent = true;
    await pass(MINUTE);
    assert.equal(provider.url, "b");
    assert.match(lines[0], /stopped answering/);
  }));

Deno.test("a node whose head stands still is left when another is ahead, and not before", () =>
  withTwo(async ({ b, provider, lines, pass }) => {
    await pass(5 * MINUTE);
    assert.equal(provider.url, "a");
    b.head = 130;
    await pass(2 * MINUTE);
    assert.equal(provider.url, "b");
    assert.deepEqual(lines, ["info: chain: a is left for b: its head stands at 100, b is at 130"]);
  }));

Deno.test("a node that is behind what was seen, or syncing, is passed over for one that is not", () =>
  withTwo(async ({ a, b, provider, pass }) => {
    a.goDown();
    await pass(SECOND);
    assert.equal(provider.url, "b");
    b.goDown();
    a.head = 50;
    a.isUp = true;
    b.isUp = true;
    await pass(20 * SECOND);
    assert.equal(provider.url, "b");
  }, ({ a, b }) => a.head = b.head = 200));

const THREE = ["a", "b", "c"];

Deno.test("one of three that tells far too high a head makes the others not look behind", () =>
  withTwo(
    async (room) => {
      const { a, b, provider, lines, pass } = room;
      assert.equal(provider.url, "a");
      b.head = 1_000_000;
      a.goDown();
      await pass(SECOND);
      assert.equal(provider.url, "b");
      a.isUp = true;
      b.goDown();
      await pass(5 * SECOND);
      assert.equal(provider.url, "a", "by the third, the first is where the chain is");
      await live(room, 20 * MINUTE);
      assert.equal(provider.url, "a");
      assert.equal(lines.filter((line) => line.includes("left for")).length, 0);
    },
    () => {},
    THREE,
  ));

Deno.test("a node that stands still above all others is left for one that is where they are", () =>
  withTwo(
    async ({ b, c, provider, pass }) => {
      for (let at = 0; at < 10; at++) {
        await pass(12 * SECOND);
        b.head++;
        c.head++;
      }
      assert.notEqual(provider.url, "a");
    },
    ({ a }) => a.head = 1_000_000,
    THREE,
  ));

Deno.test("a node that is behind is better than none", () =>
  withTwo(async ({ a, b, provider, pass }) => {
    a.goDown();
    b.goDown();
    a.head = 50;
    a.isUp = true;
    await pass(MINUTE);
    assert.equal(provider.url, "a");
  }));

Deno.test("the first endpoint is returned to after ten minutes, in a moment without calls", () =>
  withTwo(async (room) => {
    const { a, provider, lines, pass } = room;
    a.goDown();
    await pass(SECOND);
    a.isUp = true;
    const endCall = provider.beginCall();
    await live(room, 15 * MINUTE);
    assert.equal(provider.url, "b");
    endCall();
    await live(room, MINUTE);
    assert.equal(provider.url, "a");
    assert.equal(lines.length, 3);
    assert.match(lines[2], /^info: chain: b is left for a/);
  }));

Deno.test("subscriptions are opened again on the next node", () =>
  withTwo(async ({ a, b, provider, pass }) => {
    await provider.subscribe("x_update", "x_subscribe", [], () => {});
    a.goDown();
    await pass(SECOND);
    assert.equal(b.requests.filter((method) => method === "x_subscribe").length, 1);
  }));

Deno.test("a subscription that the next node refuses at first is asked for again, until it has it", () =>
  withTwo(async ({ a, b, provider, lines, pass }) => {
    const heard: unknown[] = [];
    await provider.subscribe("x_update", "x_subscribe", [], (_, news) => heard.push(news));
    b.refusals = 3;
    a.goDown();
    await pass(30 * SECOND);
    assert.equal(b.requests.filter((method) => method === "x_subscribe").length, 4);
    assert.equal(lines.filter((line) => /warn: .*refuses x_subscribe/.test(line)).length, 1);
    b.tell("x_update", "news");
    await pass(SECOND);
    assert.deepEqual(heard, ["news"]);
  }));

Deno.test("a question that takes every node too long ends within its limit, though each time there is a link again", () =>
  withTwo(async ({ a, b, clock, provider, pass }) => {
    for (const node of [a, b]) node.unanswered.add("x_slow");
    const startMs = clock.nowMs();
    let told: unknown;
    let endMs = 0;
    provider.request("x_slow", [], MINUTE).catch((error) => {
      told = error;
      endMs = clock.nowMs();
    });
    await pass(10 * MINUTE);
    assert.ok(isSkeinError(told, "chain/disconnected"), String(told));
    assert.match(String(told), /x_slow.*stopped answering|x_slow.*before the answer/);
    assert.ok(endMs - startMs <= 95 * SECOND, `${endMs - startMs} ms`);
  }));
