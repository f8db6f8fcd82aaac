/** Size, names and leftovers. */
import { blankProse } from "./code_text.ts";
import type { Finding, SourceFile } from "./source_files.ts";

const MAX_FILE_LINES = 300;
const MAX_FUNCTION_LINES = 70;

const VAGUE_NAME = /(^|_)(utils?|helpers?|misc|managers?)(_|\.|$)/;
// Put together from parts, so that this file does not find itself.
const LEFTOVER = new RegExp(["TO" + "DO", "FIX" + "ME", "X{3}:"].map((word) => `\\b${word}`).join("|"));
const MACHINE_PATH = new RegExp(
  ["ho" + "me", "ro" + "ot", "wo" + "rk"].map((name) => `(?<![\\w./}])/${name}/`).join("|"),
);
const REGISTRY = new RegExp(
  ["registry\\.npm" + "js", "registry\\.yarn" + "pkg", "npm\\.js" + "r\\.io"].join("|"),
);

export function findShapeBreaches(files: readonly SourceFile[]): Finding[] {
  return files.flatMap(({ path, text }) => {
    const isCode = /\.(ts|tsx|wgsl)$/.test(path);
    const messages = [...nameFindings(path), ...textFindings(text)];
    const lineCount = text.split("\n").length - 1;
    if (isCode && lineCount > MAX_FILE_LINES) {
      messages.push(`length: ${lineCount} lines found, at most ${MAX_FILE_LINES} allowed, split it`);
    }
    if (/\.tsx?$/.test(path)) {
      for (const { name, lines } of longFunctions(text)) {
        messages.push(
          `function ${name}: ${lines} lines found, at most ${MAX_FUNCTION_LINES} allowed, split it`,
        );
      }
    }
    return messages.map((message) => ({ path, message }));
  });
}

function nameFindings(path: string): string[] {
  const name = path.split("/").at(-1)!;
  if (!/\.(ts|tsx|wgsl|sh)$/.test(name)) return [];
  const messages: string[] = [];
  if (!/^[a-z0-9_]+\.[a-z]+$/.test(name)) messages.push(`name: ${name} found, snake_case required`);
  if (path.split("/").some((part) => VAGUE_NAME.test(part))) {
    messages.push("name: says nothing, name the file for its idea");
  }
  return messages;
}

function textFindings(text: string): string[] {
  return ([
    [LEFTOVER, "leftover"],
    [MACHINE_PATH, "path of a developer's machine"],
    [REGISTRY, "registry host"],
  ] as const).flatMap(([pattern, what]) => {
    const found = text.match(pattern);
    return found ? [`${what}: "${found[0]}" found in line ${lineOf(text, found.index!)}, none allowed`] : [];
  });
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}

const FUNCTION_HEAD =
  /\bfunction\b|=>\s*\{$|^\s*(?:(?:public|private|protected|static|async|override|get|set)\s+)*\*?[#\w]+\s*(?:<[^>]*>)?\(/;
const STATEMENT_HEAD = /^\s*(?:if|for|while|switch|catch|do|else|return|await|new|try|const|let|\}|\))\b/;

/**
 * Functions over the limit, found by indentation: in formatted code a function ends at the first line that starts with a
 * closing brace at the indentation of its first line. Test bodies (`Deno.test(…, () => {`) are not counted.
 */
export function longFunctions(source: string): { name: string; lines: number }[] {
  const lines = blankProse(source).split("\n");
  const found: { name: string; lines: number }[] = [];
  lines.forEach((line, first) => {
    const isArrow = /=>\s*\{$/.test(line);
    if (!FUNCTION_HEAD.test(line) || (!isArrow && STATEMENT_HEAD.test(line))) return;
    if (/[tT]est\(|\bDeno\.bench\(/.test(line) || !/[{(]$/.test(line)) return;
    const indentation = line.search(/\S/);
    const sameIndentation = (start: string) => (other: string, at: number) =>
      at > first && other.search(/\S/) === indentation && other[indentation] === start;
    // Parameters over several lines; a mere call closes without opening a body.
    if (line.endsWith("(") && !lines.find(sameIndentation(")"))?.endsWith("{")) return;
    const last = lines.findIndex(sameIndentation("}"));
    if (last - first + 1 > MAX_FUNCTION_LINES) {
      found.push({ name: line.trim().slice(0, 60), lines: last - first + 1 });
    }
  });
  return found;
}
