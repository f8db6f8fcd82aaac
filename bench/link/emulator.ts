/**
 * A star of emulated links between network namespaces, in user space: a TUN interface in each, whose packets pass through
 * star.ts. For kernels without `netem`. Real kernel TCP runs over it; the emulator only delays and drops whole packets.
 *
 * One thread, no event loop: it sleeps in ppoll until a packet comes, a packet is due, or the parent speaks. A line on its
 * standard input, `{}` or `{"loss": share}`, is answered with the counters; its end ends the emulator, and the interfaces go with it.
 */
import { systemClock } from "../../src/base/clock.ts";
import { Random } from "../../src/base/random.ts";
import { tell } from "../allreduce_process.ts";
import { openLibc, openTun, POLLIN } from "./libc.ts";
import { Star, type StarOptions } from "./star.ts";

export interface EmulatorOptions extends StarOptions {
  /** One for each link. Member i is 10.77.0.(i + 1). */
  readonly namespaces: readonly string[];
  readonly mtu: number;
  readonly seed: number;
}

export const INTERFACE = "link0";
const SLOTS = 16_384;
/** Packets read from one member before the others have their turn. */
const READ_BATCH = 64;
/** Shorter sleeps cost more than they tell: 0.25 ms is two packets of 1500 bytes at 100 Mbit/s. */
const SHORTEST_SLEEP_MS = 0.25;
const LONGEST_SLEEP_MS = 100;

function main(options: EmulatorOptions): void {
  const libc = openLibc();
  const tuns = options.namespaces.map((namespace) => openTun(libc, namespace, INTERFACE));
  const slotBytes = options.mtu + 64;
  const store = new Uint8Array(SLOTS * slotBytes);
  const packets = Array.from(
    { length: SLOTS },
    (_, slot) => store.subarray(slot * slotBytes, (slot + 1) * slotBytes),
  );
  const free = Int32Array.from({ length: SLOTS }, (_, slot) => slot);
  let freeCount = SLOTS;
  const star = new Star(
    options,
    new Random(options.seed),
    SLOTS,
    (slot) => void (free[freeCount++] = slot),
  );
  const deliver = (to: number, slot: number, size: number) => void libc.write(tuns[to], packets[slot], size);

  const readFrom = (from: number): void => {
    for (let i = 0; i < READ_BATCH && freeCount > 0; i++) {
      const slot = free[freeCount - 1];
      const size = libc.read(tuns[from], packets[slot], slotBytes);
      if (size <= 0) return;
      const at = slot * slotBytes;
      const to = store[at + 19] - 1;
      // IPv4 to another member of the star; a namespace also tries IPv6 and multicast.
      const isOurs = store[at] >> 4 === 4 && store[at + 16] === 10 && store[at + 17] === 77 && to !== from &&
        to >= 0 && to < tuns.length;
      if (!isOurs) continue;
      freeCount--;
      star.send(from, to, slot, size, systemClock.monotonicMs());
    }
  };

  const polled = new Uint8Array(8 * (tuns.length + 1));
  const pollView = new DataView(polled.buffer);
  [...tuns, 0].forEach((fd, i) => {
    pollView.setInt32(8 * i, fd, true);
    pollView.setInt16(8 * i + 4, POLLIN, true);
  });
  const timeout = new Uint8Array(16);
  const timeoutView = new DataView(timeout.buffer);
  const command = new Uint8Array(256);
  tell("listening");
  for (;;) {
    const sleepMs = Math.min(
      LONGEST_SLEEP_MS,
      Math.max(SHORTEST_SLEEP_MS, star.nextMs() - systemClock.monotonicMs()),
    );
    timeoutView.setBigInt64(8, BigInt(Math.round(sleepMs * 1e6)), true);
    libc.ppoll(polled, tuns.length + 1, timeout, null);
    for (let i = 0; i < tuns.length; i++) if (pollView.getInt16(8 * i + 6, true) !== 0) readFrom(i);
    star.advance(systemClock.monotonicMs(), deliver);
    if (pollView.getInt16(8 * tuns.length + 6, true) === 0) continue;
    const length = Deno.stdin.readSync(command);
    if (length === null) return;
    star.loss = JSON.parse(new TextDecoder().decode(command.subarray(0, length))).loss ?? star.loss;
    tell("stats", star.stats);
  }
}

if (import.meta.main) main(JSON.parse(Deno.args[0]));
