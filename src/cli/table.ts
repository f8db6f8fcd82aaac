/** The live table of `skein up`: redrawn in place on a terminal. */
import type { SwarmRecord } from "../node/swarm_record.ts";
import { formatBytes, formatLoss } from "./present.ts";

const HEADINGS = ["node", "hotkey", "step", "inner", "loss", "tokens/s", "peers", "sent", "score"];

/** @returns the table as text, one line a node, and a line on the newest round */
export function renderTable(record: SwarmRecord): string {
  const counts = { miner: 0, validator: 0 };
  const rows = [...record.nodes.values()].map((node) => [
    `${node.role} ${++counts[node.role]}${node.isAlive ? "" : " (down)"}`,
    `${node.hotkey.slice(0, 6)}…${node.hotkey.slice(-4)}`,
    String(node.outerStep),
    node.role === "miner" ? String(node.innerStep) : "",
    node.role === "miner" ? formatLoss(node.loss) : "",
    node.role === "miner" ? String(Math.round(node.tokensPerSec)) : "",
    String(node.peers),
    formatBytes(node.sentBytes),
    node.score === null ? "" : node.score.toFixed(3),
  ]);
  const widths = HEADINGS.map((heading, i) => Math.max(heading.length, ...rows.map((row) => row[i].length)));
  const line = (cells: readonly string[]) =>
    cells.map((cell, i) => cell.padEnd(widths[i])).join("  ").trimEnd();
  const newest = Math.max(0, ...[...record.nodes.values()].map((node) => node.outerStep));
  const round = record.round(newest);
  const status = round === undefined
    ? `validation loss ${formatLoss(record.initialValidationLoss)} (untrained), adapter ${
      record.adapter || "…"
    }`
    : `outer step ${newest}: ${round.members} members, ${round.seconds.toFixed(1)} s, ` +
      `${formatBytes(round.wireBytes)} on the wire, validation loss ${formatLoss(round.validationLoss)} ` +
      `(untrained ${formatLoss(record.initialValidationLoss)}), root ${round.root.slice(0, 16)}`;
  return [line(HEADINGS), ...rows.map(line), status].join("\n");
}

/** Draws over what it drew before. */
export class LiveTable {
  #lineCount = 0;

  draw(text: string, write: (text: string) => void): void {
    const lines = text.split("\n");
    const up = this.#lineCount > 0 ? `\x1b[${this.#lineCount}A` : "";
    write(up + lines.map((line) => `\x1b[2K${line}\n`).join(""));
    this.#lineCount = lines.length;
  }

  /** Prints a line above the table. */
  above(line: string, write: (text: string) => void): void {
    const up = this.#lineCount > 0 ? `\x1b[${this.#lineCount}A\x1b[0J` : "";
    write(`${up}${line}\n`);
    this.#lineCount = 0;
  }
}
