/** What a runtime API is: functions that a client calls by name through `state_call`, SCALE in, SCALE out. */
import type { TypedState } from "../../pallets/typed_state.ts";
import type { AnyType } from "../../../scale/scale_type.ts";

export interface RuntimeApiContext {
  readonly state: TypedState;
  /** All keys of the state with that prefix, in order. */
  keys(prefix: string): string[];
  /** Undefined for a version that is not published. */
  metadata(version: number): Uint8Array | undefined;
}

export interface RuntimeApiMethod {
  readonly name: string;
  readonly inputs: Readonly<Record<string, AnyType>>;
  readonly output: AnyType;
  // deno-lint-ignore no-explicit-any
  run(inputs: any, context: RuntimeApiContext): unknown;
}

export interface RuntimeApi {
  readonly name: string;
  readonly methods: readonly RuntimeApiMethod[];
}

export function method<I extends readonly unknown[]>(
  name: string,
  inputs: Readonly<Record<string, AnyType>>,
  output: AnyType,
  run: (inputs: I, context: RuntimeApiContext) => unknown,
): RuntimeApiMethod {
  return { name, inputs, output, run };
}
