import { strict as assert } from "node:assert";
import { findFenceBreaches } from "./fences.ts";
import { findKernelBreaches } from "./kernels.ts";
import { findShapeBreaches } from "./shape.ts";
import { type Finding, readSourceFiles } from "./source_files.ts";

const files = readSourceFiles();

function assertNone(findings: readonly Finding[]): void {
  assert.ok(
    findings.length === 0,
    "\n" + findings.map(({ path, message }) => `${path}: ${message}`).join("\n"),
  );
}

Deno.test("the rooms import only what the layout allows", () => assertNone(findFenceBreaches(files)));

Deno.test("every kernel has one entry, a twin and a test", () => assertNone(findKernelBreaches(files)));

Deno.test("sizes and names keep to the house style, and nothing is left over", () =>
  assertNone(findShapeBreaches(files)));

Deno.test("the tidy checks see the repository", () => {
  assert.ok(files.filter(({ path }) => path.startsWith("src/")).length > 100);
  assert.ok(files.filter(({ path }) => path.startsWith("kernels/")).length > 20);
});
