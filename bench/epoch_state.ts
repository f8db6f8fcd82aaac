/** A local chain's state just before an epoch: validators that weigh everybody, with bonds, and everybody with stake. */
import type { Random } from "../src/base/random.ts";
import { genesisBlock } from "../src/chain/devnet/blocks/genesis.ts";
import { Overlay, stateOf } from "../src/chain/devnet/pallets/overlay.ts";
import type { CallContext } from "../src/chain/devnet/pallets/pallet.ts";
import { emitOnSubnet, stepOfSubnet } from "../src/chain/devnet/pallets/subtensor/epoch.ts";
import { appendNeuron } from "../src/chain/devnet/pallets/subtensor/neurons.ts";
import { addStake } from "../src/chain/devnet/pallets/subtensor/stake.ts";
import * as at from "../src/chain/devnet/pallets/subtensor/storage.ts";
import { TypedState } from "../src/chain/devnet/pallets/typed_state.ts";

const NETUID = 1;
const TEMPO = 10;
/** With netuid 1 and tempo 10, blocks 206 and 217 end an epoch. */
const REGISTERED_AT = 199;
const WEIGHED_AT = 205;
const [FIRST_EPOCH, SECOND_EPOCH] = [206, 217];
const TAO = 1_000_000_000n;

export interface Size {
  readonly neurons: number;
  readonly validators: number;
}

export class EpochState {
  readonly #overlay: Overlay;

  constructor({ neurons, validators }: Size, random: Random) {
    const { changes } = genesisBlock(new Uint8Array(16), 0);
    this.#overlay = new Overlay(stateOf(changes));
    const context = this.#context(this.#overlay, REGISTERED_AT);
    const { state } = context;
    state.set(at.Tempo, TEMPO, NETUID);
    state.set(at.MaxAllowedValidators, validators, NETUID);
    const uids = Array.from({ length: neurons }, (_, uid) => uid);
    for (const uid of uids) {
      const hotkey = new Uint8Array(32).fill(uid % 251);
      hotkey[0] = uid >> 8;
      hotkey[1] = uid & 0xff;
      state.set(at.Owner, hotkey, hotkey);
      appendNeuron(context, NETUID, hotkey);
      const amountRao = (uid < validators ? 1000n + BigInt(random.nextBelow(1000)) : 1n) * TAO;
      addStake(context, { hotkey, coldkey: hotkey, netuid: NETUID, amountRao });
    }
    state.set(at.ValidatorPermit, uids.map((uid) => uid < validators), NETUID);
    state.set(at.LastUpdate, uids.map(() => BigInt(WEIGHED_AT)), NETUID);
    for (let uid = 0; uid < validators; uid++) {
      const row = uids.map((to): [number, number] => [to, 1 + random.nextBelow(65_535)]);
      state.set(at.Weights, row, NETUID, uid);
    }
    runHooks(this.#context(this.#overlay, FIRST_EPOCH));
  }

  /** The block's hook, on a layer that is dropped. @returns what it leaves, to compare */
  epoch(): TypedState {
    const overlay = new Overlay(this.#overlay);
    runHooks(this.#context(overlay, SECOND_EPOCH));
    return new TypedState(overlay);
  }

  #context(overlay: Overlay, blockNumber: number): CallContext {
    return {
      state: new TypedState(overlay),
      signer: undefined,
      isRoot: false,
      blockNumber,
      deposit() {},
      dispatch() {},
    };
  }
}

function runHooks(context: CallContext): void {
  emitOnSubnet(context, NETUID);
  stepOfSubnet(context, NETUID);
}
