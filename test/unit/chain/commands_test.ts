/** The commands' functions, in this process, against a local chain and wallets in files: a newcomer's whole way. */
import assert from "node:assert/strict";
import { printMetagraph } from "../../../src/cli/metagraph_table.ts";
import { setAxon } from "../../../src/cli/publish/axon.ts";
import { printCommitments, setCommitment } from "../../../src/cli/publish/publish_commitment.ts";
import { printStakes } from "../../../src/cli/stake/list_stakes.ts";
import { addStake, removeStake } from "../../../src/cli/stake/move_stake.ts";
import { createSubnet, startSubnet } from "../../../src/cli/subnet/found_subnet.ts";
import { registerHotkey } from "../../../src/cli/subnet/register_hotkey.ts";
import { printHyperparameters, printSubnet, printSubnets } from "../../../src/cli/subnet/show_subnets.ts";
import { fund, printBalance, transfer } from "../../../src/cli/wallet/funds.ts";
import { revealWeights } from "../../../src/cli/weights/reveal_weights.ts";
import { setWeights } from "../../../src/cli/weights/set_weights.ts";
import { printWeights } from "../../../src/cli/weights/show_weights.ts";
import { rejectsWith, TAO, withNewcomer } from "./newcomer.ts";

Deno.test("a newcomer gets play money, founds a subnet, starts it, and others see it", () =>
  withNewcomer(async ({ session, account, coldkey, hotkey, run }) => {
    await rejectsWith(
      "chain/balance-too-low",
      createSubnet(account, session),
      /skein wallet fund --chain ws:\S+ --wallet me --amount 1001$/,
    );
    const funded = await run((at) => fund({ ...account, amount: 3000n * TAO }, at));
    assert.deepEqual(funded, { ss58: coldkey, amountRao: String(3000n * TAO), freeRao: String(3000n * TAO) });
    await rejectsWith(
      "cli/no-terminal",
      createSubnet({ ...account, yes: false }, session),
      /nothing was sent/,
    );
    await rejectsWith("chain/too-expensive", createSubnet({ ...account, maxCost: TAO }, session));
    const created = await run((at) => createSubnet({ ...account, maxCost: 1000n * TAO }, at));
    assert.deepEqual([created.netuid, created.owner, created.hotkey], [2, coldkey, hotkey]);
    assert.equal(created.costRao, String(1000n * TAO));
    const ofMine = { ...account, netuid: created.netuid as number };
    await rejectsWith("chain/too-soon", startSubnet(ofMine, session), /too young.*block \d+ or later/);
    assert.equal((await run((at) => startSubnet({ ...ofMine, wait: true }, at))).before, false);
    assert.equal((await run((at) => startSubnet(ofMine, at))).before, true);
    const shown = await run((at) => printSubnet(ofMine, at));
    assert.deepEqual([shown.owner, shown.ownerHotkey, shown.neuronCount, shown.isStarted], [
      coldkey,
      hotkey,
      1,
      true,
    ]);
    const { subnets } = await run((at) => printSubnets(account, at));
    assert.deepEqual(subnets.map((each: any) => each.netuid), [0, 1, 2]);
    const { hyperparameters } = await run((at) => printHyperparameters(ofMine, at));
    assert.equal(hyperparameters.tempo, String(shown.tempo));
    // The founder's place counts as an update, and the subnet wants some blocks between two.
    const weights = { ...ofMine, uid: new Map([[0, 1]]) };
    await rejectsWith("chain/too-soon", setWeights(weights, session), /try again at block \d+/);
    const registered = await run((at) => registerHotkey(ofMine, at));
    assert.deepEqual([registered.uid, registered.costRao, registered.before], [0, "0", true]);
    await rejectsWith("chain/subnet-missing", registerHotkey({ ...account, netuid: 9 }, session));
  }));

Deno.test("a newcomer registers, publishes, stakes and sets weights, and reads it all back", () =>
  withNewcomer(async ({ session, account, coldkey, hotkey, run }) => {
    const there = { ...account, netuid: 1 };
    await run((at) => fund({ ...account, amount: 2000n * TAO }, at));
    const registered = await run((at) => registerHotkey(there, at));
    assert.deepEqual([registered.uid, registered.before], [0, false]);
    assert.equal(registered.freeRao, String(2000n * TAO - BigInt(registered.costRao)));
    await run((at) => setAxon({ ...there, ip: "127.0.0.1", port: 8091 }, at));
    await rejectsWith("chain/bad-address", setAxon({ ...there, ip: "nowhere", port: 1 }, session));
    await run((at) => setCommitment({ ...there, text: "hello" }, at));
    const staked = await run((at) => addStake({ ...there, amount: 100n * TAO }, at));
    // Epochs may have paid since.
    const isStaked = ({ stakeRao }: { stakeRao: string }) => BigInt(stakeRao) >= 100n * TAO;
    assert.ok(isStaked(staked));
    const { stakes } = await run((at) => printStakes(account, at));
    assert.deepEqual(stakes.map((each: any) => [each.netuid, each.hotkey, isStaked(each)]), [
      [1, hotkey, true],
    ]);
    const sent = await run((at) => setWeights({ ...there, uid: new Map([[0, 0.7]]) }, at));
    assert.deepEqual([sent.kind, sent.uids, sent.values], ["set", [0], [65535]]);
    assert.deepEqual((await run((at) => printWeights(there, at))).weights, { 0: { 0: 65535 } });
    assert.deepEqual(await run((at) => revealWeights({ ...account, wait: true }, at)), {
      ...{ hotkey, revealed: [], waiting: [] },
    });
    const { neurons } = await run((at) => printMetagraph(there, at));
    assert.deepEqual(
      neurons.map((each: any) => [each.uid, each.hotkey, each.coldkey, each.axon, isStaked(each)]),
      [
        [0, hotkey, coldkey, { ip: "127.0.0.1", port: 8091 }, true],
      ],
    );
    assert.equal(neurons[0].commitment, "0x68656c6c6f");
    const { commitments } = await run((at) => printCommitments({ ...there, address: hotkey }, at));
    assert.deepEqual(commitments.map((each: any) => each.text), ["hello"]);
    const takeAll = () => run((at) => removeStake({ ...there, all: true }, at));
    // What an epoch pays on the way is left over; without any stake none pays.
    while ((await takeAll()).stakeRao !== "0");
    await rejectsWith("cli/bad-flags", removeStake({ ...there, all: true }, session), /has 0 on it/);
    await rejectsWith(
      "cli/bad-flags",
      removeStake({ ...there, all: false }, session),
      /one of --amount and --all/,
    );
    const moved = await run((at) => transfer({ ...account, to: hotkey, amount: 5n * TAO }, at));
    assert.equal(
      (await run((at) => printBalance({ ...account, address: hotkey }, at))).freeRao,
      String(5n * TAO),
    );
    assert.equal((await run((at) => printBalance(account, at))).freeRao, moved.freeRao);
    await rejectsWith("chain/bad-address", transfer({ ...account, to: "5Bad", amount: 1n }, session));
  }));
