/** Somebody with a new wallet in files, connected to a local chain of their own; commands' functions run in this process. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { systemClock } from "../../../src/base/clock.ts";
import { isSkeinError } from "../../../src/base/errors.ts";
import { silentLog } from "../../../src/base/log.ts";
import { connectChain } from "../../../src/chain/client.ts";
import { startDevnet } from "../../../src/chain/devnet/devnet.ts";
import type { ChainSession } from "../../../src/cli/chain_session.ts";
import { createKeys } from "../../../src/cli/wallet/create_keys.ts";
import { ScriptedTerminal } from "../cli/scripted_terminal.ts";

export const TAO = 1_000_000_000n;
const clock = systemClock;

export interface Newcomer {
  readonly session: ChainSession & { readonly terminal: ScriptedTerminal };
  readonly account: { wallet: string; walletPath: string; hotkey: string; json: boolean; yes: boolean };
  readonly coldkey: string;
  readonly hotkey: string;
  /** Runs one command with `--json`. @returns what it printed */
  run(task: (session: ChainSession) => Promise<void>): Promise<any>;
  blocks(count: number): Promise<void>;
}

export async function withNewcomer(body: (newcomer: Newcomer) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  const deps = { clock, log: silentLog };
  const devnet = await startDevnet({ directory: join(directory, "chain"), port: 0, blockMs: 100 }, deps);
  const chain = await connectChain(devnet.url, deps);
  try {
    const terminal = new ScriptedTerminal({ environment: { SKEIN_HOME: join(directory, "data") } });
    const session = { chain, terminal, clock, signal: new AbortController().signal };
    const account = {
      ...{ wallet: "me", hotkey: "default", json: true, yes: true },
      walletPath: join(directory, "wallets"),
    };
    await createKeys(["coldkey", "hotkey"], { ...account, words: 12, password: false }, terminal);
    const made = terminal.takeJson();
    await body({
      ...{ session, account, coldkey: made.coldkey.ss58, hotkey: made.hotkey.ss58 },
      async run(task) {
        await task(session);
        return terminal.takeJson();
      },
      async blocks(count) {
        const goal = chain.block() + count;
        while (chain.block() < goal) await clock.sleep(20);
      },
    });
  } finally {
    await chain.close();
    await devnet.stop();
    await Deno.remove(directory, { recursive: true });
  }
}

export const rejectsWith = (code: string, promise: Promise<unknown>, message = /./) =>
  assert.rejects(promise, (error) => isSkeinError(error, code) && message.test(error.message));
