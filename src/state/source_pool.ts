/**
 * Peers that should all have the same bytes, asked for pieces of them. Each piece goes to the peer with the fewest
 * requests under way; a piece that fails is asked of another. A peer whose bytes do not match is penalised and asked no
 * more, one that does not answer is dropped after its third failure in a row.
 */
import { describeError, isSkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Hotkey, Message, Transport } from "../base/transport.ts";
import { StateError } from "./errors.ts";

const FAILURES_ALLOWED = 2;

export interface PoolDependencies {
  readonly transport: Transport;
  readonly log: Log;
}

export interface PoolOptions {
  /** Of one request. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

interface Source {
  readonly peer: Hotkey;
  inFlight: number;
  failures: number;
}

export class SourcePool {
  #sources: Source[];
  readonly #options: PoolOptions;
  readonly #dependencies: PoolDependencies;

  constructor(peers: readonly Hotkey[], options: PoolOptions, dependencies: PoolDependencies) {
    this.#sources = [...new Set(peers)].map((peer) => ({ peer, inFlight: 0, failures: 0 }));
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /**
   * @param isValid of the answer's body; false or a throw counts as a lie
   * @throws {StateError} `state/no-source` when no peer is left to ask; the signal's reason when it aborts
   */
  async fetch(
    message: Message,
    maxBodyBytes: number,
    isValid: (body: Uint8Array) => boolean | Promise<boolean>,
  ): Promise<Uint8Array> {
    const { transport, log } = this.#dependencies;
    const tried = new Set<Source>();
    for (;;) {
      this.#options.signal?.throwIfAborted();
      const source = this.#leastBusy(tried);
      if (source === undefined) {
        throw new StateError(
          "state/no-source",
          `fetch ${message.type}: no peer left that has it, try again later`,
          {
            header: message.header,
          },
        );
      }
      source.inFlight++;
      try {
        const { body = new Uint8Array(0) } = await transport.request(source.peer, message, {
          maxBodyBytes,
          ...this.#options,
        });
        if (await isTrue(isValid, body)) {
          source.failures = 0;
          return body;
        }
        transport.penalise(source.peer, "state/bad-answer");
        this.#drop(source);
        log.warn(`fetch ${message.type} of ${source.peer}: bytes that do not match, another peer is asked`);
      } catch (error) {
        this.#options.signal?.throwIfAborted();
        // What is no longer kept says nothing about what else the peer keeps, but this piece is elsewhere.
        tried.add(source);
        if (++source.failures > FAILURES_ALLOWED || isSkeinError(error, "state/not-kept")) this.#drop(source);
        log.debug(`fetch ${message.type} of ${source.peer}: ${describeError(error)}`);
      } finally {
        source.inFlight--;
      }
    }
  }

  #drop(source: Source): void {
    this.#sources = this.#sources.filter((other) => other !== source);
  }

  /** One that failed at this piece is asked for it again only when nobody else is left. */
  #leastBusy(tried: ReadonlySet<Source>): Source | undefined {
    const cost = (source: Source) => source.inFlight + (tried.has(source) ? 1e6 : 0);
    return this.#sources.reduce<Source | undefined>(
      (best, source) => (best === undefined || cost(source) < cost(best) ? source : best),
      undefined,
    );
  }
}

/** Runs `task` for 0 … count − 1, at most `limit` at a time; the first failure stops the rest from starting. */
export async function forEachBounded(
  count: number,
  limit: number,
  task: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let hasFailed = false;
  const lane = async () => {
    while (next < count && !hasFailed) {
      try {
        await task(next++);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(limit, count) }, lane));
  const failed = lanes.find((lane) => lane.status === "rejected");
  if (failed) throw failed.reason;
}

async function isTrue(
  check: (body: Uint8Array) => boolean | Promise<boolean>,
  body: Uint8Array,
): Promise<boolean> {
  try {
    return await check(body);
  } catch {
    return false;
  }
}
