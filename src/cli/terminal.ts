/**
 * What a command says and asks. Answers go to stdout, questions and remarks to stderr, so that `--json` and pipes stay clean.
 * A question is possible only where a person sits: with a terminal on both stdin and stderr.
 */
import process from "node:process";
import { type Clock, systemClock } from "../base/clock.ts";
import { cliError } from "./errors.ts";
import { printLine } from "./stdout.ts";

export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Hidden input. Absent without a terminal, as is `confirm`. @throws {SkeinError} `cli/cancelled` */
  readonly ask?: (question: string) => Promise<string>;
  readonly confirm?: (question: string) => Promise<boolean>;
  /** All of stdin, as text; nothing when stdin is a terminal. */
  readPiped(): Promise<string>;
  print(text: string): void;
  tell(text: string): void;
  /** Tells what is being done; at a terminal with the seconds that it takes. */
  tellDuring<T>(text: string, work: () => Promise<T>): Promise<T>;
}

export function processTerminal(): Terminal {
  const isInteractive = process.stdin.isTTY === true && process.stderr.isTTY === true;
  return {
    environment: process.env,
    ...(isInteractive ? { ask: askHidden, confirm } : {}),
    readPiped: async () => process.stdin.isTTY ? "" : await new Response(Deno.stdin.readable).text(),
    print: (text) => printLine(text),
    tell: (text) => console.error(text),
    tellDuring: process.stderr.isTTY === true
      ? (text, work) => countSeconds(text, work, systemClock, (line) => process.stderr.write(line))
      : (text, work) => {
        console.error(text);
        return work();
      },
  };
}

/** A line below the text that is written over, short, for a line that wraps cannot be; whatever happens it is ended. */
export async function countSeconds<T>(
  text: string,
  work: () => Promise<T>,
  clock: Clock,
  write: (text: string) => void,
): Promise<T> {
  const startMs = clock.monotonicMs();
  const seconds = () => Math.round((clock.monotonicMs() - startMs) / 1000);
  let isBegun = false;
  const tick = () => {
    write(`\r  ${seconds()} s`);
    isBegun = true;
    cancel = clock.after(1000, tick);
  };
  write(`${text}\n`);
  let cancel = clock.after(1000, tick);
  try {
    return await work();
  } finally {
    cancel();
    if (isBegun) write("\n");
  }
}

/** For nodes, which ask for nothing but a password. */
export const passwordAsker = () => processTerminal().ask;

async function askHidden(message: string): Promise<string> {
  const { isCancel, password } = await import("@clack/prompts");
  const answer = await password({ message, output: process.stderr });
  if (isCancel(answer)) throw cancelled(message);
  return (answer ?? "").trim();
}

async function confirm(message: string): Promise<boolean> {
  const { confirm: askToConfirm, isCancel } = await import("@clack/prompts");
  const answer = await askToConfirm({ message, initialValue: false, output: process.stderr });
  if (isCancel(answer)) throw cancelled(message);
  return answer;
}

const cancelled = (question: string) =>
  cliError("cli/cancelled", `ask "${question}": broken off, nothing was done`);
