/** Validation loss: the same held-out pages for every node and every step, so that the figures can be compared. */
import type { Corpus } from "../data/corpus.ts";
import { joinBatches, pageCount, validationBatches } from "../data/pages.ts";
import { SkeinError } from "../base/errors.ts";
import type { NodeContext } from "./context.ts";
import type { Run } from "./run_config.ts";

/**
 * Whole batches only: [n · batchSize, contextLength + 1].
 * @throws {SkeinError} `node/corpus-too-small` when the held-out text does not fill one
 */
export function validationTokensFor(run: Run, corpus: Corpus): Uint32Array<ArrayBuffer> {
  const { training: { batchSize, validationSequences }, model: { contextLength } } = run.config;
  const pages = pageCount(corpus.validationTokens.length, contextLength);
  if (pages < batchSize) {
    throw new SkeinError(
      "node/corpus-too-small",
      `hold out text of ${corpus.name}: ${pages} pages of ${contextLength} tokens, at least ${batchSize} ` +
        `required by preset ${run.config.preset}, add text or take a smaller preset`,
      { found: pages, required: batchSize },
    );
  }
  const count = Math.min(pages, validationSequences);
  return joinBatches(validationBatches(corpus, count - (count % batchSize), batchSize, contextLength));
}

/** Of the state that the node holds, in nats. Loads it into the engine: not while inner steps are under way. */
export async function validationLoss(node: NodeContext): Promise<number | null> {
  node.engine.loadParameters(node.states.current.parameters);
  const loss = await node.engine.evaluate(node.validationTokens);
  return Number.isFinite(loss) ? loss : null;
}

/** Tells the loss of the state that a node starts from. */
export async function tellStartingLoss(node: NodeContext): Promise<void> {
  const { outerStep } = node.states.current;
  const loss = await validationLoss(node);
  node.log.emit({ event: "evaluated", hotkey: node.signer.hotkey, outerStep, validationLoss: loss });
}
