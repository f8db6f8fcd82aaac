/**
 * Who may import whom, and which globals and packages stay in which room: ARCHITECTURE.md's Layout as a check. Type-only
 * imports count: a type that leaks is a dependency on the room behind it.
 */
import { posix } from "node:path";
import { blankProse } from "./code_text.ts";
import type { Finding, SourceFile } from "./source_files.ts";

/** The rooms of src that each room may import besides itself and base. `*` means all. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  gpu: ["reference"],
  reference: [],
  model: ["gpu"],
  optim: ["gpu"],
  data: [],
  codec: [],
  net: [],
  allreduce: ["codec"],
  state: [],
  chain: [],
  train: ["gpu", "model", "optim", "data", "codec"],
  score: [],
  node: ["*"],
  cli: ["node", "chain", "state"],
  dashboard: ["node"],
};

/** base uses hashes that a browser lacks, and nothing else from outside. */
const PACKAGES_OF_BASE = /^@noble\//;
const PACKAGE_ROOMS: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^(@libp2p\/|libp2p$|libp2p\/|@chainsafe\/|@multiformats\/multiaddr|node-datachannel)/, ["net"]],
  [/^@polkadot\//, ["chain"]],
];
const GLOBAL_ROOMS: readonly (readonly [RegExp, readonly string[], string])[] = [
  [/\bGPUDevice\b|\bnavigator\s*\??\.\s*gpu\b/, ["gpu"], "WebGPU"],
  [
    /\bDate\s*\.\s*now\b|\bset(Timeout|Interval)\b|\bMath\s*\.\s*random\b|\bperformance\s*\.\s*now\b|\bnew Date\(\)/,
    ["base"],
    "clock, timers or dice",
  ],
];
/** What a client of real chains is made of knows nothing of the local one. */
const ABOVE_DEVNET = /^src\/chain\/(?!devnet\/)/;
/** Rooms whose code also runs in a browser tab and in the simulator. */
const PORTABLE = ["gpu", "model", "optim", "reference", "codec", "allreduce", "train", "score"];

export function findFenceBreaches(files: readonly SourceFile[]): Finding[] {
  return files.filter(({ path }) => /^src\/[^/]+\/.*\.tsx?$/.test(path)).flatMap(checkFile);
}

function checkFile({ path, text }: SourceFile): Finding[] {
  const room = path.split("/")[1];
  const messages: string[] = [];
  if (!(room in MAY_IMPORT)) messages.push(`room ${room}: not in the table of rooms, add it`);
  for (const specifier of importsOf(text)) messages.push(...checkImport(path, room, specifier));
  const code = blankProse(text);
  for (const [pattern, rooms, what] of GLOBAL_ROOMS) {
    const found = rooms.includes(room) ? null : code.match(pattern);
    if (found) messages.push(`${what}: ${found[0]} found, only src/${rooms} may name it`);
  }
  const platform = PORTABLE.includes(room) ? code.match(/\bDeno\s*\.\s*\w+/) : null;
  if (platform) messages.push(`${room} runs in a browser too: ${platform[0]} found, no Deno allowed`);
  return messages.map((message) => ({ path, message }));
}

function checkImport(path: string, room: string, specifier: string): string[] {
  if (specifier.startsWith(".")) {
    const target = posix.normalize(posix.join(posix.dirname(path), specifier)).split("/");
    if (target[0] === "kernels") {
      return room === "gpu" ? [] : [`import ${specifier}: only src/gpu loads kernels`];
    }
    if (target[0] !== "src") return [`import ${specifier}: src imports nothing outside src and kernels`];
    if (ABOVE_DEVNET.test(path) && target.slice(0, 3).join("/") === "src/chain/devnet") {
      return [`import ${specifier}: the local chain may use the rest of src/chain, not the other way round`];
    }
    const allowed = [room, "base", ...MAY_IMPORT[room] ?? []];
    if (allowed.includes("*") || allowed.includes(target[1])) return [];
    return [`import ${specifier}: src/${room} may import ${allowed.join(", ")}, not ${target[1]}`];
  }
  if (room === "base" && !PACKAGES_OF_BASE.test(specifier)) {
    return [`import ${specifier}: src/base imports @noble packages and nothing else`];
  }
  if (PORTABLE.includes(room) && specifier.startsWith("node:")) {
    return [`import ${specifier}: ${room} runs in a browser too, no node: module allowed`];
  }
  const fence = PACKAGE_ROOMS.find(([pattern, rooms]) => pattern.test(specifier) && !rooms.includes(room));
  return fence === undefined ? [] : [`import ${specifier}: only src/${fence[1]} may`];
}

/** Every specifier that a module imports or exports from, statically, dynamically or for types alone. */
export function importsOf(source: string): string[] {
  const code = blankProse(source, true);
  const pattern = /(?:\bfrom\s*|\bimport\s*\(?\s*)(["'])([^"'\n]+)\1/g;
  return [...code.matchAll(pattern)].map((match) => match[2]);
}
