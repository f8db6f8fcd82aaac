/** Every kernel's case. */
import { ATTENTION_CASES } from "./attention_cases.ts";
import { CEILING_CASES } from "./ceiling_cases.ts";
import type { CaseMaker } from "./kernel_case.ts";
import { LAMB_CASES } from "./lamb_cases.ts";
import { LAYER_CASES } from "./layer_cases.ts";
import { LAYERNORM_CASES } from "./layernorm_cases.ts";
import { LOSS_CASES } from "./loss_cases.ts";
import { LLAMA_CASES } from "./llama_cases.ts";
import { MATMUL_CASES } from "./matmul_cases.ts";
import { REDUCTION_CASES } from "./reduction_cases.ts";
import { TRAINING_CASES } from "./training_cases.ts";

export const CASES: readonly CaseMaker[] = [
  ...MATMUL_CASES,
  ...ATTENTION_CASES,
  ...LAYER_CASES,
  ...LAYERNORM_CASES,
  ...LLAMA_CASES,
  ...LOSS_CASES,
  ...TRAINING_CASES,
  ...LAMB_CASES,
  ...REDUCTION_CASES,
  ...CEILING_CASES,
];

export const SEED = 20;
