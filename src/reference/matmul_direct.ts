import { matmulNN } from "./matmul_nn.ts";
import { matmulNT } from "./matmul_nt.ts";
import { matmulTN } from "./matmul_tn.ts";
import type { ProductOptions, ProductShape } from "./matrix_product.ts";
import type { Values } from "./values.ts";

const FORMS = { nn: matmulNN, nt: matmulNT, tn: matmulTN };

/** Twin of kernels/matmul_direct.wgsl: the product in the form that its constants say. */
export function matmulDirect(
  form: keyof typeof FORMS,
  a: Values,
  b: Values,
  shape: ProductShape,
  options: ProductOptions = {},
): Float64Array {
  return FORMS[form](a, b, shape, options);
}
