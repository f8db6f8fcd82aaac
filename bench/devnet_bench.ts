/**
 * How many transfers the local chain takes in and applies: 1,000 in a block, each from one of six accounts to an account
 * that is new. Balances, issuance and count are checked before a round's times count. The ceiling is what the check of
 * signatures alone would allow. The best round is shown, so that a busy machine tells less.
 *
 *   deno run -A --no-check bench/devnet_bench.ts
 */
import { systemClock } from "../src/base/clock.ts";
import { measureBlocks } from "./devnet_blocks.ts";

const TRANSACTIONS = 1000;
const ROUNDS = 6;

const directory = await Deno.makeTempDir({ prefix: "skein-devnet-bench-" });
const rounds = await measureBlocks(
  { transactionCount: TRANSACTIONS, roundCount: ROUNDS, directory },
  systemClock,
).finally(() => Deno.remove(directory, { recursive: true }));
const best = rounds.reduce((a, b) => a.poolMs + a.blockMs < b.poolMs + b.blockMs ? a : b);
const { poolMs, blockMs, verifyMs } = best;
const rate = (ms: number) => `${Math.round(1000 * TRANSACTIONS / ms)}`.padStart(6);
console.log(
  `${Deno.version.deno}, V8 ${Deno.version.v8}; ${TRANSACTIONS} transfers a block, ${ROUNDS} rounds`,
);
console.log(`into the pool       ${rate(poolMs)} a second, ${percent(verifyMs / poolMs)} of it signatures`);
console.log(`made into a block   ${rate(blockMs)} a second: ${blockMs.toFixed(0)} ms a block`);
console.log(`both                ${rate(poolMs + blockMs)} a second`);
console.log(
  `ceiling             ${rate(verifyMs)} a second by signatures alone, ${
    percent(verifyMs / (poolMs + blockMs))
  } of it reached`,
);
console.log(`checksum            ${rounds[0].checksum}`);

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
