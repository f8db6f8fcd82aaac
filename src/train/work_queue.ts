/**
 * The order of an engine's work. Each piece submits to the device when its turn comes; the device runs submissions in order,
 * so the next piece may be submitted while the results of the last are still on their way, up to a bound: what the
 * host has queued must not grow without limit. An error of work that nobody awaits is thrown to whoever calls next.
 */
import { trainError } from "./errors.ts";

/** Pieces whose results are awaited at once. */
const MAX_IN_FLIGHT = 2;

export class WorkQueue {
  /** Resolves when everything called so far has been submitted. */
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #inFlight: Promise<unknown>[] = [];
  /** Of work that nobody awaited; told once. */
  #untold: { readonly error: unknown } | undefined;
  #closing: Promise<void> | undefined;

  /** Runs `work` at its turn; later work may run before its promise resolves. It must submit before it first waits. */
  ahead<R>(work: () => Promise<R>): Promise<R> {
    return this.#atTurn(async () => {
      while (this.#inFlight.length >= MAX_IN_FLIGHT) await this.#inFlight[0];
      const result = work();
      const settled: Promise<unknown> = result.then(ignore, ignore).then(() =>
        this.#inFlight.splice(this.#inFlight.indexOf(settled), 1)
      );
      this.#inFlight.push(settled);
      return { result };
    }).then(({ result }) => result);
  }

  /** Runs `work` at its turn, and nothing later before its promise has resolved. */
  alone<R>(work: () => Promise<R>): Promise<R> {
    return this.#atTurn(work);
  }

  /**
   * Runs `work` before it returns, unless earlier work is still waiting for its turn: then whoever calls next hears of its error.
   * @throws `train/engine-destroyed`
   */
  now(work: () => void): void {
    if (this.#closing !== undefined) throw closedError();
    if (this.#waiting === 0) {
      this.#tell();
      return work();
    }
    void this.#enqueue(async () => {
      try {
        work();
      } catch (error) {
        this.#untold ??= { error };
      }
    });
  }

  /**
   * Runs `last` behind everything called so far, at once where nothing waits. Whatever is called later is refused.
   * @returns when `last` has run
   */
  close(last: () => void): Promise<void> {
    if (this.#closing !== undefined) return this.#closing;
    if (this.#waiting > 0) return this.#closing = this.#enqueue(async () => last());
    this.#closing = Promise.resolve();
    last();
    return this.#closing;
  }

  #atTurn<R>(work: () => Promise<R>): Promise<R> {
    if (this.#closing !== undefined) return Promise.reject(closedError());
    return this.#enqueue(() => {
      this.#tell();
      return work();
    });
  }

  #enqueue<R>(work: () => Promise<R>): Promise<R> {
    this.#waiting++;
    // Counted off before the caller goes on, so that what it calls then finds nothing waiting.
    const result = this.#turn.then(work).finally(() => this.#waiting--);
    this.#turn = result.then(ignore, ignore);
    return result;
  }

  #tell(): void {
    const untold = this.#untold;
    this.#untold = undefined;
    if (untold !== undefined) throw untold.error;
  }
}

function closedError() {
  return trainError(
    "train/engine-destroyed",
    "work with a training engine: it was destroyed, one that is in use is required, create another",
  );
}

function ignore(): void {}
