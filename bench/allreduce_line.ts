/**
 * The line rate: what one plain libp2p stream (TCP, noise, yamux; no frames, no digests, nothing done with the bytes)
 * carries between two processes. The script is both ends: run with `{}` it listens and counts, run with `{"to": addr}`
 * it sends. `lineRates` runs the pair for several write sizes; `lineRateOf` is the best size's median, as the median of the
 * rounds is what it is compared to.
 */
import type { Stream } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import { systemClock } from "../src/base/clock.ts";
import { startHost } from "../src/net/host.ts";
import { StreamBytes } from "../src/net/stream_bytes.ts";
import { commands, JsonProcess, tell } from "./allreduce_process.ts";
import { benchScript } from "./allreduce_program.ts";
import { median } from "./allreduce_swarm.ts";

const PROTOCOL = "/skein-bench/line/1";
const WRITE_BYTES = [256 << 10, 1 << 20];
const REPEATS = 3;

export interface LineOptions {
  readonly listen: string;
  readonly to?: string;
}

/** Bytes a second by size of the writes. */
export type LineRates = ReadonlyMap<number, readonly number[]>;

/** @param runs one after another */
export const lineRateOf = (runs: readonly LineRates[]): number =>
  Math.max(...WRITE_BYTES.map((size) => median(runs.flatMap((rates) => rates.get(size) ?? []))));

/** @returns from a first process to a second one */
export async function lineRates(
  bytes: number,
  places: readonly { prefix: readonly string[]; listen: string }[],
): Promise<LineRates> {
  const script = await benchScript("allreduce_line");
  const receiver = new JsonProcess("line receiver", script, { listen: places[0].listen }, places[0].prefix);
  const processes = [receiver];
  try {
    const [to] = (await receiver.next("listening")).addrs as string[];
    const sender = new JsonProcess("line sender", script, { listen: places[1].listen, to }, places[1].prefix);
    processes.push(sender);
    await sender.next("listening");
    const measure = async (writeBytes: number) =>
      (await sender.ask({ bytes, writeBytes }, "rate")).bytesPerSec as number;
    for (const size of WRITE_BYTES) await measure(size); // warm
    const rates = new Map(WRITE_BYTES.map((size) => [size, [] as number[]]));
    for (let i = 0; i < REPEATS; i++) {
      for (const [size, measured] of rates) measured.push(await measure(size));
    }
    return rates;
  } finally {
    await Promise.all(processes.map((process) => process.stop()));
  }
}

async function main({ listen, to }: LineOptions): Promise<void> {
  const host = await startHost({
    identitySeed: crypto.getRandomValues(new Uint8Array(32)),
    listen: [listen],
    webrtc: false,
  }, { isRefused: () => false, validateRecord() {}, selectRecord: () => 0, clock: systemClock });
  await host.handle(PROTOCOL, count);
  tell("listening", { addrs: host.getMultiaddrs().map(String) });
  for await (const { bytes, writeBytes } of commands()) {
    const startMs = systemClock.monotonicMs();
    const stream = await host.dialProtocol(multiaddr(to!), PROTOCOL);
    const io = new StreamBytes(stream);
    const piece = new Uint8Array(writeBytes as number);
    const header = new Uint8Array(8);
    new DataView(header.buffer).setFloat64(0, bytes as number);
    await io.write(header);
    for (let at = 0; at < (bytes as number); at += piece.length) {
      await io.write(piece.subarray(0, Math.min(piece.length, bytes as number - at)));
    }
    await io.read(1); // the receiver has them all
    tell("rate", { bytesPerSec: (bytes as number) / ((systemClock.monotonicMs() - startMs) / 1000) });
    await stream.close();
  }
}

/** Counts what arrives without copying or keeping it, and acknowledges the last byte. */
function count(stream: Stream): void {
  let awaited = -1;
  stream.addEventListener("message", ({ data }) => {
    let bytes = data.byteLength;
    if (awaited < 0) {
      awaited = new DataView(data.slice(0, 8).buffer).getFloat64(0);
      bytes -= 8;
    }
    awaited -= bytes;
    if (awaited === 0) {
      stream.send(new Uint8Array(1));
      stream.close().catch(() => {});
    }
  });
}

if (import.meta.main) await main(JSON.parse(Deno.args[0]));
