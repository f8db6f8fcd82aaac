/** A new chain's state, on which calls run as a block would run them: no sockets, no signatures, no waiting. */
import { genesisBlock } from "../../../../src/chain/devnet/blocks/genesis.ts";
import { Account } from "../../../../src/chain/devnet/pallets/system.ts";
import { Overlay, stateOf } from "../../../../src/chain/devnet/pallets/overlay.ts";
import {
  type BlockContext,
  DispatchFailure,
  type Origin,
} from "../../../../src/chain/devnet/pallets/pallet.ts";
import { runtimeEvent } from "../../../../src/chain/devnet/pallets/common_types.ts";
import { encodeValue } from "../../../../src/chain/scale/scale_type.ts";
import { TypedState } from "../../../../src/chain/devnet/pallets/typed_state.ts";
import { callOf, RUNTIME_PALLETS } from "../../../../src/chain/devnet/runtime/runtime.ts";
import { fromHex } from "../../../../src/base/bytes.ts";
import type { Variant } from "../../../../src/chain/scale/composite_types.ts";
import { TotalIssuance } from "../../../../src/chain/devnet/pallets/balances.ts";

export const TAO = 1_000_000_000n;
/** The rich development account, which has the sudo key. */
export const ALICE = fromHex("d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d");

/** An account for each name, without a balance. */
export function keyOf(name: string): Uint8Array {
  const key = new Uint8Array(32).fill(0x5a);
  key.set(new TextEncoder().encode(name).subarray(0, 32));
  return key;
}

export interface Ran {
  /** The failed dispatch's name: an error of the pallet, or one of the frame's. */
  readonly error: string | undefined;
  /** Names with values, in order. */
  readonly events: readonly [name: string, value: unknown][];
}

export class StateHarness {
  readonly #overlay: Overlay;
  blockNumber = 1;

  constructor() {
    const { changes } = genesisBlock(new Uint8Array(16), 0);
    this.#overlay = new Overlay(stateOf(changes));
  }

  get state(): TypedState {
    return new TypedState(this.#overlay);
  }

  /** `SubtensorModule.add_stake`. What fails leaves nothing. */
  run(name: string, value: Record<string, unknown>, origin: Origin): Ran {
    const [pallet, call] = name.split(".");
    const overlay = new Overlay(this.#overlay);
    const events: [string, unknown][] = [];
    try {
      const variant = { name: pallet, value: { name: call, value } };
      callOf(variant).run(value, this.#context(overlay, origin, events));
      this.#overlay.merge(overlay);
      return { error: undefined, events };
    } catch (error) {
      if (error instanceof DispatchFailure) return { error: nameOf(error.error), events: [] };
      throw error;
    }
  }

  /** What the pallets do before a block's extrinsics. @returns the events of all the blocks */
  nextBlocks(count: number): Ran["events"] {
    const events: [string, unknown][] = [];
    for (let i = 0; i < count; i++) {
      this.blockNumber++;
      for (const { pallet } of RUNTIME_PALLETS) {
        pallet.onInitialize?.(this.#context(this.#overlay, undefined, events));
      }
    }
    return events;
  }

  fund(who: Uint8Array, amountRao: bigint): void {
    const account = this.state.get(Account, who);
    const data = { ...account.data, free: account.data.free + amountRao };
    this.state.set(Account, { ...account, providers: 1, data }, who);
    this.state.set(TotalIssuance, this.state.get(TotalIssuance) + amountRao);
  }

  freeRao(who: Uint8Array): bigint {
    return this.state.get(Account, who).data.free;
  }

  #context(overlay: Overlay, origin: Origin, events: [string, unknown][]): BlockContext {
    return {
      state: new TypedState(overlay),
      signer: origin === "root" ? undefined : origin,
      isRoot: origin === "root",
      blockNumber: this.blockNumber,
      deposit: (pallet, name, value) => {
        // A block with an event that cannot be written would never be made.
        encodeValue(runtimeEvent, { name: pallet.name, value: { name, value } });
        events.push([name, value]);
      },
      attempt: (_what, step) => step(this.#context(overlay, undefined, events)),
      dispatch: (call, as = origin) => callOf(call).run(call.value.value, this.#context(overlay, as, events)),
    };
  }
}

function nameOf(error: Variant): string {
  if (error.name === "Token") return `Token.${error.value.name}`;
  if (error.name !== "Module") return error.name;
  const { index, error: [number] } = error.value;
  const { pallet } = RUNTIME_PALLETS.find(({ pallet }) => pallet.index === index)!;
  return Object.entries(pallet.errors).find(([, each]) => each === number)![0];
}
