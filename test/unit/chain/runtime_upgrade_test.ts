/** The chain's runtime is upgraded while a client is connected: from the one recorded runtime to the other. */
import { strict as assert } from "node:assert";
import { ApiPromise } from "@polkadot/api";
import { compactAddLength, hexToU8a, u8aConcat, u8aToHex } from "@polkadot/util";
import { systemClock } from "../../../src/base/clock.ts";
import { silentLog } from "../../../src/base/log.ts";
import { Random } from "../../../src/base/random.ts";
import type { OpenSocket } from "../../../src/chain/link.ts";
import { SteadyProvider } from "../../../src/chain/steady_provider.ts";
import { quickClock } from "./fake_chain.ts";
import { metadataSpec393 } from "./recorded.ts";
import { RecordedNode } from "./recorded_node.ts";

/** A node of spec 293 until it is upgraded; its old form of metadata is not asked for. */
class UpgradedNode {
  readonly #recorded = new RecordedNode();
  readonly #newMetadata = u8aToHex(
    u8aConcat(Uint8Array.of(1), compactAddLength(hexToU8a(metadataSpec393()))),
  );
  readonly #told: ((text: string) => void)[] = [];
  #isUpgraded = false;
  /** So many questions for metadata are refused. */
  refusals = 0;

  upgrade(): void {
    this.#isUpgraded = true;
    const result = { specName: "node-subtensor", implName: "node-subtensor", specVersion: 393, apis: [] };
    const params = { subscription: "versions", result: { ...result, transactionVersion: 1 } };
    const text = JSON.stringify({ jsonrpc: "2.0", method: "state_runtimeVersion", params });
    for (const tell of this.#told) tell(text);
  }

  readonly openSocket: OpenSocket = (url) => {
    const socket = this.#recorded.openSocket(url);
    const { send } = socket;
    socket.send = (text) => {
      const { id, method, params } = JSON.parse(text);
      if (this.#isUpgraded && method === "state_call" && this.refusals-- > 0) {
        const error = { code: -32000, message: "in the middle of it" };
        return queueMicrotask(() =>
          socket.onmessage?.({ data: JSON.stringify({ jsonrpc: "2.0", id, error }) })
        );
      }
      const result = this.#answer(method, params);
      if (method === "state_subscribeRuntimeVersion") this.#told.push((data) => socket.onmessage?.({ data }));
      if (result === undefined) return send(text);
      queueMicrotask(() => socket.onmessage?.({ data: JSON.stringify({ jsonrpc: "2.0", id, result }) }));
    };
    return socket;
  };

  #answer(method: string, params: any[]): unknown {
    if (method === "state_subscribeRuntimeVersion") return "versions";
    if (!this.#isUpgraded || method !== "state_call") return undefined;
    // 14, 15, 16, and the one that is not finished.
    if (params[0] === "Metadata_metadata_versions") return "0x100e0000000f00000010000000ffffffff";
    if (params[0] === "Metadata_metadata_at_version" && params[1] === "0x10000000") return this.#newMetadata;
  }
}

Deno.test("after an upgrade the client has the new runtime's calls and its own functions", async () => {
  const node = new UpgradedNode();
  const provider = new SteadyProvider(
    {
      ...{ urls: ["ws://upgraded"], replyTimeoutMs: 30_000, staleHeadMs: 60_000 },
      ...{ openTimeoutMs: 10_000, greetingTimeoutMs: 30_000 },
    },
    { clock: quickClock, log: silentLog, random: new Random(1), openSocket: node.openSocket },
  );
  await provider.connect();
  const api = await ApiPromise.create({ provider, initWasm: false, noInitWarn: true });
  try {
    assert.equal(api.tx.subtensorModule.commitTimelockedWeights, undefined);
    assert.ok((api.call.subnetInfoRuntimeApi as any).getMetagraph);
    node.refusals = 1;
    node.upgrade();
    while (api.runtimeVersion.specVersion.toNumber() !== 393) await systemClock.sleep(5);
    assert.ok(api.tx.subtensorModule.commitTimelockedWeights);
    assert.ok((api.call.subnetInfoRuntimeApi as any).getMechagraph, "not lost with the old form of metadata");
    assert.ok(api.call.transactionPaymentApi.queryInfo);
  } finally {
    await provider.disconnect();
  }
});
