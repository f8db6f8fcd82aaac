import assert from "node:assert/strict";
import { devnetTest } from "./devnet_harness.ts";
import { accountsReplaced, assertSameShape, blocksReplaced, recordedAnswers } from "./recorded_answers.ts";
import { Accounts, realRegistry, recordedCalls } from "./recorded_calls.ts";

devnetTest("every recorded request is answered in the recorded shape", async (_, api) => {
  const accounts = new Accounts();
  recordedCalls(realRegistry(), accounts);
  const methods = new Set<string>();
  const { provider } = (api as any)._rpcCore;
  for (const { method, params, answer } of recordedAnswers()) {
    const head = (await api.rpc.chain.getHeader()).hash.toHex();
    const ours = accountsReplaced(blocksReplaced(method, params, head), accounts);
    assertSameShape(await provider.send(method, ours), answer, method);
    methods.add(method);
  }
  assert.deepEqual([...methods].sort(), [
    "chain_getBlock",
    "chain_getBlockHash",
    "chain_getFinalizedHead",
    "chain_getHeader",
    "rpc_methods",
    "state_call",
    "state_getKeysPaged",
    "state_getRuntimeVersion",
    "state_getStorage",
    "state_queryStorageAt",
    "state_subscribeRuntimeVersion",
    "system_chain",
    "system_health",
    "system_properties",
  ]);
});
