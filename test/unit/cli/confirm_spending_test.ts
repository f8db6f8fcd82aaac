import assert from "node:assert/strict";
import { systemClock } from "../../../src/base/clock.ts";
import { isSkeinError } from "../../../src/base/errors.ts";
import type { ChainSession } from "../../../src/cli/chain_session.ts";
import { confirmSpending } from "../../../src/cli/confirm_spending.ts";
import { ScriptedTerminal } from "./scripted_terminal.ts";

const TAO = 1_000_000_000n;
const spending = { what: "register 5F in subnet 1", costRao: 2n * TAO, ss58: "5C", wallet: "mine" };

function sessionWith(
  script: { confirms?: boolean; freeRao?: bigint; url?: string },
): { session: ChainSession; terminal: ScriptedTerminal } {
  const terminal = new ScriptedTerminal(script);
  const { freeRao = 5n * TAO, url = "wss://example.org" } = script;
  const chain = { url, balance: async () => freeRao } as unknown as ChainSession["chain"];
  return { terminal, session: { chain, terminal, clock: systemClock, signal: new AbortController().signal } };
}
const rejectsWith = (code: string, promise: Promise<unknown>, message = /./) =>
  assert.rejects(promise, (error) => isSkeinError(error, code) && message.test(error.message));

Deno.test("a person sees the cost and what will be left, and pays no more than that", async () => {
  const { session, terminal } = sessionWith({ confirms: true });
  assert.deepEqual(await confirmSpending(session, spending, { yes: false }), { limit: 2n * TAO });
  assert.match(terminal.told.join(), /register 5F in subnet 1: 2 TAO from 5C, which has 5; 3 will be left/);
  assert.deepEqual(terminal.questions, ["Pay 2 TAO?"]);
  const allowed = await confirmSpending(session, spending, { yes: false, maxCost: 3n * TAO });
  assert.deepEqual(allowed, { limit: 3n * TAO });
});

Deno.test("who says no pays nothing", () =>
  rejectsWith(
    "cli/cancelled",
    confirmSpending(sessionWith({ confirms: false }).session, spending, { yes: false }),
    /nothing was sent/,
  ));

Deno.test("without a terminal --yes is required, and asks nobody", async () => {
  const { session, terminal } = sessionWith({});
  await rejectsWith(
    "cli/no-terminal",
    confirmSpending(session, spending, { yes: false }),
    /--yes is required/,
  );
  assert.deepEqual(await confirmSpending(session, spending, { yes: true }), { limit: undefined });
  assert.equal(terminal.printed.length, 0, "stdout is for the answer");
});

Deno.test("what is above --max-cost, or above the balance, is told before anybody is asked", async () => {
  const { session, terminal } = sessionWith({ confirms: true });
  await rejectsWith(
    "chain/too-expensive",
    confirmSpending(session, spending, { yes: true, maxCost: TAO }),
    /costs 2 TAO, at most 1 /,
  );
  const poor = sessionWith({ confirms: true, freeRao: TAO });
  await rejectsWith(
    "chain/balance-too-low",
    confirmSpending(poor.session, spending, { yes: true }),
    /send it 1 or/,
  );
  const local = sessionWith({ freeRao: TAO, url: "ws://127.0.0.1:9944" });
  await rejectsWith(
    "chain/balance-too-low",
    confirmSpending(local.session, spending, { yes: true }),
    /skein wallet fund --chain ws:\/\/127\.0\.0\.1:9944 --wallet mine --amount 2$/,
  );
  assert.deepEqual([...terminal.questions, ...poor.terminal.questions], []);
});
