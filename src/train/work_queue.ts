/**
 * The order of an engine's work. Each piece submits to the device when its turn comes; the device runs submissions in order,
 * so the next piece may be submitted while the results of the last are still on their way, up to a bound: what the
 * host has queued must not grow without limit.
 */

/** Pieces whose results are awaited at once. */
const MAX_IN_FLIGHT = 2;

export class WorkQueue {
  /** Resolves when everything called so far has been submitted. */
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #inFlight: Promise<unknown>[] = [];

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

  /** Runs `work` before it returns, unless earlier work is still waiting for its turn. */
  now(work: () => void): void {
    if (this.#waiting === 0) work();
    else void this.#atTurn(async () => work());
  }

  #atTurn<R>(work: () => Promise<R>): Promise<R> {
    this.#waiting++;
    const result = this.#turn.then(work);
    this.#turn = result.then(ignore, ignore).then(() => this.#waiting--);
    return result;
  }
}

function ignore(): void {}
