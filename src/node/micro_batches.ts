/** A step may take its windows in several passes of equally many. */
import { SkeinError } from "../base/errors.ts";

/** @throws {SkeinError} `node/bad-micro-batches` */
export function assertDivides(microBatches: number, batchSize: number): void {
  if (batchSize % microBatches === 0) return;
  throw new SkeinError(
    "node/bad-micro-batches",
    `take a step's ${batchSize} windows in ${microBatches} passes: a divisor of their number is required`,
    { microBatches, batchSize },
  );
}
