/**
 * Final projection and loss: logits = normed·Wᵀ with W [V, C] the token embedding where the head is tied to it, else its own
 * matrix; loss = mean cross-entropy.
 */
import type { DispatchPlan } from "../gpu/mod.ts";
import { headName, type Pass } from "./pass.ts";
import { matmulNN, matmulNT, matmulTN } from "./matmul.ts";

/** From finalNormed [N, C] to losses [N]; leaves the logits' gradients behind. */
export function headForward(plan: DispatchPlan, pass: Pass): void {
  const { config, rows, activations: act } = pass;
  const { vocabSize, width } = config;
  const shape = { rows, columns: vocabSize, inner: width };
  matmulNT(plan, shape, act.finalNormed.whole(), pass.parameter(headName(config)), act.logits.whole());
  plan.add(
    "cross_entropy",
    { ROWS: rows, VOCABULARY: vocabSize },
    [act.logits.whole(), act.targets.whole(), act.losses.whole(), act.lossScale.whole()],
    rows,
  );
}

/** To dnormed [N, C] and the head's gradient, both overwritten. */
export function headBackward(plan: DispatchPlan, pass: Pass): void {
  const { config, rows, activations: act } = pass;
  const { vocabSize, width } = config;
  const [normed, dlogits, dnormed] = [act.finalNormed, act.logits, act.dnormed].map((buffer) =>
    buffer.whole()
  );
  const name = headName(config);
  matmulNN(plan, { rows, columns: width, inner: vocabSize }, dlogits, pass.parameter(name), dnormed);
  matmulTN(plan, { rows: vocabSize, columns: width, inner: rows }, dlogits, normed, pass.gradient(name));
}
