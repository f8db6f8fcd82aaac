/** GELU and its gradient: by kernels of their own, or where a product of matrices takes them along (matmul.ts). */
import type { Binding, DispatchPlan } from "../gpu/mod.ts";

export type GeluForm = "gelu-tanh" | "gelu-erf";

/** What is to become of a product y. */
export interface FollowingGelu {
  readonly form: GeluForm;
  /** `forward`: `at` becomes gelu(y). `backward`: y becomes y · gelu'(`at`), whose input that is. */
  readonly pass: "forward" | "backward";
  /** Lies as y does. */
  readonly at: Binding;
}

export const geluConstants = (form: GeluForm) => ({ ERF: form === "gelu-erf" ? 1 : 0 });

/** @param y [count] */
export function addGelu(
  plan: DispatchPlan,
  count: number,
  { form, pass, at }: FollowingGelu,
  y: Binding,
): void {
  const constants = { COUNT: count, ...geluConstants(form) };
  if (pass === "forward") plan.add("gelu_forward", constants, [y, at], count);
  else plan.add("gelu_backward", constants, [at, y], count);
}
