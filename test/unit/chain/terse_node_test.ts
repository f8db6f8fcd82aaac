/** A subnet's life by the commands, before a node that has little more than the methods that this takes. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { xxhashAsHex } from "@polkadot/util-crypto";
import { systemClock } from "../../../src/base/clock.ts";
import { isSkeinError } from "../../../src/base/errors.ts";
import { eventLog } from "../../../src/base/log.ts";
import { connectChain } from "../../../src/chain/client.ts";
import { startDevnet } from "../../../src/chain/devnet/devnet.ts";
import type { ChainSession } from "../../../src/cli/chain_session.ts";
import { printMetagraph } from "../../../src/cli/metagraph_table.ts";
import { setAxon } from "../../../src/cli/publish/axon.ts";
import { setCommitment } from "../../../src/cli/publish/publish_commitment.ts";
import { addStake } from "../../../src/cli/stake/move_stake.ts";
import { createSubnet, startSubnet } from "../../../src/cli/subnet/found_subnet.ts";
import { registerHotkey } from "../../../src/cli/subnet/register_hotkey.ts";
import { setHyperparameter } from "../../../src/cli/subnet/set_hyperparameter.ts";
import { printHyperparameters, printSubnets } from "../../../src/cli/subnet/show_subnets.ts";
import { createKeys } from "../../../src/cli/wallet/create_keys.ts";
import { fund } from "../../../src/cli/wallet/funds.ts";
import { revealWeights } from "../../../src/cli/weights/reveal_weights.ts";
import { setWeights } from "../../../src/cli/weights/set_weights.ts";
import { printWeights } from "../../../src/cli/weights/show_weights.ts";
import { ScriptedTerminal } from "../cli/scripted_terminal.ts";
import { TerseNode } from "./terse_node.ts";

const TAO = 1_000_000_000n;
/** As on a chain to which nobody brings the public beacon's rounds. */
const BEACON_KEYS = ["LastStoredRound", "BeaconConfig"].map((entry) =>
  ["Drand", entry].reduce((key, name) => key + xxhashAsHex(name, 128).slice(2), "0x")
);
/** Above the subnet's weights rate limit and its tempo. */
const EPOCH_BLOCKS = 120;

interface Room {
  readonly node: TerseNode;
  readonly lines: string[];
  readonly walletPath: string;
  /** Each time with a client of its own, as a process would. @returns what was printed */
  run(task: (session: ChainSession) => Promise<void>): Promise<any>;
  newBlocks(count: number): Promise<void>;
  newKeys(hotkey: string, kinds?: readonly ("coldkey" | "hotkey")[]): Promise<string>;
}

async function withTerseNode(body: (room: Room) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  const lines: string[] = [];
  const log = eventLog(({ event, level, message }) => {
    if (event === "log") lines.push(`${level}: ${message}`);
  });
  const deps = { clock: systemClock, log };
  const options = { directory: join(directory, "chain"), port: 0, blockMs: 250 };
  const devnet = await startDevnet({ ...options, production: "on-demand" }, deps);
  const node = new TerseNode(devnet.url);
  const terminal = new ScriptedTerminal({ environment: { SKEIN_HOME: join(directory, "data") } });
  const walletPath = join(directory, "wallets");
  try {
    await body({
      ...{ node, lines, walletPath },
      async run(task) {
        const chain = await connectChain(devnet.url, { ...deps, openSocket: node.openSocket });
        try {
          await task({ chain, terminal, clock: systemClock, signal: new AbortController().signal });
        } finally {
          await chain.close();
        }
        return terminal.takeJson();
      },
      async newBlocks(count) {
        await fetch(devnet.url.replace("ws", "http"), {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "dev_newBlock", params: [{ count }] }),
        }).then((response) => response.json());
      },
      async newKeys(hotkey, kinds = ["hotkey"]) {
        const flags = { wallet: "me", walletPath, hotkey, words: 12 as const, password: false, json: true };
        await createKeys([...kinds], flags, terminal);
        return terminal.takeJson().hotkey.ss58;
      },
    });
  } finally {
    await devnet.stop();
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a subnet lives from its foundation to weights before a node that knows few methods and makes blocks on demand", () =>
  withTerseNode(async ({ node, lines, walletPath, run, newBlocks, newKeys }) => {
    await newKeys("owner", ["coldkey", "hotkey"]);
    const account = { wallet: "me", walletPath, hotkey: "owner", json: true, yes: true };
    // The very first head, whose hash is not what its header gives.
    await run((at) => fund({ ...account, amount: 5000n * TAO }, at));
    const { netuid } = await run((at) => createSubnet(account, at));
    await newBlocks(10);
    assert.equal((await run((at) => startSubnet({ ...account, netuid }, at))).started, true);
    const ofOwner = { ...account, netuid };
    const set = await run((at) =>
      setHyperparameter({ ...ofOwner, name: "serving_rate_limit", value: 0n }, at)
    );
    assert.deepEqual([set.before, set.value], ["50", "0"]);
    await assert.rejects(
      run((at) => setHyperparameter({ ...ofOwner, name: "weights_rate_limit", value: 0n }, at)),
      (error) =>
        isSkeinError(error, "chain/call-failed") && /BadOrigin.*the chain itself alone/.test(error.message),
    );
    const uids: number[] = [];
    for (const hotkey of ["validator", "one", "two"]) {
      await newKeys(hotkey);
      uids.push((await run((at) => registerHotkey({ ...account, netuid, hotkey }, at))).uid);
    }
    assert.deepEqual(uids, [1, 2, 3]);
    const validator = { ...account, netuid, hotkey: "validator" };
    await run((at) => setAxon({ ...validator, ip: "203.0.113.9", port: 8091 }, at));
    await run((at) => setCommitment({ ...validator, text: "hello" }, at));
    await run((at) => addStake({ ...validator, amount: 500n * TAO }, at));
    await newBlocks(EPOCH_BLOCKS);
    const sent = await run((at) => setWeights({ ...validator, uid: new Map([[2, 3], [3, 1]]) }, at));
    assert.deepEqual([sent.kind, sent.uids, sent.values], ["set", [2, 3], [65535, 21845]]);
    await newBlocks(EPOCH_BLOCKS);
    const { neurons } = await run((at) => printMetagraph({ ...account, netuid }, at));
    assert.equal(neurons[1].hasValidatorPermit, true);
    assert.deepEqual([neurons[1].axon.ip, neurons[1].commitment], ["203.0.113.9", "0x68656c6c6f"]);
    assert.deepEqual(neurons.slice(2).map((each: any) => each.incentive), [49151, 16383]);
    const { subnets } = await run((at) => printSubnets(account, at));
    assert.equal(subnets.length, 3);
    const { hyperparameters } = await run((at) => printHyperparameters({ ...account, netuid }, at));
    assert.equal(hyperparameters.tempo, "10");
    // Weights in secret, where nobody writes a beacon's rounds: by hash, revealed in their epoch.
    for (const key of BEACON_KEYS) node.emptied.add(key);
    await run((at) =>
      setHyperparameter({ ...ofOwner, name: "commit_reveal_weights_enabled", value: true }, at)
    );
    const committed = await run((at) => setWeights({ ...validator, uid: new Map([[2, 1], [3, 3]]) }, at));
    assert.equal(committed.kind, "committed");
    const asOfAll = { ...validator, wait: false };
    const early = await run((at) => revealWeights(asOfAll, at));
    assert.deepEqual([early.revealed.length, early.waiting.length], [0, 1]);
    const { block } = await run((at) => printSubnets(account, at));
    await newBlocks(committed.revealBlock - block - 1);
    const due = await run((at) => revealWeights(asOfAll, at));
    assert.deepEqual([due.revealed.length, due.waiting.length], [1, 0]);
    assert.deepEqual((await run((at) => printWeights({ ...account, netuid }, at))).weights[1], {
      ...{ 2: 21845, 3: 65535 },
    });
    assert.deepEqual([...node.refused], ["rpc_methods", "system_accountNextIndex"]);
    assert.deepEqual(lines, []);
  }));
