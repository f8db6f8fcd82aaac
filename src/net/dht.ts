/** Signed records by way of the host's DHT: events of kad-dht in, our records out. */
import type { Clock } from "../base/clock.ts";
import type { Hotkey, Signer } from "../base/transport.ts";
import { withDeadline } from "./deadline.ts";
import type { Host } from "./host.ts";
import { encodeRecord, type RecordBook, recordKey, type RecordKind, type SignedRecord } from "./record.ts";

const QUERY_TIMEOUT_MS = 10_000;

export interface DhtDependencies {
  readonly host: Host;
  readonly book: RecordBook;
  readonly clock: Clock;
}

/**
 * Publishes under the signer's hotkey, above every sequence that the book has seen of it.
 * @returns how many peers stored it; 0 when nobody is connected yet
 * @throws {SkeinError} `net/record-refused` when it breaks our own rules, `net/timeout`
 */
export async function putRecord(
  signer: Signer,
  statement: { kind: RecordKind; payload: Uint8Array; lifetimeMs: number },
  { host, book, clock }: DhtDependencies,
): Promise<number> {
  const { kind, payload, lifetimeMs } = statement;
  const nowMs = clock.nowMs();
  const next = book.sequence(signer.hotkey, kind) + 1n;
  const sequence = next > BigInt(nowMs) ? next : BigInt(nowMs);
  const key = recordKey(signer.hotkey, kind);
  const record = encodeRecord(signer, kind, { sequence, expiresMs: nowMs + lifetimeMs, payload });
  await book.validate(key, record);
  let storedCount = 0;
  await withDeadline(
    clock,
    { what: `put ${kind} in the DHT`, timeoutMs: QUERY_TIMEOUT_MS },
    async (signal) => {
      for await (const event of host.services.dht.put(key, record, { signal })) {
        const answer = event as { name: string; messageName?: string };
        if (answer.name === "PEER_RESPONSE" && answer.messageName === "PUT_VALUE") storedCount++;
      }
    },
  );
  return storedCount;
}

/**
 * Every record that peers answer with passes the book's validator, which keeps the newest: the answer is the book's.
 * A peer that refuses to be corrected makes kad-dht's query fail at its end; what was found until then still counts.
 */
export async function getRecord(
  hotkey: Hotkey,
  kind: RecordKind,
  { host, book, clock }: DhtDependencies,
): Promise<SignedRecord | undefined> {
  const deadline = { what: `look up ${kind} of ${hotkey}`, timeoutMs: QUERY_TIMEOUT_MS };
  await withDeadline(clock, deadline, async (signal) => {
    for await (const _event of host.services.dht.get(recordKey(hotkey, kind), { signal }));
  }).catch(() => {});
  return book.newest(hotkey, kind);
}
