/** The repository's own text files, as the tidy checks see them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface SourceFile {
  /** Relative to the repository, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** A rule broken: where and how, in the error grammar. */
export interface Finding {
  readonly path: string;
  readonly message: string;
}

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const TREES = ["src", "kernels", "test", "bench", "scripts", ".ci"];
const TOP_FILES = ["cli.ts", "skein", "README.md", "deno.json", ".gitignore"];
const SKIPPED = new Set(["node_modules", "fixtures"]);

export function readSourceFiles(): SourceFile[] {
  const paths = [...TOP_FILES, ...TREES.flatMap(walk)];
  return paths.map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

function walk(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : walk(path);
    return /\.(ts|tsx|wgsl|sh)$|\/run$/.test(entry.name) || folder === ".ci" ? [path] : [];
  });
}
