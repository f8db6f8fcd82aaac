/** A subnet of three neurons, of which only the first may validate: what the calls about weights are tried on. */
import { addStake } from "../../../../src/chain/devnet/pallets/subtensor/stake.ts";
import * as at from "../../../../src/chain/devnet/pallets/subtensor/storage.ts";
import { keyOf, type Ran, StateHarness, TAO } from "./state_harness.ts";

export const NETUID = 1;
/** Epochs of eleven blocks: with netuid 1, block 9 is an epoch's first, consensus runs in 8, 19, 30 … */
export const TEMPO = 10;
export const VALIDATOR = keyOf("validator");
export const MINER = keyOf("miner");
export const STRANGER = keyOf("stranger");

export class ValidatorHarness extends StateHarness {
  constructor() {
    super();
    const { state } = this;
    state.set(at.Tempo, TEMPO, NETUID);
    const coldkey = keyOf("coldkey");
    this.fund(coldkey, 100n * TAO);
    for (const hotkey of [VALIDATOR, MINER, keyOf("other miner")]) {
      const { error } = this.run("SubtensorModule.burned_register", { netuid: NETUID, hotkey }, coldkey);
      if (error) throw new Error(`register: ${error}`);
    }
    state.set(at.ValidatorPermit, [true, false, false], NETUID);
    // What it keeps the permit for in the epochs to come.
    addStake({ state }, { hotkey: VALIDATOR, coldkey, netuid: NETUID, amountRao: TAO });
  }

  call(name: string, value: Record<string, unknown>, hotkey = VALIDATOR): Ran {
    return this.run(`SubtensorModule.${name}`, { netuid: NETUID, ...value }, hotkey);
  }

  setWeights(dests: number[], weights: number[], options: { hotkey?: Uint8Array; version?: bigint } = {}) {
    const { hotkey = VALIDATOR, version = 0n } = options;
    return this.call("set_weights", { dests, weights, version_key: version }, hotkey).error;
  }

  weightsOf(uid: number): [number, number][] {
    return this.state.get(at.Weights, NETUID, uid);
  }

  toBlock(block: number): Ran["events"] {
    return this.nextBlocks(block - this.blockNumber);
  }
}
