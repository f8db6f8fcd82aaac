/** An API over recorded metadata and nothing else: what it builds is what a chain with that runtime would be sent. */
import { ApiPromise } from "@polkadot/api";
import type { ApiOptions } from "@polkadot/api/types";

type Provider = NonNullable<ApiOptions["provider"]>;

/** @param metadata hex with 0x @param specVersion of the runtime that it was recorded from */
export async function offlineApi(metadata: string, specVersion: number): Promise<ApiPromise> {
  const version = {
    specName: "node-subtensor",
    implName: "node-subtensor",
    authoringVersion: 1,
    specVersion,
    implVersion: 1,
    apis: [],
    transactionVersion: 1,
    stateVersion: 1,
  };
  const answers: Record<string, unknown> = {
    chain_getBlockHash: `0x${"45".repeat(32)}`,
    state_getRuntimeVersion: version,
    system_chain: "recorded",
    system_properties: { ss58Format: 42, tokenDecimals: 9, tokenSymbol: "TAO" },
    rpc_methods: { methods: [] },
    state_getMetadata: metadata,
  };
  const provider: Provider = {
    hasSubscriptions: true,
    isClonable: false,
    isConnected: true,
    clone: () => provider,
    connect: () => Promise.resolve(),
    disconnect: () => Promise.resolve(),
    on: (type, handler) => {
      if (type === "connected") queueMicrotask(handler);
      return () => {};
    },
    send: (method) => {
      if (Object.hasOwn(answers, method)) return Promise.resolve(answers[method] as any);
      return Promise.reject(new Error(`${method} is not answered here`));
    },
    subscribe: () => Promise.resolve(1),
    unsubscribe: () => Promise.resolve(true),
  };
  return await ApiPromise.create({ provider, initWasm: false, noInitWarn: true, throwOnConnect: true });
}
