/**
 * Makes a failing episode smaller while it still fails: without kinds of faults, then without single occurrences, then with
 * fewer members, then with a shorter fault phase. Greedy, and bounded by a number of runs.
 */
import type { Episode } from "./draw_episode.ts";
import { describeOccurrence } from "./faults.ts";

const MAX_RUNS = 120;

/** @param isFailing runs an episode */
export async function shrinkEpisode(
  episode: Episode,
  isFailing: (candidate: Episode) => Promise<boolean>,
): Promise<{ episode: Episode; runs: number }> {
  let smallest = episode;
  let runs = 0;
  const tryOne = async (candidate: Episode | undefined): Promise<boolean> => {
    if (!candidate || runs >= MAX_RUNS) return false;
    runs++;
    if (!(await isFailing(candidate))) return false;
    smallest = candidate;
    return true;
  };
  for (const kind of new Set(episode.occurrences.map((o) => o.kind))) {
    await tryOne({ ...smallest, occurrences: smallest.occurrences.filter((o) => o.kind !== kind) });
  }
  for (const occurrence of [...smallest.occurrences]) {
    await tryOne({ ...smallest, occurrences: smallest.occurrences.filter((o) => o !== occurrence) });
  }
  while (await tryOne(withoutLastMember(smallest)));
  while (smallest.faultMs > 5000 && await tryOne({ ...smallest, faultMs: Math.floor(smallest.faultMs / 2) }));
  return { episode: smallest, runs };
}

/** The last honest member leaves; what it is named in leaves it out. */
function withoutLastMember(episode: Episode): Episode | undefined {
  const gone = episode.memberCount - 1;
  if (episode.memberCount <= 2 || episode.hostile.includes(gone)) return undefined;
  if (3 * episode.hostile.length > gone) return undefined;
  const occurrences = episode.occurrences
    .map((o) => ({ ...o, members: o.members.filter((member) => member !== gone) }))
    .filter((o) => o.script === undefined || o.members.length === 4)
    .filter((o) => o.members.length > 0 || o.kind === "stall");
  return {
    ...episode,
    memberCount: gone,
    isHostileForEver: episode.hostile.length <= Math.floor((gone - 1) / 3),
    samples: episode.samples.slice(0, gone),
    bandwidths: episode.bandwidths.slice(0, gone),
    occurrences,
  };
}

export function describeEpisode({ memberCount, hostile, faultMs, occurrences, units }: Episode): string[] {
  return [
    `${memberCount} members, ${
      hostile.length ? `hostile ${hostile.join(" ")}` : "none hostile"
    }, ${units} chunks, ` +
    `faults for ${faultMs / 1000} s`,
    ...occurrences.map((o) => `  ${describeOccurrence(o)}`),
  ];
}
