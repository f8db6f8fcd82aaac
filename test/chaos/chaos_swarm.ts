/** Members as processes on loopback, each with a home that outlives it. */
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../src/base/clock.ts";
import { secureRandomBytes } from "../../src/base/random.ts";
import type { Hotkey } from "../../src/base/transport.ts";
import { createHotkey, saveHotkey } from "../../src/chain/wallet/wallet.ts";
import { Ledger } from "./ledger.ts";
import { PeerProcess } from "./peer_process.ts";

/** Below the ports that systems give to outgoing connections, so that a killed member finds its own free again. */
const FIRST_PORT = 15_000;
const PORTS = 15_000;

export interface SwarmOptions {
  readonly memberCount: number;
  readonly elementCount: number;
  /** An empty directory: homes, and all events in `events.jsonl`. */
  readonly directory: string;
}

export class ChaosSwarm {
  readonly ledger: Ledger;
  readonly memberCount: number;
  readonly #options: SwarmOptions;
  readonly #members: readonly { readonly hotkey: Hotkey; readonly addr: string }[];
  readonly #processes = new Map<number, PeerProcess>();

  private constructor(
    options: SwarmOptions,
    members: readonly { readonly hotkey: Hotkey; readonly addr: string }[],
    clock: Clock,
  ) {
    this.#options = options;
    this.#members = members;
    this.memberCount = options.memberCount;
    const path = join(options.directory, "events.jsonl");
    this.ledger = new Ledger(
      options.memberCount,
      clock,
      ({ member, ms, event }) =>
        appendFileSync(path, JSON.stringify({ ms: Math.round(ms), member, ...event }) + "\n"),
    );
  }

  /** With new keys and no process yet. */
  static async create(options: SwarmOptions, clock: Clock): Promise<ChaosSwarm> {
    const firstPort = findFreePorts(options.memberCount);
    const members = [];
    for (let i = 0; i < options.memberCount; i++) {
      const home = join(options.directory, `member-${i}`);
      mkdirSync(home);
      const pair = await createHotkey();
      await saveHotkey(join(home, "hotkey.json"), pair);
      members.push({ hotkey: pair.hotkey, addr: `/ip4/127.0.0.1/tcp/${firstPort + i}` });
    }
    return new ChaosSwarm(options, members, clock);
  }

  start(member: number): void {
    const plan = {
      index: member,
      home: join(this.#options.directory, `member-${member}`),
      members: this.#members,
      elementCount: this.#options.elementCount,
    };
    const process = new PeerProcess(plan, (event) => this.ledger.note(member, event));
    this.#processes.set(member, process);
    process.exited.then((code) => {
      if (this.#processes.get(member) === process) this.ledger.note(member, { event: "ended", code });
    });
  }

  /** SIGKILL. What it said until then is noted when this resolves. */
  async kill(member: number): Promise<void> {
    const process = this.#processes.get(member)!;
    this.#processes.delete(member);
    this.ledger.note(member, { event: "killed" });
    await process.kill();
    this.ledger.down(member);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#processes.keys()].map((member) => this.kill(member)));
  }
}

/** The first of `count` free ports in a row; not from a seed, since swarms of one seed may run side by side. */
function findFreePorts(count: number): number {
  for (;;) {
    const [draw] = new Uint32Array(secureRandomBytes(4).buffer);
    const first = FIRST_PORT + draw % PORTS;
    try {
      for (let i = 0; i < count; i++) Deno.listen({ hostname: "127.0.0.1", port: first + i }).close();
      return first;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
