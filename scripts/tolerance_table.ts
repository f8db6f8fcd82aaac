/**
 * The table of docs/tolerances.md: measured rows replace those of the same pair, run and quantity, and new ones follow at
 * the end. The prose around the table, and rows that others measured, stay as they are.
 */

export interface ToleranceRow {
  /** The two implementations that were compared. */
  readonly pair: string;
  readonly run: string;
  readonly quantity: string;
  /** Largest difference of an element. */
  readonly absolute: number;
  /** ‖a - b‖ / ‖b‖. */
  readonly relative: number;
  /** 1 - cos(a, b). */
  readonly angle: number;
  readonly allowedRelative: number;
}

const HEAD = ["pair", "run", "quantity", "largest difference", "‖a − b‖ / ‖b‖", "1 − cosine", "allowed"];
const KEY_COLUMNS = 3;
/** What f64 arithmetic leaves of a cosine's distance from one. */
const ANGLE_NOISE = 1e-14;

/** @throws when the page has no table with these columns */
export function withRows(markdown: string, rows: readonly ToleranceRow[]): string {
  const lines = markdown.split("\n");
  const first = lines.findIndex((line) => line.startsWith("|") && cellsOf(line).join() === HEAD.join());
  if (first < 0) throw new Error(`write tolerances: no table found with the columns ${HEAD.join(", ")}`);
  let end = first;
  while (lines[end]?.startsWith("|")) end++;
  const table = new Map(lines.slice(first + 2, end).map((line) => [keyOf(cellsOf(line)), cellsOf(line)]));
  for (const row of rows) {
    const cells = renderRow(row);
    table.set(keyOf(cells), cells);
  }
  return [...lines.slice(0, first), ...aligned([HEAD, ...table.values()]), ...lines.slice(end)].join("\n");
}

function renderRow(
  { pair, run, quantity, absolute, relative, angle, allowedRelative }: ToleranceRow,
): string[] {
  const number = (value: number) => value.toExponential(1);
  const turned = Math.abs(angle) < ANGLE_NOISE ? `below ${number(ANGLE_NOISE)}` : number(angle);
  return [pair, run, quantity, number(absolute), number(relative), turned, number(allowedRelative)];
}

const keyOf = (cells: readonly string[]) => cells.slice(0, KEY_COLUMNS).join("|");
const cellsOf = (line: string) => line.split("|").slice(1, -1).map((cell) => cell.trim());

/** Columns as wide as their widest cell: the formatter has nothing to change. */
function aligned([head, ...rows]: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, i) => Math.max(3, title.length, ...rows.map((row) => row[i].length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`;
  return [line(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...rows.map(line)];
}
