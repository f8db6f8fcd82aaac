/** Child keys and takes on the local chain: who may set them, when they count, whom they pay. */
import assert from "node:assert/strict";
import * as child from "../../../../src/chain/devnet/pallets/subtensor/child_storage.ts";
import {
  divideAmongFamily,
  inheritedStakeOf,
  totalStakeOf,
} from "../../../../src/chain/devnet/pallets/subtensor/family.ts";
import { addStake, stakeOf } from "../../../../src/chain/devnet/pallets/subtensor/stake.ts";
import { Delegates, StakeThreshold } from "../../../../src/chain/devnet/pallets/subtensor/stake_storage.ts";
import * as at from "../../../../src/chain/devnet/pallets/subtensor/storage.ts";
import { keyOf, StateHarness, TAO } from "./state_harness.ts";

const NETUID = 1;
const TEMPO = 10;
const HALF = (1n << 63n) - 1n;
const WHOLE = (1n << 64n) - 1n;
const [coldkey, stranger] = ["coldkey", "stranger"].map(keyOf);
const [parent, kid, other] = ["parent", "child", "other"].map(keyOf);

/** The parent and the other are the coldkey's, the child is the stranger's; all are neurons. */
function family(): StateHarness {
  const chain = new StateHarness();
  chain.state.set(at.Tempo, TEMPO, NETUID);
  for (const who of [coldkey, stranger]) chain.fund(who, 1000n * TAO);
  for (const [hotkey, owner] of [[parent, coldkey], [other, coldkey], [kid, stranger]]) {
    const { error } = chain.run("SubtensorModule.burned_register", { netuid: NETUID, hotkey }, owner);
    assert.equal(error, undefined);
  }
  addStake(chain, { hotkey: parent, coldkey, netuid: NETUID, amountRao: 100n * TAO });
  addStake(chain, { hotkey: parent, coldkey, netuid: 0, amountRao: 50n * TAO });
  return chain;
}

const setChildren = (chain: StateHarness, children: [bigint, Uint8Array][], more = {}, by = coldkey) =>
  chain.run("SubtensorModule.set_children", { hotkey: parent, netuid: NETUID, children, ...more }, by);

Deno.test("children are scheduled, become so after the next epoch, and are replaced by those set later", () => {
  const chain = family();
  const { events, error } = setChildren(chain, [[HALF, kid], [1n, other]]);
  assert.equal(error, undefined);
  assert.deepEqual(events.map(([name]) => name), ["SetChildrenScheduled"]);
  assert.deepEqual(chain.state.get(child.ChildKeys, parent, NETUID), []);
  const later = chain.nextBlocks(TEMPO + 1).filter(([name]) => name === "SetChildren");
  assert.deepEqual(later.map(([, value]) => value), [[parent, NETUID, [[HALF, kid], [1n, other]]]]);
  assert.deepEqual(chain.state.get(child.ParentKeys, kid, NETUID), [[HALF, parent]]);
  assert.equal(setChildren(chain, [[WHOLE, other]]).error, "TxRateLimitExceeded");
  chain.blockNumber += 150;
  assert.equal(setChildren(chain, [[WHOLE, other]]).error, undefined);
  chain.nextBlocks(TEMPO + 1);
  assert.deepEqual(chain.state.get(child.ParentKeys, kid, NETUID), []);
  assert.deepEqual(chain.state.get(child.ParentKeys, other, NETUID), [[WHOLE, parent]]);
  assert.equal(chain.state.has(child.PendingChildKeys, NETUID, parent), false);
});

Deno.test("what a parent lends counts for the child and no more for itself, on root, too", () => {
  const chain = family();
  const { state } = chain;
  const before = totalStakeOf(state, parent, NETUID);
  setChildren(chain, [[HALF, kid]]);
  chain.nextBlocks(TEMPO + 1);
  const [own, lent] = [parent, kid].map((each) => totalStakeOf(chain.state, each, NETUID));
  assert.ok(before > 100n * TAO && own + lent >= before, "emission may have come on top");
  const alpha = stakeOf(chain.state, parent, NETUID);
  const rest = inheritedStakeOf(chain.state, parent, NETUID);
  assert.ok(rest >= alpha / 2n && rest <= alpha / 2n + 1n);
  assert.equal(inheritedStakeOf(chain.state, kid, NETUID, 0), 50n * TAO * HALF / WHOLE);
  assert.equal(inheritedStakeOf(chain.state, other, NETUID), stakeOf(chain.state, other, NETUID));
});

Deno.test("a child's dividends go to the parents by what they lend, less the take of another's child", () => {
  const chain = family();
  addStake(chain, { hotkey: kid, coldkey: stranger, netuid: NETUID, amountRao: 60n * TAO });
  addStake(chain, { hotkey: other, coldkey, netuid: NETUID, amountRao: 60n * TAO });
  const lend = (to: Uint8Array) => chain.state.set(child.ParentKeys, [[WHOLE, parent]], to, NETUID);
  lend(kid);
  const lent = totalStakeOf(chain.state, parent, NETUID);
  const paid = (take: number, to = kid) => {
    chain.state.set(child.ChildkeyTake, take, to, NETUID);
    return divideAmongFamily(chain.state, NETUID, to, 1_000_000n).map(({ rao }) => rao);
  };
  const theirs = 1_000_000n * lent / (lent + 60n * TAO);
  assert.deepEqual(paid(0), [theirs, 1_000_000n - theirs]);
  const kept = theirs * 6553n / 65535n;
  assert.deepEqual(paid(6553), [theirs - kept, 1_000_000n - theirs + kept]);
  lend(other);
  assert.deepEqual(paid(6553, other), [theirs, 1_000_000n - theirs], "none between one's own");
  assert.deepEqual(divideAmongFamily(chain.state, NETUID, parent, 5n), [{ hotkey: parent, rao: 5n }]);
});

Deno.test("an epoch pays the parent for what its child validates", () => {
  const chain = family();
  setChildren(chain, [[WHOLE, kid]]);
  chain.nextBlocks(2 * (TEMPO + 1));
  assert.deepEqual(chain.state.get(at.ValidatorPermit, NETUID), [false, false, true]);
  const weights = { netuid: NETUID, dests: [1], weights: [1], version_key: 0n };
  assert.equal(chain.run("SubtensorModule.set_weights", weights, kid).error, undefined);
  const before = stakeOf(chain.state, parent, NETUID);
  chain.nextBlocks(3 * (TEMPO + 1));
  assert.ok(stakeOf(chain.state, parent, NETUID) > before);
  assert.equal(stakeOf(chain.state, kid, NETUID), 0n, "it has no stake of its own, and no take");
});

Deno.test("children that cannot be are refused, in the order of the checks", () => {
  const chain = family();
  const many = Array.from({ length: 6 }, (_, i): [bigint, Uint8Array] => [1n, keyOf(`many ${i}`)]);
  const cases: [string, [bigint, Uint8Array][], Record<string, unknown>, Uint8Array][] = [
    ["RegistrationNotPermittedOnRootSubnet", [], { netuid: 0 }, coldkey],
    ["SubnetNotExists", [], { netuid: 9 }, coldkey],
    ["NonAssociatedColdKey", [], {}, stranger],
    ["TooManyChildren", many, {}, coldkey],
    ["InvalidChild", [[1n, parent]], {}, coldkey],
    ["ProportionOverflow", [[WHOLE, kid], [1n, other]], {}, coldkey],
    ["DuplicateChild", [[1n, kid], [1n, kid]], {}, coldkey],
  ];
  for (const [name, children, more, by] of cases) {
    assert.equal(setChildren(chain, children, more, by).error, name);
  }
  chain.state.set(StakeThreshold, 1000n * TAO);
  assert.equal(setChildren(chain, [[1n, kid]]).error, "NotEnoughStakeToSetChildkeys");
  assert.equal(setChildren(chain, []).error, undefined);
});

Deno.test("a child's take is within its bounds, and raised only after five blocks", () => {
  const chain = family();
  const set = (take: number, by = stranger) =>
    chain.run("SubtensorModule.set_childkey_take", { hotkey: kid, netuid: NETUID, take }, by);
  assert.equal(set(1, coldkey).error, "NonAssociatedColdKey");
  assert.equal(set(11_797).error, "InvalidChildkeyTake");
  assert.deepEqual(set(100).events, [["ChildKeyTakeSet", [kid, 100]]]);
  assert.equal(set(101).error, "TxChildkeyTakeRateLimitExceeded");
  assert.equal(set(99).error, undefined);
  chain.blockNumber += 5;
  assert.equal(set(101).error, undefined);
});

Deno.test("a hotkey's take is lowered at will, and raised a month later", () => {
  const chain = family();
  const change = (call: string, take: number, by = coldkey, hotkey = parent) =>
    chain.run(`SubtensorModule.${call}`, { hotkey, take }, by);
  assert.equal(change("decrease_take", 1, coldkey, keyOf("nobody's")).error, "HotKeyAccountNotExists");
  assert.equal(change("decrease_take", 1, stranger).error, "NonAssociatedColdKey");
  assert.deepEqual(change("decrease_take", 5000).events, [["TakeDecreased", [coldkey, parent, 5000]]]);
  assert.equal(chain.state.get(Delegates, parent), 5000);
  assert.equal(change("decrease_take", 5000).error, "DelegateTakeTooLow");
  assert.equal(change("increase_take", 5000).error, "DelegateTakeTooLow");
  assert.equal(change("increase_take", 11_797).error, "DelegateTakeTooHigh");
  assert.equal(change("increase_take", 6000).error, "DelegateTxRateLimitExceeded");
  chain.blockNumber += 216_001;
  assert.deepEqual(change("increase_take", 6000).events, [["TakeIncreased", [coldkey, parent, 6000]]]);
});
