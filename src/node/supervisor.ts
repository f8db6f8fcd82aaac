/**
 * A local swarm: one chain, validators and miners as separate processes, watched until the asked rounds are committed or
 * the user stops it. A process that dies stays down (the swarm must show that it can do without it); its exit event
 * says how to start it again. Stopping takes the nodes first, so that they save, and the chain last.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import type { LogEvent } from "../base/log.ts";
import { SkeinError } from "../base/errors.ts";
import { loadOrCreateHotkey } from "./keys.ts";
import { Child } from "./child.ts";
import { startChainChild } from "./chain_child.ts";
import type { parseEventLine } from "./events.ts";
import { SwarmRecord } from "./swarm_record.ts";
import { readWeights } from "./read_weights.ts";

export interface SwarmOptions {
  readonly directory: string;
  readonly minerCount: number;
  readonly validatorCount: number;
  /** Stop after this many committed rounds; undefined runs until `signal`. */
  readonly roundCount?: number;
  readonly preset: string;
  readonly codec: string;
  readonly precision: string;
  readonly dataPath?: string;
  /** Preferred port of the chain; another is taken when it is in use. */
  readonly chainPort: number;
  readonly blockMs: number;
  /** Give up when nothing has been committed for this long. */
  readonly stallMs: number;
}

export interface SwarmDependencies {
  readonly clock: Clock;
  /** Own events and those of the nodes, as they come. */
  readonly onEvent: (event: LogEvent) => void;
  readonly signal: AbortSignal;
}

const STOP_GRACE_MS = 15_000;
/** After the last round is committed, how long to wait for stragglers and for the validator's weights. */
const SETTLE_MS = 60_000;

export class Supervisor {
  readonly record = new SwarmRecord();
  readonly #options: SwarmOptions;
  readonly #deps: SwarmDependencies;
  readonly #nodes = new Map<string, Child>();
  #chain?: { child: Child; url: string };
  #isStopping = false;
  #lastProgressMs: number;

  constructor(options: SwarmOptions, deps: SwarmDependencies) {
    this.#options = options;
    this.#deps = deps;
    this.#lastProgressMs = deps.clock.monotonicMs();
  }

  /** Runs the swarm to its end. @returns the summary object and whether all asked rounds were committed */
  async run(): Promise<{ summary: Record<string, unknown>; isComplete: boolean }> {
    const { roundCount, preset } = this.#options;
    let weights: Record<string, number> = {};
    try {
      await this.#start();
      await this.#watch();
    } finally {
      this.#isStopping = true;
      await Promise.all(
        [...this.#nodes.values()].map((child) => child.stop(this.#deps.clock, STOP_GRACE_MS)),
      );
      if (this.#chain !== undefined) {
        weights = await readWeights(this.#chain.url, 1, this.#deps.clock).catch((error) => {
          this.#deps.onEvent({ event: "log", level: "warn", message: `read weights: ${error.message}` });
          return {};
        });
        await this.#chain.child.stop(this.#deps.clock, STOP_GRACE_MS);
      }
    }
    const reached = roundCount ??
      Math.max(0, ...[...this.record.nodes.values()].map((node) => node.outerStep));
    const { rounds, ...summary } = this.record.summary(preset, reached);
    const isComplete = roundCount === undefined || rounds.length === roundCount;
    return { summary: { ...summary, rounds, weights, directory: this.#options.directory }, isComplete };
  }

  async #start(): Promise<void> {
    const { directory, minerCount, validatorCount, chainPort, blockMs } = this.#options;
    this.#chain = await startChainChild(
      { home: join(directory, "chain"), port: chainPort, blockMs },
      { clock: this.#deps.clock, signal: this.#deps.signal },
    );
    const { child, url } = this.#chain;
    this.#deps.onEvent({
      event: "spawn",
      role: "chain",
      pid: child.pid,
      url,
      home: join(directory, "chain"),
    });
    child.exited.then((exit) => {
      if (!this.#isStopping) this.#deps.onEvent({ event: "exit", role: "chain", pid: child.pid, ...exit });
    });
    for (let i = 1; i <= validatorCount; i++) await this.#spawn("validator", `validator-${i}`, url);
    for (let i = 1; i <= minerCount; i++) await this.#spawn("miner", `miner-${i}`, url);
  }

  async #spawn(role: "miner" | "validator", name: string, chainUrl: string): Promise<void> {
    const { directory, preset, codec, precision, dataPath, minerCount } = this.#options;
    const home = join(directory, name);
    await mkdir(home, { recursive: true, mode: 0o700 });
    const { ss58 } = await loadOrCreateHotkey(home);
    const args = [
      role,
      "--chain",
      chainUrl,
      "--preset",
      preset,
      "--codec",
      codec,
      "--precision",
      precision,
      "--home",
      home,
      "--wait-for",
      String(minerCount),
    ];
    if (dataPath !== undefined) args.push("--data", dataPath);
    const child = new Child([...args, "--json"], home, (line) => this.#onLine(name, line));
    this.#nodes.set(ss58, child);
    this.record.spawned(role, ss58, child.pid);
    this.#deps.onEvent({ event: "spawn", role, pid: child.pid, hotkey: ss58, name, home });
    child.exited.then((exit) => {
      this.record.exited(ss58);
      if (this.#isStopping) return;
      const restart = `./skein ${args.map((arg) => (/[^\w./:@=-]/.test(arg) ? `'${arg}'` : arg)).join(" ")}`;
      this.#deps.onEvent({ event: "exit", role, name, hotkey: ss58, pid: child.pid, ...exit, restart });
    });
  }

  #onLine(node: string, line: ReturnType<typeof parseEventLine>): void {
    if (line === undefined) return;
    if (line.known !== undefined) {
      this.record.apply(line.known);
      if (line.known.event === "round") this.#lastProgressMs = this.#deps.clock.monotonicMs();
    }
    this.#deps.onEvent({ ...line.raw as unknown as LogEvent, node });
  }

  /** @throws {SkeinError} `node/swarm-stalled`, `node/swarm-dead` */
  async #watch(): Promise<void> {
    const { roundCount, validatorCount, stallMs } = this.#options;
    const { clock, signal } = this.#deps;
    let committedMs: number | undefined;
    while (!signal.aborted) {
      await clock.sleep(200, signal).catch(() => {});
      const nodes = [...this.record.nodes.values()];
      if (!nodes.some((node) => node.isAlive && node.role === "miner")) {
        throw new SkeinError(
          "node/swarm-dead",
          `run the swarm: no miner is alive, at least one is needed, see stderr.log in ${this.#options.directory}`,
        );
      }
      if (clock.monotonicMs() - this.#lastProgressMs > stallMs) {
        throw new SkeinError(
          "node/swarm-stalled",
          `run the swarm: no round committed for ${Math.round(stallMs / 1000)} s, see the logs in ` +
            this.#options.directory,
        );
      }
      if (roundCount === undefined || !nodes.some((node) => node.rounds.has(roundCount))) continue;
      committedMs ??= clock.monotonicMs();
      const isScored = validatorCount === 0 || this.record.weightsOuterStep >= roundCount;
      if (this.record.allReached(roundCount) && isScored) return;
      if (clock.monotonicMs() - committedMs > SETTLE_MS) return;
    }
  }
}
