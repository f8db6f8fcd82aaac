/** What docs/scale.md shows: the cases, and what was measured of them, kept beside the page. */
import { playScaleRound, type ScaleCase, type ScaleResult } from "../test/simulation/scale_round.ts";
import { cpuUsage } from "node:process";

export const MEMBERS = [8, 16, 32, 64, 128, 256, 512, 1000];
export const MEGABITS = [10, 100, 1000];
export const MEGABYTES = 25;

export interface MeasuredCell {
  readonly cell: ScaleCase;
  readonly result: ScaleResult;
  /** Of the simulator, on the machine that measured. */
  readonly cpuSeconds: number;
}

/** By members and bandwidth; the cheap ones first. */
export const TABLE: readonly ScaleCase[] = MEMBERS.flatMap((members) =>
  MEGABITS.map((megabits) => ({ members, megabits, megabytes: MEGABYTES }))
);
/** The same members as a mesh and as a grid. */
export const SHAPES: readonly ScaleCase[] = [16, 32, 64, 128].flatMap((members) =>
  [members, 8].map((mesh) => ({ members, megabits: 100, megabytes: MEGABYTES, mesh }))
);
export const LARGER: readonly ScaleCase[] = [8, 64, 256].map((members) => ({
  members,
  megabits: 100,
  megabytes: 100,
}));
export const DEATHS: readonly ScaleCase[] = [100, 1000].map((members) => (
  { members, megabits: 100, megabytes: MEGABYTES, deaths: 3 }
));
export const CELLS: readonly ScaleCase[] = [...SHAPES, ...LARGER, ...TABLE, ...DEATHS];

export const cellName = (
  { members, megabits, megabytes, mesh = 64, deaths = 0, seed = 1 }: ScaleCase,
): string => [members, megabits, megabytes, mesh, deaths, seed].join("/");

export async function measureCell(cell: ScaleCase): Promise<MeasuredCell> {
  const before = cpuUsage();
  const result = await playScaleRound(cell);
  const { isWhole, excluded } = result;
  if (!cell.deaths && !(isWhole && excluded === 0)) {
    throw new Error(
      `measure ${
        cellName(cell)
      }: ${excluded} senders left out, the mean of all is required, look at deadlines`,
    );
  }
  const { user, system } = cpuUsage(before);
  return { cell, result, cpuSeconds: (user + system) / 1e6 };
}
