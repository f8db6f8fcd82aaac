/**
 * The engine in a browser's WebGPU: Dawn and Tint instead of wgpu and Naga, from the same modules. What one WGSL compiler
 * accepts and the other refuses, and what one adapter computes and the other does not, shows here.
 */
import { strict as assert } from "node:assert";
import { bundleEngine, bundleModules, outsideImports, portableModules } from "./bundle.ts";
import { CHROMIUM_ADVICE, findChromium } from "./chromium.ts";
import { KernelPage } from "./kernel_page.ts";
import { ALLOWED_RELATIVE, runDeltas } from "./run_deltas.ts";
import { RUN_NAMES, trainSteps } from "./training_run.ts";

const chromium = findChromium();

/** A test of a page in Chromium; where there is none it is skipped, and its name says why. */
function chromiumTest(
  name: string,
  body: (page: KernelPage, context: Deno.TestContext) => Promise<void>,
): void {
  Deno.test({
    name: chromium === undefined ? `${name} (skipped, no Chromium found: ${CHROMIUM_ADVICE})` : name,
    ignore: chromium === undefined,
    fn: async (context) => {
      const page = await KernelPage.open(chromium!);
      try {
        await body(page, context);
      } finally {
        await page.close();
      }
    },
  });
}

Deno.test("the rooms of the engine bundle for a browser and ask it for no module and no Deno", async () => {
  const directory = Deno.makeTempDirSync({ prefix: "skein-rooms-" });
  try {
    const bundle = await bundleModules(directory, "rooms", portableModules());
    assert.deepEqual(outsideImports(bundle), []);
    assert.doesNotMatch(bundle, /\bDeno\.\w/);
    assert.match(bundle, /@compute/, "the kernels are in it");
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("the engine alone is small enough for a page", async () => {
  const directory = Deno.makeTempDirSync({ prefix: "skein-engine-" });
  try {
    const bundle = await bundleEngine(directory);
    assert.deepEqual(outsideImports(bundle), []);
    // A validation library that slips in is half a megabyte.
    assert.ok(bundle.length < 300_000, `${bundle.length} bytes minified`);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("imports that a bundle leaves to its runtime are found in every form", () => {
  const bundle = [
    'import { strict as assert2 } from "node:assert";',
    'import "node:process";',
    'export * from "later";',
    'var fs = __require("fs");',
    'const lazy = await import("npm:lazy");',
    'const text = "import nothing";',
  ];
  assert.deepEqual(outsideImports(bundle.join("\n")), [
    "fs",
    "later",
    "node:assert",
    "node:process",
    "npm:lazy",
  ]);
});

chromiumTest("every kernel test passes in Chromium", async (page, context) => {
  const tests = await page.tests();
  assert.ok(tests.length > 30, `${tests.length} kernel tests registered`);
  for (const [index, { name, isIgnored }] of tests.entries()) {
    await context.step({
      name,
      ignore: isIgnored,
      fn: async () => {
        const { error } = await page.runTest(index);
        assert.equal(error, "");
      },
    });
  }
});

for (const name of RUN_NAMES) {
  chromiumTest(`ten steps of ${name} in Chromium give Deno's losses and parameters`, async (page) => {
    const base = await trainSteps(name);
    const run = await page.trainSteps(name);
    assert.notEqual(run.adapter, base.adapter, "two adapters");
    assert.deepEqual(run.start, base.start, "the same parameters to start from");
    assert.ok(base.losses.at(-1)! < base.losses[0], "it learns");
    for (const { quantity, relative } of runDeltas(run, base)) {
      const allowed = ALLOWED_RELATIVE[quantity];
      assert.ok(
        relative <= allowed,
        `${quantity}: ${run.adapter} differs from ${base.adapter} by ${relative}, at most ${allowed} is allowed`,
      );
    }
    assert.deepEqual(await page.trainSteps(name), run, "the same adapter gives the same bits");
  });
}
