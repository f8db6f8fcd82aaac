/** Announcements by way of the host's DHT: events of kad-dht in, our records out. */
import type { Clock } from "../base/clock.ts";
import type { Hotkey, Signer } from "../base/transport.ts";
import {
  type Announcement,
  type AnnouncementBook,
  announcementKey,
  encodeAnnouncement,
} from "./announcement.ts";
import { withDeadline } from "./deadline.ts";
import type { Host } from "./host.ts";

const QUERY_TIMEOUT_MS = 10_000;

export interface DhtDependencies {
  readonly host: Host;
  readonly book: AnnouncementBook;
  readonly clock: Clock;
}

/**
 * Publishes under the signer's hotkey, above every sequence that the book has seen of it.
 * @returns how many peers stored it; 0 when nobody is connected yet
 * @throws {SkeinError} `net/record-refused` when it breaks our own rules, `net/timeout`
 */
export async function announce(
  signer: Signer,
  payload: Uint8Array,
  lifetimeMs: number,
  { host, book, clock }: DhtDependencies,
): Promise<number> {
  const nowMs = clock.nowMs();
  const next = book.sequence(signer.hotkey) + 1n;
  const sequence = next > BigInt(nowMs) ? next : BigInt(nowMs);
  const key = announcementKey(signer.hotkey);
  const record = encodeAnnouncement(signer, { sequence, expiresMs: nowMs + lifetimeMs, payload });
  await book.validate(key, record);
  let storedCount = 0;
  await withDeadline(clock, { what: "announce to the DHT", timeoutMs: QUERY_TIMEOUT_MS }, async (signal) => {
    for await (const event of host.services.dht.put(key, record, { signal })) {
      const answer = event as { name: string; messageName?: string };
      if (answer.name === "PEER_RESPONSE" && answer.messageName === "PUT_VALUE") storedCount++;
    }
  });
  return storedCount;
}

/**
 * Every record that peers answer with passes the book's validator, which keeps the newest: the answer is the book's.
 * A peer that refuses to be corrected makes kad-dht's query fail at its end; what was found until then still counts.
 */
export async function lookup(
  hotkey: Hotkey,
  { host, book, clock }: DhtDependencies,
): Promise<Announcement | undefined> {
  const deadline = { what: `look up ${hotkey}`, timeoutMs: QUERY_TIMEOUT_MS };
  await withDeadline(clock, deadline, async (signal) => {
    for await (const _event of host.services.dht.get(announcementKey(hotkey), { signal }));
  }).catch(() => {});
  return book.newest(hotkey);
}
