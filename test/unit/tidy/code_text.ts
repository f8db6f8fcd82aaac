/**
 * TypeScript with comments and the insides of strings blanked, so that a word in prose is not taken for code. Length and line
 * breaks stay, so offsets and line numbers hold. Not a parser: a regular expression literal is recognised by what
 * stands before it, which is right for formatted code.
 */

type State = "code" | "line comment" | "block comment" | "'" | '"' | "`" | "regex" | "class";

/** @param keepStrings leaves the insides of quoted strings, for reading import specifiers */
export function blankProse(source: string, keepStrings = false): string {
  let out = "";
  let state: State = "code";
  /** For each template literal we are inside the `${}` of: how many braces are open in it. */
  const substitutions: number[] = [];
  for (let i = 0; i < source.length; i++) {
    const [char, next] = [source[i], source[i + 1]];
    if (state === "code") {
      const opened = opens(source, i, out);
      if (opened !== undefined) state = opened;
      else if (char === "{" && substitutions.length > 0) substitutions[substitutions.length - 1]++;
      else if (char === "}" && substitutions.length > 0 && --substitutions[substitutions.length - 1] < 0) {
        substitutions.pop();
        state = "`";
      }
      out += opened === "line comment" || opened === "block comment" ? " " : char;
      continue;
    }
    if (state === "`" && char === "$" && next === "{") {
      substitutions.push(0);
      state = "code";
      out += "${";
      i++;
      continue;
    }
    const isString = state === "'" || state === '"' || state === "`";
    const isEscape = char === "\\" && (isString || state === "regex" || state === "class");
    const closed = closes(state, char, source[i - 1]);
    if (isEscape) {
      out += "  ";
      i++;
    } else if (char === "\n") out += char;
    else if (closed !== undefined && state !== "block comment") out += char;
    else out += keepStrings && isString ? char : " ";
    if (!isEscape && closed !== undefined) state = closed;
  }
  return out;
}

function opens(source: string, at: number, before: string): State | undefined {
  const char = source[at];
  if (char === "'" || char === '"' || char === "`") return char;
  if (char !== "/") return undefined;
  if (source[at + 1] === "/") return "line comment";
  if (source[at + 1] === "*") return "block comment";
  return /(^|[=(,:;!&|?{}[\n]|=>|\breturn)\s*$/.test(before.slice(-40)) ? "regex" : undefined;
}

/** The state after `char` when it ends this one. */
function closes(state: State, char: string, previous: string): State | undefined {
  switch (state) {
    case "line comment":
      return char === "\n" ? "code" : undefined;
    case "block comment":
      return char === "/" && previous === "*" ? "code" : undefined;
    case "regex":
      return char === "/" || char === "\n" ? "code" : char === "[" ? "class" : undefined;
    case "class":
      return char === "]" ? "regex" : undefined;
    default:
      return char === state ? "code" : undefined;
  }
}
