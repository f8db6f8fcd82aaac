/** For how long a signature is good, on chains of the recorded runtimes. */
import { strict as assert } from "node:assert";
import type { ApiPromise } from "@polkadot/api";
import { transferCall } from "../../../src/chain/calls.ts";
import { requireKnownExtensions } from "../../../src/chain/runtime.ts";
import { signCall } from "../../../src/chain/sign_call.ts";
import { cryptoReady, devAccount } from "../../../src/chain/sr25519.ts";
import { offlineApi } from "./offline_api.ts";
import { metadataSpec293, metadataSpec393 } from "./recorded.ts";

const [BEST, FINAL] = [`0x${"bb".repeat(32)}`, `0x${"ff".repeat(32)}`];

async function signedAt(slotMs: number, [best, final]: readonly [number, number]) {
  await cryptoReady();
  const api = await offlineApi(metadataSpec393(), 393);
  const consts = { aura: { slotDuration: slotMs } };
  const ofSpeed = new Proxy(api, {
    get: (whole, name) => name === "consts" ? consts : Reflect.get(whole, name, whole),
  }) as ApiPromise;
  const account = devAccount("//Alice");
  const answers: Record<string, (params: unknown[]) => unknown> = {
    chain_getBlockHash: () => BEST,
    chain_getFinalizedHead: () => FINAL,
    chain_getHeader: ([hash]) => ({ number: hash === BEST ? best : final }),
  };
  const request = (method: string, params: unknown[]) => Promise.resolve(answers[method](params));
  const build = () => transferCall(api, account.address, 1n);
  const signed = await signCall(ofSpeed, request, { account, build, nonce: 7 });
  const sent: any = api.registry.createType("Extrinsic", signed.hex);
  return { ...signed, era: sent.era.asMortalEra, sentNonce: sent.nonce.toNumber() };
}

Deno.test("a signature is good for about three minutes of the chain's blocks, within bounds, from what is final on", async () => {
  for (const [slotMs, blocks] of [[12_000, 16], [6000, 32], [1000, 64], [250, 64], [60_000, 16]] as const) {
    const { era, birthBlock, lastBlock, sentNonce } = await signedAt(slotMs, [1000, 997]);
    assert.equal(era.period.toNumber(), blocks, `${slotMs} ms`);
    assert.deepEqual([era.birth(997), era.death(997)], [997, 997 + blocks]);
    assert.deepEqual([birthBlock, lastBlock, sentNonce], [997, 997 + blocks - 1, 7]);
  }
});

Deno.test("where finality lags or never comes, a signature begins at the best block", async () => {
  assert.equal((await signedAt(12_000, [1000, 0])).birthBlock, 1000);
  assert.equal((await signedAt(12_000, [1000, 992])).birthBlock, 992);
  assert.equal((await signedAt(12_000, [1000, 991])).birthBlock, 1000);
});

Deno.test("a runtime that wants bytes in a transaction which we do not know is named before anything is signed", async () => {
  for (const [metadata, spec] of [[metadataSpec293(), 293], [metadataSpec393(), 393]] as const) {
    const api = await offlineApi(metadata, spec);
    requireKnownExtensions(api);
    const { transactionExtensions } = api.runtimeMetadata.asLatest.extrinsic;
    const renamed = [...transactionExtensions].map(({ identifier, type }) => ({
      identifier: String(identifier).replace("ChargeTransactionPayment", "ChargeInShells"),
      type,
    }));
    const other = {
      registry: api.registry,
      runtimeVersion: api.runtimeVersion,
      runtimeMetadata: { asLatest: { extrinsic: { transactionExtensions: renamed } } },
    };
    assert.throws(() => requireKnownExtensions(other as unknown as ApiPromise), {
      code: "chain/unsupported-runtime",
      message: /it has no transaction without extension ChargeInShells/,
    });
  }
});
