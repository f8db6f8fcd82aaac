/**
 * Episodes until so many rounds are counted. Workers run them side by side; they are counted in the order of their indexes, so
 * that the outcome depends on seed and flags alone, not on the machine.
 */
import type { SimulationFlags } from "./draw_episode.ts";
import type { EpisodeResult } from "./episode.ts";
import type { WorkerAnswer, WorkerCall } from "./episode_worker.ts";

export interface CampaignTotals {
  readonly rounds: number;
  readonly committed: number;
  readonly aborted: number;
  readonly safetyViolations: number;
  readonly livenessFailures: number;
  readonly episodes: number;
  readonly messages: number;
}

export interface CampaignEvents {
  onEpisode?(result: EpisodeResult, totals: CampaignTotals): void;
}

export const isFailed = (result: EpisodeResult): boolean =>
  result.safetyViolations.length > 0 || result.livenessFailures.length > 0;

/**
 * Rounds beyond `limit` belong to the last episode's way home: they are run and checked, not counted. An episode that fails before
 * a round of it is over counts as one aborted round: a bug that ends every round must let the campaign end too.
 */
export function addUp(totals: CampaignTotals, result: EpisodeResult, limit: number): CampaignTotals {
  const isBroken = isFailed(result) && result.committed + result.aborted === 0;
  const committed = Math.min(result.committed, limit - totals.rounds);
  const aborted = Math.min(isBroken ? 1 : result.aborted, limit - totals.rounds - committed);
  return {
    rounds: totals.rounds + committed + aborted,
    committed: totals.committed + committed,
    aborted: totals.aborted + aborted,
    safetyViolations: totals.safetyViolations + result.safetyViolations.length,
    livenessFailures: totals.livenessFailures + result.livenessFailures.length,
    episodes: totals.episodes + 1,
    messages: totals.messages + result.messageCount,
  };
}

const NOTHING: CampaignTotals = {
  rounds: 0,
  committed: 0,
  aborted: 0,
  safetyViolations: 0,
  livenessFailures: 0,
  episodes: 0,
  messages: 0,
};

export function runCampaign(
  flags: SimulationFlags,
  workerCount: number,
  events: CampaignEvents = {},
): Promise<CampaignTotals> {
  const { promise, resolve, reject } = Promise.withResolvers<CampaignTotals>();
  const waiting = new Map<number, EpisodeResult>();
  let totals = NOTHING;
  let nextIndex = 0;
  const workers = Array.from(
    { length: workerCount },
    () => new Worker(new URL("./episode_worker.ts", import.meta.url), { type: "module" }),
  );
  const finish = (settle: () => void) => {
    for (const worker of workers) worker.terminate();
    settle();
  };
  const send = (worker: Worker) => {
    const call: WorkerCall = { flags, index: nextIndex++ };
    worker.postMessage(call);
  };
  for (const worker of workers) {
    worker.onerror = (event) => {
      event.preventDefault();
      finish(() => reject(new Error(event.message)));
    };
    worker.onmessage = ({ data }: MessageEvent<WorkerAnswer>) => {
      if ("error" in data) return finish(() => reject(new Error(`episode ${data.index}: ${data.error}`)));
      waiting.set(data.result.index, data.result);
      for (let next = waiting.get(totals.episodes); next; next = waiting.get(totals.episodes)) {
        waiting.delete(totals.episodes);
        totals = addUp(totals, next, flags.rounds);
        events.onEpisode?.(next, totals);
        if (totals.rounds >= flags.rounds) return finish(() => resolve(totals));
      }
      send(worker);
    };
    send(worker);
  }
  return promise;
}
