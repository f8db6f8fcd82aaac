/**
 * The kernels that can compute a matrix product, and which of them suit a given product on a given adapter. All of them
 * take the same bindings and the same description of the product, so that choosing one is choosing a line of this table.
 */
import { assert } from "../base/assert.ts";
import {
  type AdapterFacts,
  type Binding,
  type DispatchPlan,
  type Grid,
  type KernelName,
  MAX_SOFTWARE_TURNS,
  type Precision,
} from "../gpu/mod.ts";
import { type FollowingGelu, geluConstants } from "./gelu.ts";

export interface MatmulShape {
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
}

/** Which operands are read transposed: a·b, a·bᵀ, aᵀ·b. */
export type MatmulForm = "nn" | "nt" | "tn";

export interface OfOperands {
  readonly a: number;
  readonly b: number;
  readonly y: number;
}

/** Everything about a product except where its operands are. */
export interface Product extends MatmulShape {
  readonly form: MatmulForm;
  readonly hasBias: boolean;
  readonly accumulate: boolean;
  /** Elements from one stored row to the next. */
  readonly strides: OfOperands;
  /** The first element within each binding. */
  readonly offsets: OfOperands;
  /** Whether a's and b's bindings hold whole groups of four elements. */
  readonly isPadded: boolean;
  readonly precision: Precision;
  /** How y is stored. */
  readonly output: Precision;
}

export interface MatmulVariant {
  readonly name: string;
  readonly kernel: KernelName;
  /** The same with GELU on its result, where that pays: where loads are dear. */
  readonly geluKernel?: KernelName;
  /** What makes the kernel this variant, besides what the product says. */
  readonly constants: Readonly<Record<string, number>>;
  /** Elements along the inner dimension that it takes at a time, where its kernel has IS_WHOLE. */
  readonly step?: number;
  readonly arithmetic: Precision;
  /** ‖Δ‖ / ‖y‖ that its arithmetic leaves beyond that of f32 sums. */
  readonly relativeError: number;
  /** Rows and columns of y that one workgroup computes. */
  tile(workgroupSize: number): readonly [number, number];
  suits(product: Product, facts: AdapterFacts): boolean;
}

/** STEP of the tiled kernels. */
const TILED_STEP = 16;

/** See kernels/matmul_half.wgsl: about 2⁻¹⁰, whatever the shape, because the errors of blocks average. */
const MAX_HALF_ERROR = 2 ** -9;

export const MATMUL_VARIANTS: readonly MatmulVariant[] = [
  broadcast("fours"),
  tiled("fours", { side: 16 }),
  tiled("fours", { side: 8 }),
  tiled("fours", { side: 8, slices: 4 }),
  tiled("fours", { side: 16, isHalf: true }),
  tiled("fours", { side: 8, isHalf: true }),
  broadcast("ones"),
  tiled("ones", { side: 16 }),
  tiled("ones", { side: 8 }),
  tiled("ones", { side: 8, slices: 4 }),
  tiled("ones", { side: 16, isHalf: true }),
  tiled("ones", { side: 8, isHalf: true }),
  {
    name: "direct",
    kernel: "matmul_direct",
    constants: {},
    arithmetic: "f32",
    relativeError: 0,
    tile: (workgroupSize) => [8, 4 * workgroupSize],
    suits: ({ inner }, facts) => bearsLoop(inner, facts),
  },
];

/** How a and b are read: four elements at a time where that is possible, else one by one. */
type Reading = "fours" | "ones";

function broadcast(reading: Reading): MatmulVariant {
  return {
    name: reading === "fours" ? "broadcast" : "broadcast-odd",
    kernel: reading === "fours" ? "matmul_broadcast" : "matmul_broadcast_odd",
    geluKernel: reading === "fours" ? "matmul_broadcast_gelu" : undefined,
    constants: {},
    arithmetic: "f32",
    relativeError: 0,
    tile: (workgroupSize) => [32, 4 * workgroupSize],
    suits: (product, { subgroupSizes: [smallest], ...facts }) =>
      facts.features.includes("subgroups") && smallest >= 8 && smallest % 8 === 0 &&
      isReadIn(reading, product) &&
      bearsLoop(product.inner / 4, facts),
  };
}

interface Tiling {
  /** Of the square of invocations, each with 8 × 8 of the tile. */
  readonly side: 8 | 16;
  /** Squares that share the inner dimension. */
  readonly slices?: 1 | 4;
  /** Sums a step in halves: where storage is f16. */
  readonly isHalf?: boolean;
}

function tiled(reading: Reading, { side, slices = 1, isHalf = false }: Tiling): MatmulVariant {
  const odd = reading === "fours" ? "" : "-odd";
  const kernel = isHalf ? "matmul_half" : "matmul_tiled";
  const bytes = 1024 * side * slices / (isHalf ? 2 : 1);
  const step = TILED_STEP * slices;
  return {
    name: `${isHalf ? "half" : "tiled"}-${8 * side}${slices > 1 ? "-sliced" : ""}${odd}`,
    kernel: reading === "fours" ? kernel : `${kernel}_odd`,
    constants: { SIDE: side, SLICES: slices, WORKGROUP: side * side * slices },
    step,
    arithmetic: isHalf ? "f16" : "f32",
    relativeError: isHalf ? MAX_HALF_ERROR : 0,
    tile: () => [8 * side, 8 * side],
    suits: (product, facts) =>
      isReadIn(reading, product) &&
      (!isHalf || product.precision === "f16" && facts.features.includes("shader-f16")) &&
      bytes <= facts.maxWorkgroupBytes && side * side * slices <= facts.maxWorkgroupInvocations &&
      bearsLoop(product.inner / step * 5, facts),
  };
}

function bearsLoop(turns: number, { backendKind }: Pick<AdapterFacts, "backendKind">): boolean {
  return backendKind !== "software" || turns < MAX_SOFTWARE_TURNS;
}

function isReadIn(reading: Reading, product: Product): boolean {
  return (reading === "fours") === isInFours(product);
}

/** Fewer workgroups than this leave most of a large GPU idle: then smaller tiles are the faster ones. */
const ENOUGH_WORKGROUPS = 64;
/** With fewer small tiles than this, and so long an inner dimension, four slices of a tile are faster than one. */
const FEW_WORKGROUPS = 512;
const LONG_INNER = 2048;

/** The variant that is taken without measuring. */
export function defaultVariant(product: Product, facts: AdapterFacts): MatmulVariant {
  const tileCount = (side: number) => Math.ceil(product.rows / side) * Math.ceil(product.columns / side);
  const isSliced = tileCount(64) < FEW_WORKGROUPS && product.inner >= LONG_INNER;
  const tiles = tileCount(128) >= ENOUGH_WORKGROUPS
    ? ["tiled-128"]
    : isSliced
    ? ["tiled-64-sliced", "tiled-64"]
    : ["tiled-64"];
  const fast = facts.backendKind === "software" ? ["broadcast"] : tiles;
  const suitable = MATMUL_VARIANTS.filter((variant) => variant.suits(product, facts));
  const wanted = [...fast.flatMap((name) => [name, `${name}-odd`]), "direct"];
  const variant = wanted.map((name) => suitable.find((each) => each.name === name)).find((each) =>
    each !== undefined
  );
  assert(
    variant !== undefined,
    `multiply ${product.rows}×${product.columns}×${product.inner} on ${facts.adapterName}: a software adapter ` +
      `cannot sum so many products, cut the inner dimension`,
  );
  return variant;
}

/** Whether both operands can be read four elements at a time. */
export function isInFours({ strides, offsets, isPadded }: Product): boolean {
  return isPadded && [strides.a, strides.b, offsets.a, offsets.b].every((count) => count % 4 === 0);
}

/** Products of one class share a measured choice: the form, the storage, and each size up to the next power of two. */
export function productClass(product: Product): string {
  const { form, precision, output, rows, columns, inner } = product;
  const sizes = [rows, columns, inner].map((size) => 2 ** Math.ceil(Math.log2(size)));
  return `${form} ${precision} to ${output} ${sizes.join("×")}${isInFours(product) ? "" : " odd"}`;
}

export interface ProductBindings {
  readonly a: Binding;
  readonly b: Binding;
  readonly y: Binding;
  readonly bias?: Binding;
  /** For a variant that takes it along. */
  readonly gelu?: FollowingGelu;
}

/** Appends the product to a plan of its precision. */
export function addVariant(
  plan: DispatchPlan,
  variant: MatmulVariant,
  product: Product,
  { a, b, y, bias, gelu }: ProductBindings,
): void {
  const { rows, columns, inner } = product;
  const kernel = gelu === undefined ? variant.kernel : variant.geluKernel;
  assert(kernel !== undefined, `${variant.name} takes no activation along`);
  // Every declared binding must be bound; without a bias, b stands in and is not read through it.
  plan.add(
    kernel,
    { ...variantConstants(variant, product), ...(gelu === undefined ? {} : activationConstants(gelu)) },
    [plan.uniform(productBlock(product)), a, b, y, bias ?? b, ...(gelu === undefined ? [] : [gelu.at])],
    variantGrid(variant, product, plan.workgroupSize),
    {
      flops: 2 * rows * columns * inner,
      arithmetic: variant.arithmetic,
      shape: `${product.form} ${rows}×${columns}×${inner}`,
    },
    product.output,
  );
}

/** The kernels' `Product`, kernels/shared/matmul.wgsl. */
export function productBlock({ rows, columns, inner, offsets, strides }: Product): Uint32Array<ArrayBuffer> {
  return Uint32Array.of(
    ...[rows, columns, inner],
    ...[offsets.a, offsets.b, offsets.y],
    ...[strides.a, strides.b, strides.y],
  );
}

export function variantConstants(
  { constants, step }: MatmulVariant,
  { form, hasBias, accumulate, inner }: Product,
): Record<string, number> {
  return {
    ...constants,
    ...(step === undefined ? {} : { IS_WHOLE: inner % step === 0 ? 1 : 0 }),
    A_TRANSPOSED: form === "tn" ? 1 : 0,
    B_TRANSPOSED: form === "nt" ? 1 : 0,
    HAS_BIAS: hasBias ? 1 : 0,
    ACCUMULATE: accumulate ? 1 : 0,
  };
}

export function activationConstants({ form, pass }: Omit<FollowingGelu, "at">): Record<string, number> {
  return { ...geluConstants(form), ACTIVATION: pass === "forward" ? 1 : 2 };
}

export function variantGrid(variant: MatmulVariant, shape: MatmulShape, workgroupSize: number): Grid {
  const [rows, columns] = variant.tile(workgroupSize);
  return [Math.ceil(shape.columns / columns), Math.ceil(shape.rows / rows)];
}
