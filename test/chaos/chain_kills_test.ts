import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import { killChain } from "./chain/kills.ts";

const SEED = 5;
/** More with SKEIN_CHAIN_KILLS, or by `deno task chain:kills`. */
const KILLS = Number(Deno.env.get("SKEIN_CHAIN_KILLS") ?? 5);

Deno.test(`a chain killed ${KILLS} times under load (seed ${SEED}) loses nothing that it told`, async () => {
  const directory = await Deno.makeTempDir({ prefix: "skein-chain-kills-" });
  try {
    const { summary, violations } = await killChain(
      { kills: KILLS, seed: SEED, directory },
      systemClock,
      () => {},
    );
    assert.deepEqual(violations, []);
    assert.equal(summary.kills, KILLS);
    assert.ok(summary.told > 0, "some transfers were told to be in a block");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
