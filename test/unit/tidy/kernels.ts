/** Every kernel has one entry point, a scalar twin and a test, all of one name. */
import type { Finding, SourceFile } from "./source_files.ts";

const TOP_LEVEL = /^kernels\/([^/]+)\.wgsl$/;

export function findKernelBreaches(files: readonly SourceFile[]): Finding[] {
  const paths = new Set(files.map((file) => file.path));
  return files.flatMap(({ path, text }) => {
    const messages: string[] = [];
    const code = text.replace(/\/\/.*$/gm, "");
    const entries = code.match(/@(compute|vertex|fragment)\b/g)?.length ?? 0;
    const name = path.match(TOP_LEVEL)?.[1];
    if (path.startsWith("kernels/shared/") && entries > 0) {
      messages.push(`shared declarations: ${entries} entry points found, none allowed`);
    }
    if (name !== undefined) {
      if (entries !== 1) messages.push(`kernel ${name}: ${entries} entry points found, exactly 1 required`);
      for (const companion of [`src/reference/${name}.ts`, `test/kernels/${name}_test.ts`]) {
        if (!paths.has(companion)) messages.push(`kernel ${name}: ${companion} required, not found`);
      }
    }
    return messages.map((message) => ({ path, message }));
  });
}
