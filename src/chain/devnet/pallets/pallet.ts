/**
 * What a pallet is here: names, numbers, types and the functions behind its calls. From a list of these the runtime
 * dispatches and the metadata is generated. Names, variant numbers, argument names, types and hashers are those of
 * the subtensor runtime (spec 293) for the part implemented, so that a client written for it needs no second path.
 */
import type { AnyType, ScaleType, ValueOf } from "../../scale/scale_type.ts";
import type { Payload, Variant } from "../../scale/composite_types.ts";
import { variant } from "../../scale/composite_types.ts";
import type { AnyEntry } from "./storage_entry.ts";
import type { TypedState } from "./typed_state.ts";

export interface Pallet {
  readonly name: string;
  readonly index: number;
  /** The Rust crate, in which clients look for its Call, Event and Error. */
  readonly crate: string;
  readonly storage: readonly AnyEntry[];
  readonly calls: readonly Call[];
  /** name → [index, fields] */
  readonly events: Readonly<Record<string, readonly [index: number, payload?: Payload]>>;
  /** name → index */
  readonly errors: Readonly<Record<string, number>>;
  readonly constants: readonly Constant[];
  /** Run in each block, in the order of the pallets, before the first extrinsic. */
  readonly onInitialize?: BlockHook;
}

/** Some of a pallet's calls with what they tell: a large pallet is put together from these, one a file. */
export type PalletPart = Pick<Pallet, "calls" | "events">;

export interface Constant {
  readonly name: string;
  readonly type: AnyType;
  readonly value: unknown;
}

export function constant<T>(name: string, type: ScaleType<T>, value: T): Constant {
  return { name, type, value };
}

/** What a call may see and do. Throwing a `DispatchFailure` undoes all of it. */
export interface CallContext {
  readonly state: TypedState;
  /** The account that signed; undefined for the chain itself and in what the block author puts in. */
  readonly signer: Uint8Array | undefined;
  /** Called in the name of the chain itself. */
  readonly isRoot: boolean;
  readonly blockNumber: number;
  deposit(pallet: { readonly name: string }, event: string, value?: unknown): void;
  /**
   * Runs another call in the same name, or in the one given. What it wrote and deposited stays only if it returns.
   * @throws {DispatchFailure}
   */
  dispatch(call: Variant, as?: Origin): void;
}

/** In whose name a call runs: an account's, the chain's own, or nobody's, as what the block author puts in. */
export type Origin = Uint8Array | "root" | undefined;

/** What a block does before its extrinsics. */
export type BlockHook = (context: BlockContext) => void;

export interface BlockContext extends CallContext {
  /**
   * One step of what a block does, apart from the others: if it throws, that is told, nothing of it stays, and the next
   * steps follow.
   * @param what what it does, for the log
   */
  attempt(what: string, step: (context: CallContext) => void): void;
}

export interface Call {
  readonly name: string;
  readonly index: number;
  readonly args: Readonly<Record<string, AnyType>>;
  // deno-lint-ignore no-explicit-any
  run(args: any, context: CallContext): void;
}

export function call<A extends Record<string, AnyType>>(
  index: number,
  name: string,
  args: A,
  run: (args: { [K in keyof A]: ValueOf<A[K]> }, context: CallContext) => void,
): Call {
  return { index, name, args, run };
}

/** A dispatch that failed, as the `DispatchError` that its ExtrinsicFailed event carries. */
export class DispatchFailure extends Error {
  override name = "DispatchFailure";
  readonly error: Variant;

  constructor(error: Variant) {
    super(`dispatch failed with ${error.name}`);
    this.error = error;
  }
}

/** The pallet's own error of that name. */
export function palletFailure(pallet: Pick<Pallet, "index" | "errors">, name: string): DispatchFailure {
  const value = { index: pallet.index, error: Uint8Array.of(pallet.errors[name], 0, 0, 0) };
  return new DispatchFailure({ name: "Module", value });
}

/** @throws {DispatchFailure} BadOrigin */
export function signerOf(context: CallContext): Uint8Array {
  if (!context.signer) throw new DispatchFailure({ name: "BadOrigin" });
  return context.signer;
}

/** @throws {DispatchFailure} BadOrigin */
export function requireRoot(context: CallContext): void {
  if (!context.isRoot) throw new DispatchFailure({ name: "BadOrigin" });
}

const GENERIC = [{ name: "T" }];

export function callType(pallet: Pallet): ScaleType<Variant> {
  const cases = pallet.calls.map((each) => [each.name, [each.index, each.args]] as const);
  return variant(`${pallet.crate}::pallet::Call`, Object.fromEntries(cases), GENERIC);
}

export function eventType(pallet: Pallet): ScaleType<Variant> {
  return variant(`${pallet.crate}::pallet::Event`, pallet.events, GENERIC);
}

export function errorType(pallet: Pallet): ScaleType<Variant> {
  const cases = Object.entries(pallet.errors).map(([name, index]) => [name, [index]] as const);
  return variant(`${pallet.crate}::pallet::Error`, Object.fromEntries(cases), GENERIC);
}
