/** docs/scale.md, from what was measured: every number on the page is computed here, none is typed. */
import type { ScaleCase } from "../test/simulation/scale_round.ts";
import {
  cellName,
  DEATHS,
  LARGER,
  type MeasuredCell,
  MEGABITS,
  MEGABYTES,
  MEMBERS,
  SHAPES,
} from "./scale_cells.ts";

type Result = MeasuredCell["result"];

const NOT_MEASURED = "–";
const seconds = (value: number) => value < 10 ? value.toFixed(2) : value.toFixed(1);
const ratio = ({ seconds, boundSeconds }: Result) => (seconds / boundSeconds).toFixed(2);

/** Columns as wide as their widest cell: the formatter has nothing to change. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(3, title.length, ...rows.map((row) => row[i].length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`;
  return [line(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...rows.map(line)].join(
    "\n",
  );
}

export function scalePage(measured: readonly MeasuredCell[]): string {
  const cells = new Map(measured.map((m) => [cellName(m.cell), m]));
  const resultOf = (cell: ScaleCase) => cells.get(cellName(cell))?.result;
  return [
    INTRODUCTION,
    mainTable(resultOf),
    "![Seconds a round by members, one line a bandwidth; the bound is dashed](scale.svg)",
    detailTable(resultOf),
    shapeTable(resultOf),
    largerTable(resultOf),
    deathTable(resultOf),
    METHOD,
    reproduction(measured),
  ].join("\n\n") + "\n";
}

function mainTable(resultOf: (cell: ScaleCase) => Result | undefined): string {
  const rows = MEMBERS.map((members) => {
    const results = MEGABITS.map((megabits) => resultOf({ members, megabits, megabytes: MEGABYTES }));
    const shape = results.find((result) => result)?.shape ?? NOT_MEASURED;
    const times = results.flatMap((r) => r ? [seconds(r.seconds), ratio(r)] : [NOT_MEASURED, NOT_MEASURED]);
    return [String(members), shape, ...times];
  });
  const head = ["members", "shape", ...MEGABITS.flatMap((megabits) => [`${megabits} Mbit/s`, "× bound"])];
  return `## A round's time by members and bandwidth\n\n` +
    `A tensor of ${MEGABYTES} MB encoded. Seconds from the moment that all members are ready until the last one has ` +
    `committed, and how\nmany times the lower bound that is: 2(n − 1)/n tensors at the bandwidth.\n\n` +
    table(head, rows);
}

function detailTable(resultOf: (cell: ScaleCase) => Result | undefined): string {
  const rows = MEMBERS.flatMap((members) => {
    const r = resultOf({ members, megabits: 100, megabytes: MEGABYTES });
    if (!r) return [];
    return [[
      String(members),
      r.shape,
      seconds(r.begunSeconds),
      seconds(r.medianSeconds),
      seconds(r.seconds),
      String(r.bulkLinks),
      String(r.messages),
      r.sentMegabytes.toFixed(1),
      r.controlMegabytes.toFixed(2),
    ]];
  });
  const head = [
    "members",
    "shape",
    "begun s",
    "half s",
    "all s",
    "bulk links",
    "messages",
    "MB sent",
    "of it ballot",
  ];
  return `## What a member does\n\n` +
    `At 100 Mbit/s and ${MEGABYTES} MB: when chunks began to flow, when half and when all had committed; with how many ` +
    `others a member exchanges\nbulk and how much it sends (the busiest), how many messages it sends and how much of ` +
    `the bytes is the ballot, readies and certificates (the average).\n\n` + table(head, rows);
}

function shapeTable(resultOf: (cell: ScaleCase) => Result | undefined): string {
  const rows = SHAPES.flatMap((cell) => {
    const r = resultOf(cell);
    if (!r) return [];
    return [[
      String(r.members),
      r.shape,
      seconds(r.seconds),
      ratio(r),
      String(r.bulkLinks),
      String(r.messages),
      r.sentMegabytes.toFixed(1),
    ]];
  });
  const head = ["members", "shape", "seconds", "× bound", "bulk links", "messages", "MB sent"];
  return `## Mesh and grid\n\nThe same members both ways, at 100 Mbit/s and ${MEGABYTES} MB. A mesh has fewer hops; ` +
    `a grid has fewer links and smaller ballots. The product\nchanges over above 64.\n\n` + table(head, rows);
}

function largerTable(resultOf: (cell: ScaleCase) => Result | undefined): string {
  const rows = LARGER.flatMap((cell) => {
    const r = resultOf(cell);
    return r ? [[String(r.members), r.shape, seconds(r.seconds), ratio(r)]] : [];
  });
  return `## A larger tensor\n\n${LARGER[0].megabytes} MB at 100 Mbit/s: what is not bulk weighs less.\n\n` +
    table(["members", "shape", "seconds", "× bound"], rows);
}

function deathTable(resultOf: (cell: ScaleCase) => Result | undefined): string {
  const rows = DEATHS.flatMap((cell) => {
    const r = resultOf(cell);
    if (!r) return [];
    return [[
      String(r.members),
      String(cell.deaths),
      String(r.attempts),
      String(r.committed),
      String(r.aborted),
      String(r.results),
      seconds(r.seconds),
      ratio(r),
    ]];
  });
  const head = ["members", "died", "attempts", "committed", "aborted", "results", "seconds", "× bound"];
  return `## Members that die in the middle\n\n` +
    `They go while chunks flow, at random moments; the others notice two seconds later. Every member but an extra owns ` +
    `chunks, so each death\nends the attempt, and the next is without the dead: that costs time, and never a second ` +
    `result. "Results" counts different ones among\nthose who committed.\n\n` + table(head, rows);
}

function reproduction(measured: readonly MeasuredCell[]): string {
  const large = measured.filter(({ cell }) => cell.members === 1000);
  const cost = large.length === 0
    ? ""
    : ` A round of 1000 members takes ${
      Math.round(Math.max(...large.map((m) => m.cpuSeconds)))
    } s of processor at most and ` +
      `some gigabytes of memory.`;
  return `## Again\n\n` +
    "`deno task scale --members 256 --megabits 100 --megabytes 25` plays one cell, `--json` gives all of it, `--mesh 8` " +
    "makes grids of smaller groups,\n`--deaths 3` kills members. `deno task scale --missing` measures the cells that " +
    "`scale.json` lacks, and `--write-doc` writes this page and its plot\nfrom there; delete a cell, or the file, to " +
    `measure again.${cost}`;
}

const INTRODUCTION = `# Scale

How long a round of the all-reduce takes, from 8 to 1000 members, in a simulation of the network with the real code on it: the
same \`AllReduce\`, round machine, mesh and grid that nodes run. What to expect before anybody rents the machines.

Up to 64 members are a mesh: each reduces a part of the tensor for all the others. Above, they are a grid of R rows and C columns
(\`src/allreduce/grid_plan.ts\`), and the all-reduce is two: rows sum, columns sum the rows' sums, and results go back the same way.
A member then exchanges bulk with R + C − 2 others instead of n − 1, at the same 2(n − 1)/n tensors each way. The ballot stays one for
the whole group, so a certificate means the same.`;

const METHOD = `## How it was measured

- Virtual time. Each member has an uplink and a downlink of the bandwidth, which all its messages share first come, first served;
  each pair a latency of 10 to 60 ms one way and up to 5 ms of jitter. Links lose nothing. Arithmetic, hashing and disks take no time.
- Bytes are counted as on a wire: headers by their length, bodies, and 70 bytes for each packet of 1400 for TCP, IP, noise and yamux.
- A thousand tensors of 25 MB do not fit a test machine, so a tensor has 8 bytes for each block that stands for up to 128 KiB, and the wire
  counts bodies of bulk messages times a factor that makes the tensor as large as it says. Their number, order and sizes are
  those of the tensor that it stands for; nothing else is scaled. Chunks are of 128 KiB at most, as by default, at least one a member.
- Every member's tensor differs, samples weigh 1 to 3, and without deaths the result is checked to be the weighted mean of all members.
- Signatures are fakes of 64 bytes; timeouts are the defaults, longer where a slow link needs more.
- A row's sum is encoded before columns sum it, so a lossy codec rounds twice in a grid, once in a mesh. A codec whose mean is of another
  kind than its inputs (sparse) cannot be summed twice: its groups stay at 64.
- Not in it: members of different bandwidth (columns take members of like bandwidth, see \`test/unit/allreduce/grid_plan_test.ts\`), the
  time to connect a thousand peers, and browsers. Control messages go between all members, so all must be connected.`;
