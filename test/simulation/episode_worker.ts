/** A worker of a campaign: told the flags once, then one episode index after the other. */
import { drawEpisode, type SimulationFlags } from "./draw_episode.ts";
import { type EpisodeResult, runEpisode } from "./episode.ts";

export type WorkerCall = { readonly flags: SimulationFlags; readonly index: number };
export type WorkerAnswer = { readonly result: EpisodeResult } | {
  readonly index: number;
  readonly error: string;
};

const scope = self as unknown as {
  onmessage: (event: MessageEvent<WorkerCall>) => void;
  postMessage(answer: WorkerAnswer): void;
};

scope.onmessage = async ({ data: { flags, index } }) => {
  try {
    scope.postMessage({ result: await runEpisode(drawEpisode(flags, index)) });
  } catch (error) {
    scope.postMessage({
      index,
      error: error instanceof Error ? error.stack ?? error.message : String(error),
    });
  }
};
