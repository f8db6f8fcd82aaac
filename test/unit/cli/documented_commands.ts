/** Commands as README.md and docs write them: whole lines in blocks of shell, and mentions in running text. */
import type { CommandUnknownOpts } from "@commander-js/extra-typings";

const FENCED = /^```sh\n([^]*?)^```$/gm;
const CODE = /`([^`\n]+)`/g;
/** How a line may call the program; the tasks are those that run cli.ts, and those of `./skein test` and the like do not. */
const CALL =
  /^(?:\.\/)?skein\s+(?!(?:test|ok|compile)\b)|^deno task (?=(?:up|miner|validator|chain)(?:\s|$))/;

/** Each a command line without the program's name, ready to be parsed. */
export function commandLines(markdown: string): string[] {
  return [...markdown.matchAll(FENCED)].flatMap(([, block]) => block.split("\n"))
    .map((line) => line.replace(/\s+#.*$/, ""))
    .flatMap((line) => line.split("&&"))
    .map((line) => line.trim())
    .flatMap((line) => CALL.test(line) ? [line.replace(CALL, "").trim()] : []);
}

/** In text: words in capitals stand for values, so that only names are to be checked. */
export function mentions(markdown: string): string[] {
  const prose = markdown.replace(FENCED, "");
  return [...prose.matchAll(CODE)].map(([, code]) => code.trim())
    .flatMap((code) => CALL.test(code) ? [code.replace(CALL, "").trim()] : []);
}

/** By the shell's rules, as far as the documents need them. */
export function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, bare]) =>
    double ?? single ?? bare
  );
}

/** As far down the tree as the words go. */
export function commandNamed(program: CommandUnknownOpts, words: readonly string[]): CommandUnknownOpts {
  let at = program;
  for (const word of words) {
    const next = at.commands.find((each) => [each.name(), ...each.aliases()].includes(word));
    if (next === undefined) return at;
    at = next;
  }
  return at;
}

/** Commands that do something themselves, with their path. */
export function leavesOf(
  command: CommandUnknownOpts,
  path = "",
): { path: string; command: CommandUnknownOpts }[] {
  return command.commands.flatMap((each) => {
    const at = `${path} ${each.name()}`.trim();
    return each.commands.length === 0 ? [{ path: at, command: each }] : leavesOf(each, at);
  });
}
