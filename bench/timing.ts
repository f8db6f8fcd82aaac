/** Seconds a call, from batches long enough that neither the clock nor the wait for the queue counts. */

const BATCH_SECONDS = 0.1;
const MAX_BATCH = 200;
const BATCHES = 3;

/**
 * @param run does the work `count` times and returns when the device has finished
 * @returns the best batch's seconds for one; the first call, which may compile, is not counted
 */
export async function bestSeconds(run: (count: number) => Promise<void>): Promise<number> {
  const time = async (count: number) => {
    const startMs = performance.now();
    await run(count);
    return (performance.now() - startMs) / 1000;
  };
  await time(1);
  const count = Math.min(MAX_BATCH, Math.max(1, Math.ceil(BATCH_SECONDS / await time(1))));
  let best = Infinity;
  for (let batch = 0; batch < BATCHES; batch++) best = Math.min(best, (await time(count)) / count);
  return best;
}
