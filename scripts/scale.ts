/**
 * How long a round takes by members and bandwidth, simulated. One cell by flags; `--missing` measures what the page still
 * lacks, and `--write-doc` writes the page and its plot from what was measured.
 */
import { parseArgs } from "node:util";
import type { ScaleCase } from "../test/simulation/scale_round.ts";
import { cellName, CELLS, measureCell, type MeasuredCell } from "./scale_cells.ts";
import { scalePage } from "./scale_page.ts";
import { scalePlot } from "./scale_plot.ts";

const DOCS = new URL("../docs/", import.meta.url);
const MEASURED = new URL("scale.json", DOCS);

const FLAGS = {
  members: { type: "string", default: "100" },
  megabits: { type: "string", default: "100" },
  megabytes: { type: "string", default: "25" },
  /** Larger groups are grids. */
  mesh: { type: "string" },
  deaths: { type: "string", default: "0" },
  seed: { type: "string", default: "1" },
  json: { type: "boolean", default: false },
  missing: { type: "boolean", default: false },
  /** Of the missing, only those up to so many members. */
  "up-to": { type: "string", default: "1024" },
  "write-doc": { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

const HELP = `How long a round takes, simulated: the real all-reduce on links of a bandwidth, in virtual time.

  deno task scale [--members 100] [--megabits 100] [--megabytes 25] [--mesh 64] [--deaths 0] [--seed 1] [--json]
      one cell; larger groups than --mesh are grids; --deaths kills members while chunks flow
  deno task scale --missing [--up-to 1024]   measures the cells that docs/scale.json lacks
  deno task scale --write-doc                writes docs/scale.md and its plot from docs/scale.json

Exits 1 when members commit different results or none, or when a round without deaths is not the mean of all.`;

function read(): MeasuredCell[] {
  try {
    return JSON.parse(Deno.readTextFileSync(MEASURED));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Others may be measuring too: what is there is read again. */
function keep(measured: MeasuredCell): void {
  const name = cellName(measured.cell);
  const order = CELLS.map(cellName);
  const cells = [...read().filter(({ cell }) => cellName(cell) !== name), measured]
    .sort((a, b) => order.indexOf(cellName(a.cell)) - order.indexOf(cellName(b.cell)));
  Deno.mkdirSync(DOCS, { recursive: true });
  Deno.writeTextFileSync(MEASURED, JSON.stringify(cells, null, 2) + "\n");
}

function parsed() {
  try {
    return parseArgs({ args: Deno.args, options: FLAGS });
  } catch (error) {
    console.error(`${(error as Error).message}; --help lists the flags`);
    Deno.exit(2);
  }
}

function whole(name: string, value: string, least: number, most: number): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  console.error(`read --${name}: ${value} found, a whole number from ${least} to ${most} is required`);
  Deno.exit(2);
}

function summary({ result, cpuSeconds }: MeasuredCell): string {
  const { members, megabits, megabytes, shape, seconds, boundSeconds, committed, aborted, results } = result;
  return `${members} members (${shape}), ${megabits} Mbit/s, ${megabytes} MB: ${seconds.toFixed(1)} s, ` +
    `${(seconds / boundSeconds).toFixed(2)} times the bound; ${committed} committed ${results} result(s), ` +
    `${aborted} aborted, ${result.attempts} attempt(s); ${result.bulkLinks} links, ${result.messages} messages ` +
    `a member; ${cpuSeconds.toFixed(0)} s of processor`;
}

async function main(): Promise<void> {
  const { values } = parsed();
  if (values.help) return console.log(HELP);
  if (values.missing) {
    const upTo = whole("up-to", values["up-to"], 2, 1024);
    for (const cell of CELLS) {
      const isKnown = read().some((known) => cellName(known.cell) === cellName(cell));
      if (isKnown || cell.members > upTo) continue;
      const measured = await measureCell(cell);
      keep(measured);
      console.log(summary(measured));
    }
  }
  if (values["write-doc"]) {
    const cells = read();
    const [page, plot] = [new URL("scale.md", DOCS), new URL("scale.svg", DOCS)];
    Deno.writeTextFileSync(page, scalePage(cells));
    Deno.writeTextFileSync(plot, scalePlot(cells));
    const args = ["fmt", "-q", page.pathname, plot.pathname];
    const { success } = new Deno.Command(Deno.execPath(), { args }).outputSync();
    if (!success) throw new Error(`format ${args.slice(2).join(" and ")}: deno fmt failed, see what it says`);
  }
  if (values.missing || values["write-doc"]) return;
  const cell: ScaleCase = {
    members: whole("members", values.members, 2, 1024),
    megabits: whole("megabits", values.megabits, 1, 100_000),
    megabytes: whole("megabytes", values.megabytes, 1, 100_000),
    ...(values.mesh === undefined ? {} : { mesh: whole("mesh", values.mesh, 1, 1024) }),
    deaths: whole("deaths", values.deaths, 0, 300),
    seed: whole("seed", values.seed, 0, 2 ** 32 - 1),
  };
  const measured = await measureCell(cell);
  console.log(values.json ? JSON.stringify(measured) : summary(measured));
  const { results, committed } = measured.result;
  if (results !== 1 || committed === 0) Deno.exit(1);
}

await main();
