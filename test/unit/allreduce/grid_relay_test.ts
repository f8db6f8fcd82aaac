import assert from "node:assert/strict";
import type { Hotkey } from "../../../src/base/transport.ts";
import {
  audienceOf,
  certificateAudience,
  isCaretaker,
  suspectsOf,
  tellerOf,
} from "../../../src/allreduce/grid_relay.ts";
import { acceptsOf, briefly, outlineOf, proposalFrom } from "../../../src/allreduce/outline.ts";
import {
  memberIndexOf,
  type Offer,
  planOf,
  type Proposal,
  proposalDigest,
  type RunShape,
} from "../../../src/allreduce/proposal.ts";
import { packMessage, unpackMessage } from "../../../src/allreduce/messages.ts";
import { everybody } from "./grid_harness.ts";

const SHAPE: RunShape = {
  runId: "11".repeat(32),
  seed: "relay",
  codec: "u8",
  elementCount: 1024 * 2000,
  chunkElements: 1024,
  minGroup: 2,
  samplesPerInnerStep: 1,
  maxInnerSteps: 10,
};
const ANCHOR = "22".repeat(32);

const offer = (i: number): Offer => ({
  hotkey: `member-${i}`,
  innerSteps: 1,
  samples: 1,
  bandwidthBytesPerSec: 1000,
  waypointDigest: "33".repeat(32),
  block: 7,
  roundKey: "44".repeat(32),
  signature: i.toString(16).padStart(16, "0") + "ab".repeat(56),
});

function proposalOf(count: number, leader = 0): Proposal {
  const { runId, codec, elementCount, chunkElements } = SHAPE;
  return {
    runId,
    outerStep: 3,
    anchorRoot: ANCHOR,
    codec,
    attempt: 2,
    leader: `member-${leader}`,
    block: 9,
    elementCount,
    chunkElements,
    members: everybody(count).map(offer),
  };
}

const hotkeysOf = ({ members }: Proposal) => members.map((m) => m.hotkey);

Deno.test("in a grid everybody hears of a proposal once, from the leader or its row's head", () => {
  for (const [count, leader] of [[65, 3], [100, 0], [131, 130], [1000, 421]]) {
    const proposal = proposalOf(count, leader);
    const heard = new Map<Hotkey, Hotkey>();
    let most = 0;
    for (const self of hotkeysOf(proposal)) {
      const audience = audienceOf(proposal, self);
      most = Math.max(most, audience.length);
      for (const hotkey of audience) {
        assert.equal(heard.has(hotkey), false, `${hotkey} hears twice`);
        heard.set(hotkey, self);
        assert.equal(tellerOf(proposal, hotkey), self);
      }
    }
    assert.equal(heard.size, count - 1);
    assert.equal(heard.has(proposal.leader), false);
    assert.ok(most <= 3 * Math.sqrt(count), `${most} of ${count} told by one`);
  }
});

Deno.test("in a mesh the leader tells all", () => {
  const proposal = proposalOf(64, 5);
  assert.equal(audienceOf(proposal, "member-5").length, 63);
  assert.deepEqual(audienceOf(proposal, "member-6"), []);
  assert.equal(tellerOf(proposal, "member-6"), "member-5");
  assert.deepEqual(suspectsOf(proposal, ["member-1", "member-2"]), ["member-1", "member-2"]);
});

Deno.test("a row that is silent as a whole has a silent head; single members answer for themselves", () => {
  const proposal = proposalOf(100);
  const { rows, rowOf } = planOf(proposal).grid!;
  const hotkeys = hotkeysOf(proposal);
  const row = rows[(rowOf[memberIndexOf(proposal, proposal.leader)] + 1) % rows.length].map((m) =>
    hotkeys[m]
  );
  const head = row.find((hotkey) => tellerOf(proposal, hotkey) === proposal.leader)!;
  assert.deepEqual(suspectsOf(proposal, row), [head]);
  assert.deepEqual(suspectsOf(proposal, row.filter((hotkey) => hotkey !== head)), [head]);
  const two = row.filter((hotkey) => hotkey !== head).slice(0, 2);
  assert.deepEqual(suspectsOf(proposal, two), two);
});

Deno.test("each stranger hears of a large group's certificate from a few, who change with time; of a small one's from all", () => {
  const proposal = proposalOf(200);
  const members = hotkeysOf(proposal);
  const tellers = (peer: Hotkey, nowMs: number) =>
    members.filter((self) => isCaretaker(proposal, self, peer, nowMs));
  for (const peer of ["a stranger", "another", "member-7"]) {
    assert.equal(tellers(peer, 0).length, 3);
    assert.notDeepEqual(tellers(peer, 0), tellers(peer, 60_000));
  }
  const votes = members.slice(0, 150).map((hotkey) => ({ hotkey, signature: "ab".repeat(64) }));
  const told = (peer: Hotkey) =>
    members.filter((self) => certificateAudience({ proposal, votes }, self, [peer], 0).length > 0).length;
  assert.deepEqual(
    ["a stranger", "member-7", "member-170"].map(told),
    [3, 0, 3],
    "whose commit it shows has it",
  );
  const small = { proposal: proposalOf(10), votes: votes.slice(0, 7) };
  assert.deepEqual(certificateAudience(small, "member-1", ["x", "member-2"], 0), ["x", "member-2"]);
});

Deno.test("an outline gives the proposal back to who has the offers, and nothing to who lacks or doubts one", () => {
  const proposal = proposalOf(300, 8);
  const outline = outlineOf(proposal, "cd".repeat(64));
  const { header } = unpackMessage("outline", packMessage("outline", outline));
  const named = new Map(proposal.members.map((m) => [m.signature.slice(0, 16), m]));
  const found = proposalFrom(header, SHAPE, ANCHOR, (name) => named.get(name))!;
  assert.equal(proposalDigest(found), proposalDigest(proposal));
  assert.deepEqual(found, proposal);
  assert.equal(
    proposalFrom(header, SHAPE, ANCHOR, (name) => named.get(name === "0".repeat(15) + "9" ? "" : name)),
    undefined,
  );
  assert.equal(proposalFrom({ ...header, block: 10 }, SHAPE, ANCHOR, (name) => named.get(name)), undefined);
  assert.equal(proposalFrom(header, SHAPE, "44".repeat(32), (name) => named.get(name)), undefined);
  assert.equal(
    proposalFrom({ ...header, proposalDigest: "00".repeat(32) }, SHAPE, ANCHOR, (n) => named.get(n)),
    undefined,
  );
});

Deno.test("accepts that claim nothing travel as signatures, others in full, and come back as they were", () => {
  const proposal = proposalOf(70);
  const ballot = { runId: SHAPE.runId, outerStep: 3, attempt: 2, proposalDigest: proposalDigest(proposal) };
  const accepts = proposal.members.map(({ hotkey }, i) => ({
    hotkey,
    lock: null,
    holds: [] as string[],
    signature: i.toString(16).padStart(128, "0"),
  }));
  for (const group of [accepts, accepts.map((a, i) => i === 5 ? { ...a, holds: ["ee".repeat(32)] } : a)]) {
    const begin = { ...ballot, ...briefly(proposal, group), lock: null };
    const { header } = unpackMessage("begin", packMessage("begin", begin));
    assert.deepEqual(acceptsOf(proposal, header), group);
  }
  assert.equal(briefly(proposal, accepts).accepts.length, 0);
  assert.equal(briefly(proposalOf(20), accepts.slice(0, 20)).accepts.length, 20, "a mesh has no short form");
});
