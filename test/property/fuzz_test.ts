/** A short run of `deno task fuzz`, and the proof that it finds what it is for. */
import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { codecNames } from "../../src/codec/by_name.ts";
import { schemas } from "../../src/allreduce/messages.ts";
import { campaign, type Result } from "./fuzz/campaign.ts";
import type { Decoder } from "./fuzz/decoder.ts";
import { Inputs } from "./fuzz/inputs.ts";
import { decoders } from "./fuzz/decoder_table.ts";

const SEED = 20_260_101;

async function run(table: string, inputs: number, hangMs: number): Promise<Result[]> {
  const directory = await Deno.makeTempDir();
  const options = {
    table: new URL(table, import.meta.url).href,
    directory,
    seed: SEED,
    inputs,
    hangMs,
  };
  try {
    return await campaign(options, systemClock, () => {});
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("every decoder answers random and mutated inputs with a value or a typed error, in bounds", async () => {
  const results = await run("./fuzz/decoder_table.ts", 2000, 30_000);
  const findings = results.filter((result) => result.kind === "finding");
  assert.deepEqual(findings, [], "replay with `deno task fuzz --seed` and the seed of this test");
  for (const name of codecNames) {
    assert.ok(results.some(({ decoder }) => decoder === `codec ${name}: decode`));
  }
  for (const kind of Object.keys(schemas)) {
    assert.ok(results.some(({ decoder }) => decoder === `allreduce: ${kind}`), kind);
  }
});

Deno.test("a planted decoder of each bad kind is caught, with a short input, and a right one is not", async () => {
  const results = await run("./fuzz/planted_decoders.ts", 4000, 4000);
  assert.ok(results.length >= 7);
  for (const result of results) {
    const { decoder } = result;
    if (decoder === "right") assert.equal(result.kind, "clean");
    else {
      assert.ok(result.kind === "finding", `${decoder} was not caught`);
      assert.equal(result.breach.kind, decoder.split(" ")[0], result.breach.detail);
      const isMinimised = decoder === "untyped-error" || decoder.startsWith("allocation");
      if (isMinimised) assert.equal(result.hex.length, 16, `${decoder}: ${result.hex}`);
    }
  }
});

Deno.test("the same seed makes the same inputs, another seed others; examples are valid", async () => {
  const directory = await Deno.makeTempDir();
  try {
    for (const decoder of await decoders(directory)) {
      const [first, again, other] = [1, 1, 2].map((seed) => new Inputs(decoder, seed));
      let differing = 0;
      for (let index = 0; index < 20; index++) {
        assert.deepEqual(first.at(index), again.at(index));
        if (first.at(index).join() !== other.at(index).join()) differing++;
      }
      assert.ok(differing > 5, decoder.name);
      assert.ok(await acceptsAnExample(decoder) || decoder.name.endsWith("signature checked"), decoder.name);
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

async function acceptsAnExample({ decode, examples }: Decoder): Promise<boolean> {
  for (const example of examples) {
    const isAccepted = await Promise.resolve().then(() => decode(example)).then(() => true, () => false);
    if (isAccepted) return true;
  }
  return false;
}
