/** The `OperatorClient` over @polkadot/api. */
import type { ApiPromise } from "@polkadot/api";
import type { Call } from "../calls.ts";
import type { ChainView } from "../chain_view.ts";
import { estimateFeeRao, type Spending } from "../fees.ts";
import { type KeyringPair, publicKeyOf } from "../sr25519.ts";
import { describeRequest, operatorCall } from "./operator_calls.ts";
import type { Delegation, Family, OperatorClient, OperatorCost, OperatorRequest } from "./operator_client.ts";
import { readDelegation, readFamily, readStartableAtBlock, swapCostRao } from "./operator_reads.ts";

export interface OperatorDependencies {
  /** At the newest head. */
  readonly read: <T>(task: (view: ChainView) => Promise<T>) => Promise<T>;
  readonly submit: (
    what: string,
    account: KeyringPair,
    build: (api: ApiPromise) => Call,
    spending: Spending,
  ) => Promise<unknown>;
}

export class PolkadotOperator implements OperatorClient {
  readonly describe = describeRequest;
  readonly #deps: OperatorDependencies;

  constructor(deps: OperatorDependencies) {
    this.#deps = deps;
  }

  cost(request: OperatorRequest, ss58: string): Promise<OperatorCost> {
    return this.#deps.read(async (view) => {
      const { api } = view;
      const call = operatorCall(api, request);
      const blockHash = view.block.hash;
      call.signFake(ss58, {
        blockHash,
        genesisHash: api.genesisHash,
        nonce: 0,
        runtimeVersion: api.runtimeVersion,
      });
      const feeRao = await estimateFeeRao(api, view.request, call.toHex());
      return { feeRao, amountRao: amountOf(view, request) };
    });
  }

  async submit(request: OperatorRequest, coldkey: KeyringPair): Promise<void> {
    const amountRao = await this.#deps.read(async (view) => amountOf(view, request));
    const build = (api: ApiPromise) => operatorCall(api, request);
    await this.#deps.submit(describeRequest(request), coldkey, build, { amountRao });
  }

  async delegation(hotkey: string): Promise<Delegation> {
    publicKeyOf(hotkey);
    return await this.#deps.read((view) => readDelegation(view, hotkey));
  }

  async family(netuid: number, hotkey: string): Promise<Family> {
    publicKeyOf(hotkey);
    return await this.#deps.read((view) => readFamily(view, netuid, hotkey));
  }

  startableAtBlock(netuid: number): Promise<number> {
    return this.#deps.read((view) => readStartableAtBlock(view, netuid));
  }
}

function amountOf(view: ChainView, request: OperatorRequest): bigint {
  return request.kind === "swap-hotkey" ? swapCostRao(view, request.netuid) ?? 0n : 0n;
}
