/**
 * Keeps what this node says in the DHT alive. A record lives for a time that its reader can check; here each kind is put
 * again with a new expiry when half of that has passed, and soon again while nobody has stored it.
 */
import type { Clock } from "../base/clock.ts";
import { describeError, isSkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { RECORD_KINDS, type RecordKind } from "./record.ts";

const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;

export interface RecordPublisherDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** @returns how many peers stored it */
  put(statement: { kind: RecordKind; payload: Uint8Array; lifetimeMs: number }): Promise<number>;
}

interface Statement {
  readonly payload: Uint8Array;
  readonly lifetimeMs: number;
  retryMs: number;
  cancelTimer: () => void;
}

export class RecordPublisher {
  readonly #deps: RecordPublisherDependencies;
  readonly #statements = new Map<RecordKind, Statement>();

  constructor(dependencies: RecordPublisherDependencies) {
    this.#deps = dependencies;
  }

  /**
   * Puts `payload` now and keeps it alive until it is replaced or `stop`.
   * @param lifetimeMs default: half of what the kind allows
   * @returns how many peers stored it at once; 0 is tried again
   * @throws {SkeinError} `net/record-refused` when it breaks the kind's limits; it is not kept then. `net/timeout`
   */
  async publish(
    kind: RecordKind,
    payload: Uint8Array,
    lifetimeMs = RECORD_KINDS[kind].maxLifetimeMs / 2,
  ): Promise<number> {
    this.#statements.get(kind)?.cancelTimer();
    const statement = { payload, lifetimeMs, retryMs: FIRST_RETRY_MS, cancelTimer: () => {} };
    this.#statements.set(kind, statement);
    try {
      return await this.#put(kind, statement);
    } catch (error) {
      if (isSkeinError(error, "net/record-refused")) this.#withdraw(kind, statement);
      throw error;
    }
  }

  stop(): void {
    for (const statement of this.#statements.values()) statement.cancelTimer();
    this.#statements.clear();
  }

  #withdraw(kind: RecordKind, statement: Statement): void {
    statement.cancelTimer();
    if (this.#statements.get(kind) === statement) this.#statements.delete(kind);
  }

  async #put(kind: RecordKind, statement: Statement): Promise<number> {
    const { payload, lifetimeMs } = statement;
    let storedCount = 0;
    try {
      storedCount = await this.#deps.put({ kind, payload, lifetimeMs });
      return storedCount;
    } finally {
      if (storedCount > 0) {
        statement.retryMs = FIRST_RETRY_MS;
        this.#putAfter(lifetimeMs / 2, kind, statement);
      } else {
        this.#putAfter(Math.min(statement.retryMs, lifetimeMs / 2), kind, statement);
        statement.retryMs = Math.min(2 * statement.retryMs, MAX_RETRY_MS);
      }
    }
  }

  #putAfter(delayMs: number, kind: RecordKind, statement: Statement): void {
    if (this.#statements.get(kind) !== statement) return;
    statement.cancelTimer = this.#deps.clock.after(delayMs, () => {
      this.#put(kind, statement).catch((error) =>
        this.#deps.log.debug(`renew ${kind} in the DHT: ${describeError(error)}`)
      );
    });
  }
}
