/** Nodes of the same run in the local network, by mDNS: the tag names the run, so that others are not even heard. */
import type { Clock } from "../base/clock.ts";
import type { Host } from "./host.ts";

const TRY_AGAIN_MS = 30_000;
const MAX_REMEMBERED = 1024;

export const neighbourTag = (runId: string): string => `_skein-${runId.slice(0, 12)}._udp.local`;

/** Dials whoever is discovered and not connected. The gatekeeper greets as on any connection. */
export function meetNeighbours(host: Host, clock: Clock): void {
  const triedMs = new Map<string, number>();
  host.addEventListener("peer:discovery", ({ detail: { id, multiaddrs } }) => {
    const nowMs = clock.monotonicMs();
    const name = id.toString();
    if (multiaddrs.length === 0 || host.getConnections(id).length > 0) return;
    if (nowMs - (triedMs.get(name) ?? -Infinity) < TRY_AGAIN_MS) return;
    triedMs.set(name, nowMs);
    if (triedMs.size > MAX_REMEMBERED) triedMs.delete(triedMs.keys().next().value!);
    host.dial(multiaddrs).catch(() => {});
  });
}
