/** A check that cannot fail is worth nothing: each rule is shown a breach and something innocent beside it. */
import { strict as assert } from "node:assert";
import { blankProse } from "./code_text.ts";
import { findFenceBreaches, importsOf } from "./fences.ts";
import { findKernelBreaches } from "./kernels.ts";
import { findShapeBreaches, longFunctions } from "./shape.ts";

const fences = (path: string, text: string) => findFenceBreaches([{ path, text }]).length;
const shape = (path: string, text: string) => findShapeBreaches([{ path, text }]).length;

Deno.test("prose and strings are blanked, code and line numbers stay", () => {
  const source = 'a; // Deno.x\n/* Date.now\n */ b("Deno.y", `z ${Deno.real} w`, /["`]/.test(c)); d / e / f;';
  const code = blankProse(source);
  assert.equal(code.length, source.length);
  assert.equal(code.split("\n").length, 3);
  assert.deepEqual(code.match(/Deno\.\w+/g), ["Deno.real"]);
  assert.ok(code.includes("d / e / f;"));
});

Deno.test("imports are found in every form", () => {
  const source = `import a from "./a.ts";\nimport type { B } from './b.ts';\nexport * from "./c.ts";\n` +
    `import "./d.ts";\nconst e = await import("./e.ts");\n// from "./no.ts"\nimport {\n  f,\n} from "./f.ts";`;
  assert.deepEqual(importsOf(source), ["./a.ts", "./b.ts", "./c.ts", "./d.ts", "./e.ts", "./f.ts"]);
});

Deno.test("a room that imports another's room is found, a type-only import too", () => {
  assert.equal(fences("src/codec/x.ts", 'import { a } from "../net/a.ts";'), 1);
  assert.equal(fences("src/codec/x.ts", 'import type { A } from "../net/a.ts";'), 1);
  assert.equal(fences("src/codec/x.ts", 'import { a } from "../base/a.ts";\nimport { b } from "./b.ts";'), 0);
  assert.equal(fences("src/base/x.ts", 'import { a } from "node:fs";'), 1);
  assert.equal(fences("src/base/x.ts", 'import { a } from "@noble/hashes/sha2.js";'), 0);
  assert.equal(fences("src/gpu/x.ts", 'import k from "../../kernels/k.wgsl" with { type: "text" };'), 0);
  assert.equal(fences("src/model/x.ts", 'import k from "../../kernels/k.wgsl" with { type: "text" };'), 1);
  assert.equal(fences("src/node/x.ts", 'import { a } from "../../test/a.ts";'), 1);
  assert.equal(fences("src/attic/x.ts", ""), 1);
  assert.equal(fences("src/chain/timelock/x.ts", 'import { a } from "../devnet/a.ts";'), 1);
  assert.equal(fences("src/chain/devnet/x.ts", 'import { a } from "../timelock/a.ts";'), 0);
  assert.equal(fences("src/node/x.ts", 'import { a } from "../chain/devnet/devnet.ts";'), 0);
});

Deno.test("packages outside their room are found", () => {
  for (const name of ["libp2p", "@libp2p/tcp", "@chainsafe/libp2p-noise", "@multiformats/multiaddr"]) {
    assert.equal(fences("src/node/x.ts", `import type { A } from "${name}";`), 1, name);
    assert.equal(fences("src/net/x.ts", `import { A } from "${name}";`), 0, name);
  }
  assert.equal(fences("src/node/x.ts", 'import type { A } from "@polkadot/api";'), 1);
  assert.equal(fences("src/chain/devnet/x.ts", 'import { A } from "@polkadot/api";'), 0);
});

Deno.test("globals outside their room are found, words in comments are not", () => {
  assert.equal(fences("src/train/x.ts", "let device: GPUDevice;"), 1);
  assert.equal(fences("src/gpu/x.ts", "let device: GPUDevice; navigator.gpu;"), 0);
  for (
    const text of ["Date.now()", "setTimeout(f, 1)", "setInterval(f)", "Math.random()", "performance.now()"]
  ) {
    assert.equal(fences("src/node/x.ts", text), 1, text);
    assert.equal(fences("src/base/x.ts", text), 0, text);
    assert.equal(fences("src/node/x.ts", `// ${text}`), 0, text);
  }
  assert.equal(fences("src/score/x.ts", "Deno.exit(1)"), 1);
  assert.equal(fences("src/score/x.ts", 'import { a } from "node:fs";'), 1);
  assert.equal(fences("src/cli/x.ts", "Deno.exit(1)"), 0);
});

Deno.test("a kernel without twin, test or single entry is found", () => {
  const twin = { path: "src/reference/k.ts", text: "" };
  const test = { path: "test/kernels/k_test.ts", text: "" };
  const kernel = (text: string) => ({ path: "kernels/k.wgsl", text });
  const entry = "@compute @workgroup_size(1) fn main() {}\n";
  assert.equal(findKernelBreaches([kernel(entry), twin, test]).length, 0);
  assert.equal(findKernelBreaches([kernel(entry), test]).length, 1);
  assert.equal(findKernelBreaches([kernel(entry), twin]).length, 1);
  assert.equal(findKernelBreaches([kernel(entry + entry), twin, test]).length, 1);
  assert.equal(findKernelBreaches([kernel("// @compute"), twin, test]).length, 1);
  assert.equal(findKernelBreaches([{ path: "kernels/shared/s.wgsl", text: entry }]).length, 1);
});

Deno.test("long files and functions, vague names and leftovers are found", () => {
  assert.equal(shape("src/a/x.ts", "a;\n".repeat(300)), 0);
  assert.equal(shape("src/a/x.ts", "a;\n".repeat(301)), 1);
  assert.equal(shape("src/a/camelCase.ts", ""), 1);
  for (const name of ["utils", "test_helpers", "misc", "peer_manager"]) {
    assert.equal(shape(`src/a/${name}.ts`, ""), 1);
  }
  assert.equal(shape("src/a/x.ts", "// TO" + "DO: later"), 1);
  assert.equal(shape("src/a/x.ts", 'const a = "/ho' + 'me/me/x";'), 1);
  assert.equal(shape("src/a/x.ts", 'const a = "data/ho' + 'me/x";'), 0);
  assert.equal(shape("src/a/x.ts", 'const a = "https://registry.npm' + 'js.org";'), 1);
  const body = (count: number) => "  a;\n".repeat(count);
  assert.equal(longFunctions(`function f() {\n${body(68)}}\n`).length, 0);
  assert.equal(longFunctions(`export async function f(\n  a: A,\n): B {\n${body(69)}}\n`).length, 1);
  assert.equal(longFunctions(`class A {\n  async #m(): B {\n${body(70)}  }\n}\n`).length, 1);
  assert.equal(longFunctions(`const f = () => {\n${body(70)}};\n`).length, 1);
  assert.equal(longFunctions(`call(\n${body(90)});\nif (a) {\n}\n`).length, 0);
  assert.equal(longFunctions(`if (f(a)) {\n${body(90)}}\n`).length, 0);
});
