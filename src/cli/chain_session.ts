/**
 * One command at a chain: connect, do it, and close whatever happens. Ctrl-C leaves at once, and says what became of the calls
 * that were sent by then.
 */
import { systemClock } from "../base/clock.ts";
import type { Clock } from "../base/clock.ts";
import { eventLog } from "../base/log.ts";
import type { ChainClient } from "../chain/chain_client.ts";
import { isOnThisMachine } from "../chain/networks.ts";
import { DEFAULT_CHAIN } from "./flags.ts";
import { jsonText } from "./json_text.ts";
import { describeEvent } from "./present.ts";
import { SentCalls } from "./sent_calls.ts";
import { stopSignal } from "./stop_signal.ts";
import { processTerminal, type Terminal } from "./terminal.ts";

/** What a command has in hand. */
export interface ChainSession {
  readonly chain: ChainClient;
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export type ChainTask = (session: ChainSession) => Promise<void>;

/** @param flags.chain as the flag gives it; `local` by default */
export async function atChain(
  flags: { readonly chain?: readonly string[] },
  task: ChainTask,
  finish: (code: number) => void,
): Promise<void> {
  const terminal = processTerminal();
  const log = eventLog((event) => {
    const line = describeEvent(event);
    if (line !== undefined) terminal.tell(line);
  });
  const sent = new SentCalls();
  const stop = stopSignal();
  const { signal } = stop;
  const left = new Promise<"left">((resolve) =>
    signal.addEventListener("abort", () => resolve("left"), { once: true })
  );
  try {
    const outcome = await Promise.race([left, connectAndDo({ clock: systemClock, log, signal })]);
    if (outcome !== "left") return finish(0);
    terminal.tell(`skein: ${sent.describeStop()}`);
    finish(130);
  } finally {
    stop.dispose();
  }

  async function connectAndDo(deps: { clock: Clock; log: typeof log; signal: AbortSignal }): Promise<"done"> {
    const { openChain } = await import("../node/open_chain.ts");
    const chain = await openChain(
      flags.chain ?? DEFAULT_CHAIN,
      { ...deps, onCall: sent.observe },
      { isBrief: true },
    );
    try {
      await task({ chain, terminal, clock: deps.clock, signal });
      return "done";
    } finally {
      await chain.close();
    }
  }
}

/** Resolves once the chain's head is there. @throws the signal's reason */
export async function reachBlock({ chain, signal }: ChainSession, block: number): Promise<void> {
  signal.throwIfAborted();
  if (chain.block() >= block) return;
  await new Promise<void>((resolve, reject) => {
    const stop = chain.onBlock((head) => {
      if (head >= block) end(resolve);
    });
    const onAbort = () => end(() => reject(signal.reason));
    signal.addEventListener("abort", onAbort, { once: true });
    function end(settle: () => void): void {
      stop();
      signal.removeEventListener("abort", onAbort);
      settle();
    }
  });
}

/** JSON for machines, or the text for people. */
export function answer(
  { terminal }: ChainSession,
  flags: { readonly json: boolean },
  record: Record<string, unknown>,
  text: string,
): void {
  terminal.print(flags.json ? jsonText(record) : text);
}

/** Whether its money is play money. */
export const isLocalChain = ({ chain }: ChainSession): boolean => isOnThisMachine(chain.url);
