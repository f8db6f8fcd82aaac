import assert from "node:assert/strict";
import { sparseFlags } from "../../../bench/sparse_flags.ts";
import { EXCHANGES } from "../../../src/node/exchange_plan.ts";

function parsed(...args: string[]) {
  let text = "";
  const flags = sparseFlags(args, (more) => text += more);
  return { flags, text };
}

Deno.test("sparse: help is shown and ends with status 0", () => {
  for (const flag of ["--help", "-h"]) {
    const { flags, text } = parsed(flag);
    assert.equal(flags, 0);
    for (const told of ["--preset", "--same-outer", "0.05 nats"]) assert.ok(text.includes(told), told);
  }
});

Deno.test("sparse: bad flags are named and end with status 2", () => {
  const bad = [
    [["--presets", "nano"], "unknown option '--presets'"],
    [["--preset", "mega"], "'mega' is invalid"],
    [["--members", "two"], "'two' is invalid"],
    [["--learning-rate", ""], "a number above 0"],
    [["--outer-momentum", "1"], "a number from 0 to below 1"],
    [["--batch"], "argument missing"],
    [["nano"], "too many arguments"],
  ] as const;
  for (const [args, told] of bad) {
    const { flags, text } = parsed(...args);
    assert.equal(flags, 2, args.join(" "));
    assert.ok(text.includes(told) && text.includes("see --help"), text);
  }
});

Deno.test("sparse: what is not said has its default, and 0 dense steps can be said", () => {
  const { flags } = parsed(
    "--preset",
    "pico",
    "--dense-steps",
    "0",
    "--learning-rate",
    "3e-3",
    "--clip",
    "false",
  );
  assert.deepEqual(flags, {
    preset: "pico",
    members: 8,
    outerSteps: 20,
    denseSteps: 0,
    innerSteps: 5,
    batch: 4,
    context: 64,
    learningRate: 3e-3,
    clip: "false",
    sameOuter: false,
    seed: 7,
    json: false,
  });
});

Deno.test("sparse: as many dense steps as a sparse run has, unless told", () => {
  const { flags } = parsed();
  assert.equal(typeof flags === "object" && flags.denseSteps, EXCHANGES.sparse.denseSteps);
});
