/**
 * The recorded subnet's life lived again on this chain, by a client that has the recorded metadata and never sees ours:
 * whatever it encodes must be understood here and end as it ended there, whatever it is answered must be of the recorded
 * types. The calls come at the recorded heights, for epochs and delays count blocks.
 */
import assert from "node:assert/strict";
import { ApiPromise, WsProvider } from "@polkadot/api";
import { blake2AsU8a } from "@polkadot/util-crypto";
import { concatBytes } from "../../../../src/base/bytes.ts";
import type { Devnet } from "../../../../src/chain/devnet/devnet.ts";
import { metadataSpec293 } from "../recorded.ts";
import { devnetTest, makeBlock, send } from "./devnet_harness.ts";
import {
  accountsReplaced,
  assertSameShape,
  blocksReplaced,
  recordedAnswers,
  storedTypeOf,
} from "./recorded_answers.ts";
import { Accounts, realRegistry, type RecordedCall, recordedCalls } from "./recorded_calls.ts";

/** Place in the session → how it may end here besides. */
const OTHERWISE: Record<number, string> = {
  16: "done", // an axon on loopback: subtensor's pool refuses it, this chain lives there
  22: "done", // weights of a neuron without a permit, which this chain gives until the first epoch
};

async function connectWithRecordedMetadata({ url, genesisHash }: Devnet): Promise<ApiPromise> {
  const provider = new WsProvider(url, false);
  await provider.connect();
  const metadata = { [`${genesisHash}-293`]: metadataSpec293() as `0x${string}` };
  return await ApiPromise.create({ provider, metadata, noInitWarn: true });
}

/** A commit names the hotkey that will reveal; it is made anew for ours from the reveal that follows. */
function callsFor(api: ApiPromise, recorded: readonly RecordedCall[]) {
  return recorded.map(({ name, call, signer }, i) => {
    const decoded = api.createType("Call", call) as any;
    if (name !== "subtensorModule.commitWeights") return decoded;
    const reveal = recorded.slice(i).find((each) => each.name === "subtensorModule.revealWeights")!;
    const { args } = api.createType("Call", reveal.call) as any;
    const preimage = concatBytes(signer.publicKey, ...args.map((arg: any) => arg.toU8a()));
    return api.tx.subtensorModule.commitWeights(args[0], blake2AsU8a(preimage, 256)).method;
  });
}

async function replay(devnet: Devnet, api: ApiPromise, recorded: readonly RecordedCall[]): Promise<string[]> {
  const calls = callsFor(api, recorded);
  const outcomes: string[] = [];
  let lateBlocks = 0;
  for (const [i, { name, signer, block }] of recorded.entries()) {
    while (devnet.block() < block + lateBlocks - 1) await makeBlock(api);
    const { blockHash, error } = await send(api, api.tx(calls[i]), signer);
    const { number } = await api.rpc.chain.getHeader(blockHash);
    lateBlocks = Math.max(lateBlocks, number.toNumber() - block);
    const events = await (await api.at(blockHash)).query.system.events() as any;
    const inner = events.find(({ event }: any) => event.method === "Sudid")?.event.data[0];
    outcomes.push(`${name}: ${error ?? (inner?.isErr ? inner.asErr.toString() : "done")}`);
  }
  return outcomes;
}

/** Asks what was asked, and decodes what is stored by the recorded types. @returns the entries that held something */
async function askAgain(api: ApiPromise, accounts: Accounts): Promise<Set<string>> {
  const { provider } = (api as any)._rpcCore;
  const { pallets } = api.runtimeMetadata.asLatest as any;
  const entries = new Set<string>();
  for (const { method, params, answer } of recordedAnswers()) {
    const head = (await api.rpc.chain.getHeader()).hash.toHex();
    const ours = accountsReplaced(blocksReplaced(method, params, head), accounts);
    const result = await provider.send(method, ours);
    assertSameShape(result, answer, method);
    const stored = method === "state_getStorage"
      ? [[ours[0], result]]
      : method === "state_queryStorageAt"
      ? result[0].changes
      : [];
    for (const [key, value] of stored) {
      if (value) entries.add(storedTypeOf(api.registry, pallets, key, value));
    }
  }
  return entries;
}

devnetTest("the recorded calls, signed anew, end here as they ended there", async (devnet) => {
  const api = await connectWithRecordedMetadata(devnet);
  const accounts = new Accounts();
  const recorded = recordedCalls(realRegistry(), accounts);
  const outcomes = await replay(devnet, api, recorded);
  const expected = recorded.map(({ name, outcome }, i) =>
    outcomes[i] === `${name}: ${OTHERWISE[i]}` ? outcomes[i] : `${name}: ${outcome ?? "done"}`
  );
  assert.deepEqual(outcomes, expected);
  const entries = await askAgain(api, accounts);
  for (
    const name of [
      "System.Events",
      "SubtensorModule.Axons",
      "SubtensorModule.Incentive",
      "Commitments.CommitmentOf",
    ]
  ) {
    assert.ok(entries.has(name), name);
  }
  assert.ok(entries.size >= 12, [...entries].join(" "));
  await api.disconnect();
}, "on-demand");
