/** `skein chain` killed under load, again and again, at moments drawn from a seed, and inspected after each restart. */
import type { Clock } from "../../../src/base/clock.ts";
import { Random } from "../../../src/base/random.ts";
import { cryptoReady } from "../../../src/chain/sr25519.ts";
import { ChainProcess } from "./chain_process.ts";
import { Inspection } from "./inspection.ts";
import { load, Told } from "./load.ts";
import { GONE, RpcSocket } from "./rpc_socket.ts";

const BLOCK_MS = 100;
/** A kill comes at the latest so long after the load began. */
const MAX_LIFE_MS = 1500;

export interface ChainKillOptions {
  readonly kills: number;
  readonly seed: number;
  /** The chain's home; empty. */
  readonly directory: string;
}

export interface ChainKillReport {
  readonly kill: number;
  readonly delayMs: number;
  /** Submitted in this life. */
  readonly submitted: number;
  /** In blocks so far, counted after the restart. */
  readonly transfers: number;
  readonly head: number;
  readonly restartSeconds: number;
}

export interface ChainKillSummary {
  readonly event: "summary";
  readonly kills: number;
  readonly transfers: number;
  readonly told: number;
  readonly head: number;
  readonly violations: number;
  readonly seed: number;
  readonly seconds: number;
}

export async function killChain(
  { kills, seed, directory }: ChainKillOptions,
  clock: Clock,
  onReport: (report: ChainKillReport) => void,
): Promise<{ summary: ChainKillSummary; violations: readonly string[] }> {
  await cryptoReady();
  const startMs = clock.monotonicMs();
  const random = new Random(seed);
  const told = new Told();
  const inspection = new Inspection(told);
  let process = await ChainProcess.start(directory, BLOCK_MS);
  let [kill, head] = [0, 0];
  try {
    while (kill < kills && inspection.violations.length === 0) {
      kill++;
      const submittedBefore = told.submitted;
      const delayMs = random.nextBelow(MAX_LIFE_MS);
      await liveFor(delayMs, process, told, clock);
      const restartMs = clock.monotonicMs();
      process = await ChainProcess.start(directory, BLOCK_MS);
      const restartSeconds = Math.round((clock.monotonicMs() - restartMs) / 10) / 100;
      const rpc = await RpcSocket.open(process.url);
      head = await inspection.inspect(rpc);
      rpc.close();
      const transfers = inspection.transferCount;
      onReport({
        kill,
        delayMs,
        submitted: told.submitted - submittedBefore,
        transfers,
        head,
        restartSeconds,
      });
    }
  } finally {
    await process.kill();
  }
  const { violations, transferCount: transfers } = inspection;
  const seconds = Math.round((clock.monotonicMs() - startMs) / 100) / 10;
  const counts = { kills: kill, transfers, told: told.included.size, head, violations: violations.length };
  return { summary: { event: "summary", ...counts, seed, seconds }, violations };
}

/** Load, and then death in the middle of it. @throws when the chain refuses a transfer */
async function liveFor(delayMs: number, process: ChainProcess, told: Told, clock: Clock): Promise<void> {
  const rpc = await RpcSocket.open(process.url);
  const loading = load(rpc, told).catch((error: Error) => error.message);
  await clock.sleep(delayMs);
  await process.kill();
  rpc.close();
  const why = await loading;
  if (why !== GONE) throw new Error(`send transfers: ${why}`);
}
