/**
 * Matrix products as dispatches: y = a·b in the three forms of training, with a bias, onto what y holds, or between parts
 * of larger matrices. Every matrix is stored row by row; the last letter pair says which operand is read transposed. a, b and
 * bias are stored in the plan's precision; y in its own buffer's, so that gradients of parameters can be f32.
 */
import type { Binding, DispatchPlan } from "../gpu/mod.ts";
import { addGelu, type FollowingGelu } from "./gelu.ts";
import {
  addVariant,
  defaultVariant,
  MATMUL_VARIANTS,
  type MatmulForm,
  type MatmulShape,
  type OfOperands,
  type Product,
  productClass,
} from "./matmul_variants.ts";

export type { MatmulForm, MatmulShape } from "./matmul_variants.ts";

export interface MatmulOptions {
  /** [columns], added to every row. */
  readonly bias?: Binding;
  /** Add to y instead of overwriting it. */
  readonly accumulate?: boolean;
  /** What follows on the result, whose rows must lie side by side: in the same dispatch where the kernel that is chosen can. */
  readonly gelu?: FollowingGelu;
  /**
   * Elements from one row to the next, as the matrix is stored; by default its rows lie side by side. The fast kernels
   * want those of a and b to be multiples of 4.
   */
  readonly strides?: Partial<OfOperands>;
  /** First element within the binding, 0 by default. */
  readonly offsets?: Partial<OfOperands>;
}

/** y[rows, columns] = a[rows, inner]·b[inner, columns] */
export function matmulNN(
  plan: DispatchPlan,
  shape: MatmulShape,
  a: Binding,
  b: Binding,
  y: Binding,
  options: MatmulOptions = {},
): void {
  addProduct(plan, "nn", shape, [a, b, y], options);
}

/** y[rows, columns] = a[rows, inner]·b[columns, inner]ᵀ */
export function matmulNT(
  plan: DispatchPlan,
  shape: MatmulShape,
  a: Binding,
  b: Binding,
  y: Binding,
  options: MatmulOptions = {},
): void {
  addProduct(plan, "nt", shape, [a, b, y], options);
}

/** y[rows, columns] = a[inner, rows]ᵀ·b[inner, columns] */
export function matmulTN(
  plan: DispatchPlan,
  shape: MatmulShape,
  a: Binding,
  b: Binding,
  y: Binding,
  options: MatmulOptions = {},
): void {
  addProduct(plan, "tn", shape, [a, b, y], options);
}

function addProduct(
  plan: DispatchPlan,
  form: MatmulForm,
  shape: MatmulShape,
  operands: readonly [Binding, Binding, Binding],
  options: MatmulOptions,
): void {
  const product = describeProduct(plan, form, shape, operands, options);
  const chosen = plan.choice(`matmul ${productClass(product)}`, product);
  const variant =
    MATMUL_VARIANTS.find(({ name, suits }) => name === chosen && suits(product, plan.adapter)) ??
      defaultVariant(product, plan.adapter);
  const [a, b, y] = operands;
  const { bias, gelu } = options;
  const isFused = gelu !== undefined && variant.geluKernel !== undefined;
  addVariant(plan, variant, product, { a, b, y, bias, gelu: isFused ? gelu : undefined });
  if (gelu !== undefined && !isFused) addGelu(plan, shape.rows * shape.columns, gelu, y);
}

function describeProduct(
  { precision }: DispatchPlan,
  form: MatmulForm,
  shape: MatmulShape,
  [a, b, y]: readonly [Binding, Binding, Binding],
  { bias, accumulate = false, strides = {}, offsets = {} }: MatmulOptions,
): Product {
  const { rows, columns, inner } = shape;
  return {
    rows,
    columns,
    inner,
    form,
    hasBias: bias !== undefined,
    accumulate,
    strides: {
      a: strides.a ?? (form === "tn" ? rows : inner),
      b: strides.b ?? (form === "nt" ? inner : columns),
      y: strides.y ?? columns,
    },
    offsets: { a: offsets.a ?? 0, b: offsets.b ?? 0, y: offsets.y ?? 0 },
    isPadded: [a, b].every(({ elements }) => elements % 4 === 0),
    precision,
    output: y.buffer.type === "f16" ? "f16" : "f32",
  };
}
