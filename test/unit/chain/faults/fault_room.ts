/** A real local chain, a proxy before it that breaks, and real clients, all in virtual time. */
import { setImmediate } from "node:timers";
import { strict as assert } from "node:assert";
import type { Clock } from "../../../../src/base/clock.ts";
import { eventLog, silentLog } from "../../../../src/base/log.ts";
import { Random } from "../../../../src/base/random.ts";
import { type ChainClient, connectChain, type ConnectOptions } from "../../../../src/chain/client.ts";
import { type Devnet, startDevnet } from "../../../../src/chain/devnet/devnet.ts";
import { cryptoReady, devAccount, type KeyringPair, ss58Of } from "../../../../src/chain/sr25519.ts";
import { VirtualClock } from "../../../simulation/virtual_clock.ts";
import { FaultyNode } from "./faulty_node.ts";

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;

export interface FaultRoom {
  readonly clock: VirtualClock;
  readonly devnet: Devnet;
  /** What the clients connect to, under the addresses ws://0, ws://1, …: all before the one chain. */
  readonly nodes: readonly FaultyNode[];
  /** Warnings and notes of all clients, in order. */
  readonly lines: string[];
  connect(options?: ConnectOptions): Promise<ChainClient>;
  pass(ms: number): Promise<void>;
  /** Virtual time goes on until it settles. */
  settled<T>(promise: Promise<T>): Promise<T>;
  /** The chain stops, forgets its pool, and goes on after a while. */
  restart(pauseMs: number): Promise<void>;
}

/** @param nodeCount proxies before the one chain */
export async function withFaultRoom(
  body: (room: FaultRoom) => Promise<void>,
  { nodeCount = 1, blockMs = SECOND } = {},
): Promise<void> {
  await cryptoReady();
  const directory = await Deno.makeTempDir();
  const clock = new VirtualClock();
  const wholeMs: Clock = {
    nowMs: () => Math.floor(clock.nowMs()),
    monotonicMs: clock.monotonicMs,
    sleep: clock.sleep,
    after: (ms, callback) => clock.after(ms, callback),
  };
  const start = () => startDevnet({ directory, port: 0, blockMs }, { clock: wholeMs, log: silentLog });
  let devnet = await start();
  const nodes = Array.from({ length: nodeCount }, () => new FaultyNode(() => devnet, clock));
  const lines: string[] = [];
  const clients: ChainClient[] = [];
  const pass = async (ms: number) => void await clock.advance(() => false, clock.nowMs() + ms);
  const settled = <T>(promise: Promise<T>) => settleIn(clock, promise);
  const connect = async (options: ConnectOptions = {}) => {
    const client = await settled(connectChain(nodes.map((_, i) => `ws://${i}`), {
      clock,
      log: eventLog(({ level, message }) => lines.push(`${level}: ${message}`)),
      random: new Random(clients.length + 1),
      openSocket: (url) => nodes[Number(url.slice("ws://".length))].open(),
    }, options));
    clients.push(client);
    return client;
  };
  const restart = async (pauseMs: number) => {
    for (const node of nodes) node.goDown();
    await devnet.stop();
    await pass(pauseMs);
    devnet = await start();
    for (const node of nodes) node.isUp = true;
  };
  try {
    await body({
      ...{ clock, nodes, lines, connect, pass, settled, restart },
      get devnet() {
        return devnet;
      },
    });
  } finally {
    await Promise.all(clients.map((client) => settled(client.close())));
    await devnet.stop();
    await Deno.remove(directory, { recursive: true });
  }
}

const LIMIT_MS = 60 * MINUTE;
/** Time goes on in small steps: the client does part of its work outside virtual time. */
const STEP_MS = 100;

export async function settleIn<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  let isDone = false;
  promise.then(() => isDone = true, () => isDone = true);
  const limitMs = clock.nowMs() + LIMIT_MS;
  while (!isDone && clock.nowMs() < limitMs) {
    await new Promise<void>((resolve) => setImmediate(resolve));
    await clock.advance(() => isDone, clock.nowMs() + STEP_MS);
  }
  assert.ok(isDone, "done within an hour of virtual time");
  return await promise;
}

export const alice = (): KeyringPair => devAccount("//Alice");

const RECIPIENT_BYTES = 32;
let recipientCount = 0;

/** An account that nobody has paid before. */
export function freshRecipient(): string {
  const key = new Uint8Array(RECIPIENT_BYTES).fill(7);
  new DataView(key.buffer).setUint32(0, ++recipientCount);
  return ss58Of(key);
}

/** Sends payments at once, each of another amount to another account; the check demands each exactly once. */
export function payAll(client: ChainClient, count: number) {
  const payments = Array.from({ length: count }, (_, i) => ({
    to: freshRecipient(),
    rao: BigInt(1_000_000 + i),
  }));
  const from = alice();
  return {
    done: Promise.all(payments.map(({ to, rao }) => client.transfer(from, to, rao))),
    async check(reader: ChainClient): Promise<void> {
      for (const { to, rao } of payments) assert.equal(await reader.balance(to), rao);
    },
  };
}

/** Each loss of a connection is followed by one return, and nothing else is worth a word. */
export function checkLines(lines: readonly string[]): void {
  let openCount = 0;
  for (const line of lines) {
    if (/^warn: chain: connection to \S+ lost, calls waiting: \d+, connecting again: /.test(line)) {
      openCount++;
    } else if (/^info: chain: connected to \S+ again after \d+ s, calls that waited: \d+$/.test(line)) {
      openCount--;
    } else if (!/^info: chain: \S+ is (left for|behind)/.test(line)) assert.fail(`unexpected line: ${line}`);
    assert.ok(openCount >= 0, line);
  }
  assert.equal(openCount, 0, lines.join("\n"));
}
