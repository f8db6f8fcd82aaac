/** The plot of docs/scale.md: seconds a round by members, one line a bandwidth, both axes logarithmic, the bound dashed. */
import { cellName, type MeasuredCell, MEGABITS, MEGABYTES, MEMBERS } from "./scale_cells.ts";

const WIDTH = 760;
const HEIGHT = 440;
const LEFT = 60;
const RIGHT = 130;
const TOP = 30;
const BOTTOM = 50;
const COLOURS = ["#b5432a", "#2a6bb5", "#2f8f4e"];
const SECONDS = [0.1, 1, 10, 100];

const xOf = (members: number) => {
  const share = Math.log(members / MEMBERS[0]) / Math.log(MEMBERS.at(-1)! / MEMBERS[0]);
  return LEFT + share * (WIDTH - LEFT - RIGHT);
};
const yOf = (seconds: number) => {
  const share = Math.log(seconds / SECONDS[0]) / Math.log(SECONDS.at(-1)! / SECONDS[0]);
  return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
};
const at = (x: number, y: number) => `${x.toFixed(1)},${y.toFixed(1)}`;

function grid(): string[] {
  const lines = SECONDS.map((seconds) =>
    `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${yOf(seconds).toFixed(1)}" y2="${
      yOf(seconds).toFixed(1)
    }" stroke="#ddd"/>` +
    `<text x="${LEFT - 8}" y="${(yOf(seconds) + 4).toFixed(1)}" text-anchor="end">${seconds}</text>`
  );
  const ticks = MEMBERS.map((members) =>
    `<text x="${xOf(members).toFixed(1)}" y="${HEIGHT - BOTTOM + 20}" text-anchor="middle">${members}</text>`
  );
  const mesh = xOf(64 * Math.SQRT2).toFixed(1);
  const border =
    `<line x1="${mesh}" x2="${mesh}" y1="${TOP}" y2="${
      HEIGHT - BOTTOM
    }" stroke="#bbb" stroke-dasharray="2 4"/>` +
    `<text x="${mesh}" y="${TOP - 8}" text-anchor="middle">mesh | grid</text>`;
  return [...lines, ...ticks, border];
}

function line(megabits: number, colour: string, cells: ReadonlyMap<string, MeasuredCell>): string[] {
  const points = MEMBERS.flatMap((members) => {
    const measured = cells.get(cellName({ members, megabits, megabytes: MEGABYTES }));
    return measured ? [measured.result] : [];
  });
  if (points.length === 0) return [];
  const path = (of: (r: MeasuredCell["result"]) => number) =>
    points.map((result) => at(xOf(result.members), yOf(of(result)))).join(" ");
  const dots = points.map((r) =>
    `<circle cx="${xOf(r.members).toFixed(1)}" cy="${yOf(r.seconds).toFixed(1)}" r="3" fill="${colour}"/>`
  );
  const last = points.at(-1)!;
  return [
    `<polyline points="${
      path((r) => r.boundSeconds)
    }" fill="none" stroke="${colour}" stroke-dasharray="5 4"/>`,
    `<polyline points="${path((r) => r.seconds)}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...dots,
    `<text x="${(xOf(last.members) + 10).toFixed(1)}" y="${
      (yOf(last.seconds) + 4).toFixed(1)
    }" fill="${colour}">` +
    `${megabits} Mbit/s</text>`,
  ];
}

export function scalePlot(measured: readonly MeasuredCell[]): string {
  const cells = new Map(measured.map((m) => [cellName(m.cell), m]));
  const axis = HEIGHT - 10;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="13">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    ...grid(),
    ...MEGABITS.flatMap((megabits, i) => line(megabits, COLOURS[i], cells)),
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${axis}" text-anchor="middle">members</text>`,
    `<text x="16" y="${HEIGHT / 2}" transform="rotate(-90 16 ${HEIGHT / 2})" text-anchor="middle">` +
    `seconds a round, ${MEGABYTES} MB</text>`,
    "</svg>",
    "",
  ].join("\n");
}
