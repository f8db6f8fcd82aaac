/** Scores from the command line or a file: uid → score. */
import { readFile } from "node:fs/promises";
import { InvalidArgumentError } from "@commander-js/extra-typings";
import { cliError } from "../errors.ts";

export type Scores = ReadonlyMap<number, number>;

const MAX_UID = 65535;
const UID = /^(0|[1-9][0-9]{0,4})$/;
const DECIMAL = /^[0-9]+(\.[0-9]+)?(e[+-]?[0-9]{1,3})?$/i;

/** `3=0.7`, collected; no uid twice. */
export function scoreFlag(text: string, before: Scores | undefined): Scores {
  const at = text.indexOf("=");
  const uid = uidOf(text.slice(0, Math.max(0, at)));
  const score = DECIMAL.test(text.slice(at + 1)) ? Number(text.slice(at + 1)) : NaN;
  if (uid === undefined || !Number.isFinite(score)) {
    throw new InvalidArgumentError(
      `a uid from 0 to ${MAX_UID} and a score not below zero are needed, like 3=0.7.`,
    );
  }
  if (before?.has(uid)) throw new InvalidArgumentError(`uid ${uid} was given before.`);
  return new Map([...before ?? [], [uid, score]]);
}

/** @throws {SkeinError} `cli/bad-flags` unless exactly one of the two is there and it holds scores */
export async function scoresFrom(flags: { uid?: Scores; file?: string }): Promise<Scores> {
  if ((flags.uid === undefined) === (flags.file === undefined)) {
    throw cliError("cli/bad-flags", "set weights: scores are required, by --uid or by --file");
  }
  return flags.uid ?? parseScores(await readScores(flags.file!), flags.file!);
}

async function readScores(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw cliError("cli/bad-flags", `read scores from ${path}: the file cannot be read, name another`, error);
  }
}

/** @throws {SkeinError} `cli/bad-flags` */
export function parseScores(text: string, path: string): Scores {
  const refuse = (found: string) =>
    cliError(
      "cli/bad-flags",
      `read scores from ${path}: ${found}, JSON of uids and scores not below zero is required, like {"3": 0.7, "4": 0.3}`,
    );
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw refuse("no JSON");
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) throw refuse("no object");
  return new Map(
    Object.entries(content).map(([key, score]) => {
      const uid = uidOf(key);
      if (uid === undefined) throw refuse(`key ${JSON.stringify(key.slice(0, 32))}`);
      if (typeof score !== "number" || !(score >= 0) || !Number.isFinite(score)) {
        throw refuse(`a score of uid ${uid} that is none`);
      }
      return [uid, score];
    }),
  );
}

function uidOf(text: string): number | undefined {
  return UID.test(text) && Number(text) <= MAX_UID ? Number(text) : undefined;
}
