/**
 * What a command says and asks. Answers go to stdout, questions and remarks to stderr, so that `--json` and pipes stay clean.
 * A question is possible only where a person sits: with a terminal on both stdin and stderr.
 */
import process from "node:process";
import { cliError } from "./errors.ts";

export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Hidden input. Absent without a terminal, as is `confirm`. @throws {SkeinError} `cli/cancelled` */
  readonly ask?: (question: string) => Promise<string>;
  readonly confirm?: (question: string) => Promise<boolean>;
  /** All of stdin, as text; nothing when stdin is a terminal. */
  readPiped(): Promise<string>;
  print(text: string): void;
  tell(text: string): void;
}

export function processTerminal(): Terminal {
  const isInteractive = process.stdin.isTTY === true && process.stderr.isTTY === true;
  return {
    environment: process.env,
    ...(isInteractive ? { ask: askHidden, confirm } : {}),
    readPiped: async () => process.stdin.isTTY ? "" : await new Response(Deno.stdin.readable).text(),
    print: (text) => console.log(text),
    tell: (text) => console.error(text),
  };
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
