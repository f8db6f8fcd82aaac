/**
 * What operators do now and then: move stake, set takes, name child keys, swap a hotkey. Each is a request, of which can be
 * asked what it costs before it is sent. Takes are in 65535ths, shares of child keys in 2⁶⁴−1ths, as the chain has them.
 */
import type { KeyringPair } from "../sr25519.ts";
import type { HyperparameterValue } from "./hyperparameter_call.ts";

/** On whom stake is, and where. */
export interface StakePlace {
  readonly hotkey: string;
  readonly netuid: number;
}

export interface Child {
  readonly hotkey: string;
  /** Of the parent's stake, in 2⁶⁴−1ths. */
  readonly share: bigint;
}

export type OperatorRequest =
  /** @param amount of the first subnet's token, in its 10⁻⁹; so below */
  | {
    readonly kind: "move-stake";
    readonly from: StakePlace;
    readonly to: StakePlace;
    readonly amount: bigint;
  }
  | {
    readonly kind: "transfer-stake";
    readonly from: StakePlace;
    readonly to: { readonly coldkey: string; readonly netuid: number };
    readonly amount: bigint;
  }
  | { readonly kind: "raise-take" | "lower-take"; readonly hotkey: string; readonly take: number }
  | {
    readonly kind: "set-children";
    readonly netuid: number;
    readonly hotkey: string;
    readonly children: readonly Child[];
  }
  | {
    readonly kind: "set-child-take";
    readonly netuid: number;
    readonly hotkey: string;
    readonly take: number;
  }
  /** In one subnet, or in all. */
  | {
    readonly kind: "swap-hotkey";
    readonly hotkey: string;
    readonly newHotkey: string;
    readonly netuid?: number;
  }
  | { readonly kind: "register-on-root"; readonly hotkey: string }
  | { readonly kind: "claim-root"; readonly netuids: readonly number[] }
  /** @param name as `ChainClient.hyperparameters` gives it */
  | {
    readonly kind: "set-hyperparameter";
    readonly netuid: number;
    readonly name: string;
    readonly value: HyperparameterValue;
  };

export interface OperatorCost {
  /** By the runtime's estimate; undefined where it makes none. */
  readonly feeRao?: bigint;
  /** What the call itself takes. */
  readonly amountRao: bigint;
}

/** A hotkey as one that others stake on. */
export interface Delegation {
  /** Undefined for a hotkey that the chain has never seen. */
  readonly owner?: string;
  /** What the owner keeps of what stakers earn. */
  readonly take: number;
  readonly leastTake: number;
  readonly mostTake: number;
  /** From then on the take can be raised. */
  readonly raisableAtBlock: number;
}

export interface Family {
  readonly children: readonly Child[];
  readonly parents: readonly Child[];
  /** Children that replace the present ones from that block on. */
  readonly pending?: { readonly children: readonly Child[]; readonly block: number };
  /** What the hotkey keeps, as a child, of what its parents' stake earns. */
  readonly take: number;
  readonly leastTake: number;
  readonly mostTake: number;
}

export interface OperatorClient {
  /** As errors and Ctrl-C name it: "set take of 5F… to 9 %". */
  describe(request: OperatorRequest): string;
  /** @param ss58 who would sign @throws {SkeinError} `chain/unsupported-runtime` */
  cost(request: OperatorRequest, ss58: string): Promise<OperatorCost>;
  /** @throws {SkeinError} those of calls, `chain/bad-address` */
  submit(request: OperatorRequest, coldkey: KeyringPair): Promise<void>;
  delegation(hotkey: string): Promise<Delegation>;
  /** @throws {SkeinError} `chain/subnet-missing` */
  family(netuid: number, hotkey: string): Promise<Family>;
  /** The first block in which a subnet's owner can start it. @throws {SkeinError} `chain/subnet-missing`, `chain/unsupported-runtime` */
  startableAtBlock(netuid: number): Promise<number>;
}
