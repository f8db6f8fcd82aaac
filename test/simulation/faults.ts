/** Faults of a seed: each kind is drawn or not, at random moments before the healing. */
import { sha256Sync, toHex } from "../../src/base/bytes.ts";
import type { Random } from "../../src/base/random.ts";
import type { Hotkey } from "../../src/base/transport.ts";
import type { SimNetwork } from "./sim_network.ts";
import type { SimSwarm } from "./sim_swarm.ts";
import type { VirtualClock } from "./virtual_clock.ts";

export const FAULTS = [
  "crash",
  "crash-while-voting",
  "crash-leader",
  "crash-reducer",
  "partition",
  "corrupt",
  "nan",
  "slow",
  "late",
] as const;
export type Fault = (typeof FAULTS)[number];

/** At most so many are down at once: the others must hold what was voted. */
const maxDown = (memberCount: number) => Math.max(1, Math.floor(memberCount / 3));

export function injectFaults(
  faults: ReadonlySet<Fault>,
  healMs: number,
  random: Random,
  { clock, network, swarm }: { clock: VirtualClock; network: SimNetwork; swarm: SimSwarm },
): void {
  const pick = () => swarm.nodes[random.nextBelow(swarm.nodes.length)];
  const liar = pick().hotkey;
  const slow = pick().hotkey;
  let isHealed = false;
  const crash = (hotkey: Hotkey) => {
    const node = swarm.nodes.find((n) => n.hotkey === hotkey)!;
    const downCount = swarm.nodes.filter((n) => !n.isUp).length;
    if (isHealed || !node.isUp || downCount >= maxDown(swarm.nodes.length)) return;
    swarm.crash(node);
    clock.after(1000 + random.nextBelow(15_000), () => swarm.start(node));
  };
  if (faults.has("crash")) {
    for (let k = 0; k < 3; k++) clock.after(random.nextBelow(healMs), () => crash(pick().hotkey));
  }
  if (faults.has("partition")) {
    for (let k = 0; k < 2; k++) {
      clock.after(random.nextBelow(healMs), () => {
        if (isHealed) return;
        const side = new Set(swarm.nodes.filter(() => random.nextBelow(2) === 0).map((n) => n.hotkey));
        for (const a of side) {
          for (const b of swarm.nodes) if (!side.has(b.hotkey)) network.setLink(a, b.hotkey, false);
        }
      });
    }
  }
  const kinds = { "crash-while-voting": "vote", "crash-leader": "begin", "crash-reducer": "result" } as const;
  network.tamper = (from, _to, message) => {
    if (isHealed) return { message };
    const kind = message.type.split("/")[1];
    for (const [fault, trigger] of Object.entries(kinds)) {
      if (faults.has(fault as Fault) && kind === trigger && random.nextBelow(25) === 0) {
        clock.after(random.nextBelow(30), () => crash(from));
      }
    }
    const isBulk = kind === "chunk" || kind === "result";
    if (from === liar && isBulk && message.body && random.nextBelow(3) === 0) {
      const body = message.body.slice();
      if (faults.has("nan") && random.nextBelow(2) === 0) {
        new DataView(body.buffer).setFloat32(0, NaN, true);
        return {
          message: { ...message, body, header: { ...message.header, digest: toHex(sha256Sync(body)) } },
        };
      }
      if (faults.has("corrupt")) {
        body[random.nextBelow(body.byteLength)] ^= 1 + random.nextBelow(255);
        return { message: { ...message, body: random.nextBelow(4) === 0 ? body.subarray(1) : body } };
      }
    }
    if (from === slow && faults.has("slow")) return { message, delayMs: random.nextBelow(1500) };
    if (from === slow && faults.has("late") && kind === "chunk" && random.nextBelow(4) === 0) {
      return { message, delayMs: 2500 };
    }
    return { message };
  };
  clock.after(healMs, () => {
    isHealed = true;
    for (const a of swarm.nodes) {
      for (const b of swarm.nodes) if (a !== b) network.setLink(a.hotkey, b.hotkey, true);
    }
    for (const node of swarm.nodes) swarm.start(node);
  });
}
