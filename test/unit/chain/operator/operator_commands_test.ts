/** Operators' commands against a local chain: stake that moves, takes, child keys, the root network. */
import assert from "node:assert/strict";
import { devAccount } from "../../../../src/chain/sr25519.ts";
import { printDelegation, setTake } from "../../../../src/cli/operator/delegate.ts";
import { claimRoot, registerOnRoot } from "../../../../src/cli/operator/root.ts";
import { printFamily, setChildren, setChildTake } from "../../../../src/cli/operator/set_children.ts";
import { printStakes } from "../../../../src/cli/stake/list_stakes.ts";
import { addStake } from "../../../../src/cli/stake/move_stake.ts";
import { moveStake, transferStake } from "../../../../src/cli/stake/relocate_stake.ts";
import { registerHotkey } from "../../../../src/cli/subnet/register_hotkey.ts";
import { createKeys } from "../../../../src/cli/wallet/create_keys.ts";
import { fund } from "../../../../src/cli/wallet/funds.ts";
import { swapHotkey } from "../../../../src/cli/wallet/swap_hotkey.ts";
import { type Newcomer, rejectsWith, TAO, withNewcomer } from "../newcomer.ts";

const NETUID = 1;
const WHOLE = (1n << 64n) - 1n;

/** With two hotkeys in subnet 1, and stake on the first. @returns the second */
async function settle({ session, account, run }: Newcomer): Promise<string> {
  await createKeys(["hotkey"], { ...account, hotkey: "second", words: 12 }, session.terminal);
  const second = session.terminal.takeJson().hotkey.ss58;
  const there = { ...account, netuid: NETUID };
  await run((at) => fund({ ...account, amount: 1000n * TAO }, at));
  await run((at) => registerHotkey(there, at));
  await run((at) => registerHotkey({ ...there, hotkey: "second" }, at));
  await run((at) => addStake({ ...there, amount: 100n * TAO }, at));
  return second;
}

Deno.test("stake moves to another hotkey and to another coldkey, and no further than there is", () =>
  withNewcomer(async (newcomer) => {
    const { session, account, hotkey, run } = newcomer;
    const second = await settle(newcomer);
    const there = { ...account, netuid: NETUID, all: false };
    const moved = await run((at) => moveStake({ ...there, toHotkeyAddress: second, amount: 40n * TAO }, at));
    assert.deepEqual([moved.from.hotkey, moved.to.hotkey, moved.movedRao], [
      hotkey,
      second,
      String(40n * TAO),
    ]);
    assert.deepEqual([moved.feeRao, moved.amountRao], ["0", "0"]);
    const bob = devAccount("//Bob").address;
    await run((at) => transferStake({ ...there, to: bob, amount: 10n * TAO }, at));
    const mine = await run((at) => printStakes(account, at));
    const on = (list: any, key: string) =>
      BigInt(list.stakes.find((each: any) => each.hotkey === key).stakeRao);
    assert.ok(on(mine, hotkey) >= 50n * TAO && on(mine, second) >= 40n * TAO);
    // Shares are whole bits: one may be lost.
    assert.ok(on(await run((at) => printStakes({ ...account, address: bob }, at)), hotkey) >= 10n * TAO - 1n);
    await rejectsWith("cli/bad-flags", moveStake({ ...there, amount: TAO }, session), /to where it is/);
    const away = { ...there, toHotkeyAddress: second };
    await rejectsWith(
      "cli/bad-flags",
      moveStake({ ...away, amount: 900n * TAO }, session),
      /see: skein stake list$/,
    );
    await rejectsWith("cli/bad-flags", moveStake(away, session), /one of --amount and --all/);
    await rejectsWith("chain/bad-address", transferStake({ ...there, to: "5Bad", amount: TAO }, session));
    const unasked = { ...away, amount: TAO, yes: false };
    await rejectsWith("cli/no-terminal", moveStake(unasked, session), /nothing was sent, --yes is required/);
  }));

Deno.test("a take is lowered, shown, and not raised again at once", () =>
  withNewcomer(async (newcomer) => {
    const { session, account, hotkey, coldkey, run } = newcomer;
    await settle(newcomer);
    assert.equal((await run((at) => setTake({ ...account, take: 5898 }, at))).before, false);
    assert.equal((await run((at) => setTake({ ...account, take: 5898 }, at))).before, true);
    const shown = await run((at) => printDelegation(account, at));
    assert.deepEqual([shown.hotkey, shown.owner, shown.take, shown.mostTake], [hotkey, coldkey, 5898, 11796]);
    await rejectsWith(
      "chain/too-soon",
      setTake({ ...account, take: 6000 }, session),
      /is required, wait for it$/,
    );
    await rejectsWith(
      "cli/bad-flags",
      setTake({ ...account, take: 20000 }, session),
      /0 % to 18 % are required/,
    );
    const nobody = await run((at) => printDelegation({ ...account, hotkeyAddress: coldkey }, at));
    assert.equal(nobody.owner, null);
  }));

Deno.test("children are set, become so with an epoch, and are seen from both sides", () =>
  withNewcomer(async (newcomer) => {
    const { session, account, hotkey, run, blocks } = newcomer;
    const second = await settle(newcomer);
    const there = { ...account, netuid: NETUID };
    const child = [{ hotkey: second, share: WHOLE / 2n }];
    const set = await run((at) => setChildren({ ...there, child, none: false }, at));
    assert.ok(BigInt(set.feeRao) > 0n && (set.block === null || set.block > 0));
    await blocks(12);
    const parent = await run((at) => printFamily(there, at));
    assert.deepEqual(parent.children, [{ share: String(WHOLE / 2n), hotkey: second }]);
    const seen = await run((at) => printFamily({ ...there, hotkeyAddress: second }, at));
    assert.deepEqual(seen.parents, [{ share: String(WHOLE / 2n), hotkey }]);
    await run((at) => setChildTake({ ...there, hotkey: "second", take: 3276 }, at));
    assert.equal((await run((at) => printFamily({ ...there, hotkeyAddress: second }, at))).take, 3276);
    await rejectsWith("cli/bad-flags", setChildTake({ ...there, take: 65535 }, session), /are required/);
    await rejectsWith("cli/bad-flags", setChildren({ ...there, none: false }, session), /--child, or --none/);
    await rejectsWith(
      "chain/call-failed",
      setChildren({ ...there, none: true }, session),
      /TxRateLimitExceeded/,
    );
    await rejectsWith("chain/subnet-missing", printFamily({ ...there, netuid: 9 }, session));
  }));

Deno.test("another hotkey of the wallet takes a hotkey's place, at a price that is told first", () =>
  withNewcomer(async (newcomer) => {
    const { session, account, hotkey, run } = newcomer;
    await settle(newcomer);
    await createKeys(["hotkey"], { ...account, hotkey: "third", words: 12 }, session.terminal);
    const third = session.terminal.takeJson().hotkey.ss58;
    const uid = await session.chain.isRegistered(NETUID, hotkey);
    const told = session.terminal.told.length;
    const swapped = await run((at) => swapHotkey({ ...account, newHotkey: "third" }, at));
    assert.deepEqual([swapped.hotkey, swapped.newHotkey, swapped.netuid], [hotkey, third, null]);
    assert.equal(swapped.amountRao, String(TAO / 10n));
    assert.match(
      session.terminal.told.slice(told).join(),
      /in all subnets: it costs 0\.1 TAO, and its fee is /,
    );
    assert.equal(await session.chain.isRegistered(NETUID, third), uid);
    const stakes = await run((at) => printStakes(account, at));
    assert.deepEqual(stakes.stakes.map((each: any) => each.hotkey), [third]);
    await rejectsWith(
      "cli/bad-flags",
      swapHotkey({ ...account, hotkey: "third", newHotkey: "third" }, session),
      /another is required by --new-hotkey$/,
    );
  }));

Deno.test("a hotkey enters the root network once; earnings there cannot be claimed from a runtime without claims", () =>
  withNewcomer(async (newcomer) => {
    const { session, account, run } = newcomer;
    await settle(newcomer);
    const first = await run((at) => registerOnRoot(account, at));
    assert.deepEqual([first.uid, first.before], [0, false]);
    assert.equal((await run((at) => registerOnRoot(account, at))).before, true);
    await rejectsWith(
      "chain/unsupported-runtime",
      claimRoot({ ...account, netuid: [1] }, session),
      /claimRoot/,
    );
  }));
