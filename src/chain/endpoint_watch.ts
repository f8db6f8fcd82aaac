/**
 * Watches the node in use. One small request at a time shows that it still answers (the link ends if not) and where its head
 * stands. A head that stands still, or far below what others have told, sends us to look for a node that is ahead; and a node
 * that is not the operator's first choice is left for an earlier one after a while, in a moment when nothing is under way.
 */
import type { Clock } from "../base/clock.ts";
import type { Candidate } from "./candidate.ts";
import { type EndpointChoice, LAG_BLOCKS } from "./endpoint_choice.ts";

export interface WatchOptions {
  /** A head that does not move for so long is looked for elsewhere. */
  readonly staleHeadMs: number;
}

export interface Successor {
  readonly candidate: Candidate;
  readonly reason: string;
}

const CHECK_MS = 15_000;
/** How long the second choice is used before the first is asked again. */
const RETURN_MS = 600_000;

/**
 * @param isQuiet whether leaving the node would disturb nobody
 * @returns the node to go on with, or undefined when the link ended
 */
export async function watchLink(
  { endpoint, link, headNumber }: Candidate,
  choice: EndpointChoice,
  options: WatchOptions,
  deps: { clock: Clock; isQuiet: () => boolean },
): Promise<Successor | undefined> {
  const { clock } = deps;
  const ended = new AbortController();
  link.ended.then((reason) => ended.abort(new Error(reason)));
  const others = choice.endpoints.all.filter((other) => other !== endpoint);
  const earlier = others.filter(({ rank }) => rank < endpoint.rank);
  let height = headNumber;
  let movedAtMs = clock.monotonicMs();
  let searchAtMs = movedAtMs + options.staleHeadMs;
  let returnAtMs = movedAtMs + RETURN_MS;
  while (link.isAlive) {
    await clock.sleep(Math.min(CHECK_MS, options.staleHeadMs), ended.signal).catch(() => {});
    const header = await link.send("chain_getHeader", []).catch(() => undefined);
    if (header === undefined || header === null) continue;
    const nowMs = clock.monotonicMs();
    const number = Number(header.number);
    if (number > height) movedAtMs = nowMs;
    height = Math.max(height, number);
    choice.see(endpoint, height);
    const isStale = nowMs - movedAtMs >= options.staleHeadMs;
    const isBehind = height < choice.heightSeen - LAG_BLOCKS;
    let candidate: Candidate | undefined;
    let reason = "an earlier choice is there again";
    if ((isStale || isBehind) && nowMs >= searchAtMs) {
      searchAtMs = nowMs + options.staleHeadMs;
      // One that stands still far above all others has told too much.
      const isAbove = () => isStale && height > choice.heightSeen + LAG_BLOCKS;
      const isBetter = (other: Candidate) =>
        !other.isSyncing && (other.headNumber > height + 1 || (isAbove() && !choice.isBehind(other)));
      candidate = await choice.findBetter(others, isBetter, ended.signal);
      reason = `its head stands at ${height}, ${candidate?.endpoint.url} is at ${candidate?.headNumber}`;
    } else if (earlier.length > 0 && nowMs >= returnAtMs && deps.isQuiet()) {
      returnAtMs = nowMs + RETURN_MS;
      candidate = await choice.findBetter(
        earlier,
        (other) => !choice.isBehind(other) && deps.isQuiet(),
        ended.signal,
      );
    }
    if (candidate !== undefined) return { candidate, reason };
  }
}
