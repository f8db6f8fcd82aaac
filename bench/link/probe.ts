/**
 * Measures an emulated link from within, so that nobody has to believe the emulator: the round trip and the loss of spaced
 * UDP datagrams that are echoed, and the rate of one TCP stream once it has found the link's. The script is both ends:
 * without `to` it serves, with it it probes, one command at a time: `{"do": "rate"}`, `{"do": "echo"}`.
 */
import { systemClock } from "../../src/base/clock.ts";
import { commands, tell } from "../allreduce_process.ts";

export interface ProbeOptions {
  readonly address: string;
  readonly to?: string;
  readonly bytesPerSec: number;
}

const PORT = 7700;
const DATAGRAM_BYTES = 1200;
const HEADERS_BYTES = 28;
const ECHOES = 1500;
/** A stream has found the rate after so long, and is measured for so long. */
const RAMP_SECONDS = 0.8;
const RATE_SECONDS = 1;

const { address, to, bytesPerSec }: ProbeOptions = JSON.parse(Deno.args[0]);
if (to === undefined) await Promise.all([echo(), sink()]);
else {
  tell("listening");
  for await (const command of commands()) {
    if (command.do === "rate") tell("rate", { bytesPerSec: await streamRate(to) });
    else tell("echo", await echoes({ transport: "udp", hostname: to, port: PORT }));
  }
}

async function echo(): Promise<void> {
  const socket = Deno.listenDatagram({ port: PORT, hostname: address, transport: "udp" });
  tell("listening");
  for await (const [message, from] of socket) await socket.send(message, from);
}

/** Takes a stream, and answers at its end with the rate behind its ramp. */
async function sink(): Promise<void> {
  const buffer = new Uint8Array(256 * 1024);
  for await (const connection of Deno.listen({ port: PORT, hostname: address })) {
    let bytes = 0;
    let from: { bytes: number; ms: number } | undefined;
    let lastMs = 0;
    for (let got = await connection.read(buffer); got !== null; got = await connection.read(buffer)) {
      bytes += got;
      lastMs = systemClock.monotonicMs();
      if (bytes > RAMP_SECONDS * bytesPerSec) from ??= { bytes, ms: lastMs };
    }
    const rate = from === undefined ? 0 : (bytes - from.bytes) / (lastMs - from.ms) * 1000;
    await connection.write(new Uint8Array(new Float64Array([rate]).buffer));
    connection.close();
  }
}

async function streamRate(hostname: string): Promise<number> {
  const connection = await Deno.connect({ hostname, port: PORT });
  const piece = new Uint8Array(64 * 1024);
  const bytes = (RAMP_SECONDS + RATE_SECONDS) * bytesPerSec;
  for (let sent = 0; sent < bytes;) sent += await connection.write(piece);
  await connection.closeWrite();
  const rate = new Float64Array(1);
  await connection.read(new Uint8Array(rate.buffer));
  connection.close();
  return rate[0];
}

/** At a quarter of the rate or less the queues stay empty: the round trip is the links' own. */
async function echoes(to: Deno.NetAddr): Promise<{ rttMs: number; lossBothWays: number }> {
  const socket = Deno.listenDatagram({ port: PORT, hostname: address, transport: "udp" });
  const rtts: number[] = [];
  const reading = (async () => {
    for await (const [message] of socket) {
      rtts.push(systemClock.monotonicMs() - new DataView(message.buffer, message.byteOffset).getFloat64(0));
    }
  })();
  const perMs = Math.min(2, bytesPerSec / 4000 / (DATAGRAM_BYTES + HEADERS_BYTES));
  const startMs = systemClock.monotonicMs();
  const datagram = new Uint8Array(DATAGRAM_BYTES);
  for (let sent = 0; sent < ECHOES;) {
    // Whoever slept too long must not make up for it in one burst: that would overflow the socket, not the link.
    const due = Math.min(ECHOES, sent + 16, (systemClock.monotonicMs() - startMs) * perMs + 1);
    for (; sent < due; sent++) {
      new DataView(datagram.buffer).setFloat64(0, systemClock.monotonicMs());
      await socket.send(datagram, to);
    }
    await systemClock.sleep(1);
  }
  await systemClock.sleep(500);
  socket.close();
  await reading;
  rtts.sort((a, b) => a - b);
  return { rttMs: rtts[rtts.length >> 1], lossBothWays: 1 - rtts.length / ECHOES };
}
