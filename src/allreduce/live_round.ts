/** One run of the round machine: performs its actions, feeds it time, and turns its end into an outcome. */
import type { Clock } from "../base/clock.ts";
import { describeError, isSkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Hotkey, Message, Transport, VerifySignature } from "../base/transport.ts";
import type { ChunkReducer, Codec } from "../codec/codec.ts";
import type { ChunkBuffers } from "./chunk_buffers.ts";
import { refuse } from "./errors.ts";
import type { EarlyMessage } from "./inbox.ts";
import type { RoundLock } from "./lock.ts";
import { type Header, packMessage } from "./messages.ts";
import type { Pace } from "./pace.ts";
import type { PullWant } from "./pull.ts";
import type { ResultStore, StoredResult } from "./result.ts";
import type { ResultSpace } from "./result_space.ts";
import type { RoundKeyCheck, RoundSigner } from "./round_keys.ts";
import { RoundMachine } from "./round_machine.ts";
import type { Suspicions } from "./suspicions.ts";
import { outcomeOf, type RoundOutcome } from "./round_outcome.ts";
import type { RoundAction, RoundEnd, RoundEvent, RoundMachineOptions } from "./round_types.ts";
import { Transfer } from "./transfer.ts";

export interface LiveRoundInput {
  readonly values: Float32Array;
  block(): number;
  expected(): readonly Hotkey[];
}

export interface LiveRoundDeps {
  readonly transport: Transport;
  readonly roundSigner: RoundSigner;
  readonly roundKeys: RoundKeyCheck;
  readonly verify: VerifySignature;
  readonly codec: Codec;
  readonly reducer: ChunkReducer;
  readonly buffers: ChunkBuffers;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: ResultStore;
  readonly space: ResultSpace;
  readonly suspicions: Suspicions;
  readonly pace: Pace;
  digest(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array>;
  isMember(hotkey: Hotkey): boolean;
  wasMember(hotkey: Hotkey): boolean;
  pull(want: PullWant, signal: AbortSignal): Promise<StoredResult>;
  onLock(lock: RoundLock): void;
}

export class LiveRound {
  readonly outerStep: number;
  readonly anchorRoot: string;
  #machine: RoundMachine;
  #pace: { tickMs: number; roundTimeoutMs: number };
  #input: LiveRoundInput;
  #deps: LiveRoundDeps;
  #transfers = new Map<string, Transfer>();
  #stop = new AbortController();
  #finished = Promise.withResolvers<RoundEnd>();
  #isOver = false;

  constructor(
    options: RoundMachineOptions,
    pace: { tickMs: number; roundTimeoutMs: number },
    input: LiveRoundInput,
    deps: LiveRoundDeps,
  ) {
    this.outerStep = options.ready.outerStep;
    this.anchorRoot = options.ready.anchorRoot;
    this.#pace = pace;
    this.#input = input;
    this.#deps = deps;
    this.#machine = new RoundMachine(
      options,
      { ...deps, isLossy: (hotkey) => deps.transport.isLossy?.(hotkey) ?? false },
      deps.clock.monotonicMs(),
    );
  }

  async run(early: readonly EarlyMessage[], signal: AbortSignal): Promise<RoundOutcome> {
    const { clock, transport } = this.#deps;
    const startedMs = clock.monotonicMs();
    const before = transport.traffic();
    const onAbort = () =>
      this.#giveUp(
        refuse("allreduce/aborted", `run step ${this.outerStep}: ${describeError(signal.reason)}`),
      );
    signal.addEventListener("abort", onAbort, { once: true });
    const cancelTimeout = clock.after(
      this.#pace.roundTimeoutMs,
      () =>
        this.#giveUp(
          refuse(
            "allreduce/timeout",
            `run step ${this.outerStep}: no commit in ${this.#pace.roundTimeoutMs} ms`,
          ),
        ),
    );
    let cancelTick = () => {};
    try {
      if (signal.aborted) onAbort();
      else {
        this.#perform(this.#machine.start());
        this.#replay(early);
        const tick = () => {
          this.#tick();
          if (!this.#isOver) cancelTick = clock.after(this.#pace.tickMs, tick);
        };
        tick();
      }
      const end = await this.#finished.promise;
      const after = transport.traffic();
      return outcomeOf(end, this.#deps.store, {
        sentBytes: after.sentBytes - before.sentBytes,
        receivedBytes: after.receivedBytes - before.receivedBytes,
        seconds: (clock.monotonicMs() - startedMs) / 1000,
      });
    } finally {
      this.#isOver = true;
      signal.removeEventListener("abort", onAbort);
      cancelTimeout();
      cancelTick();
      for (const transfer of this.#transfers.values()) transfer.close();
      this.#stop.abort(refuse("allreduce/aborted", `step ${this.outerStep} is over`));
    }
  }

  /** @throws {SkeinError} when the event is an offence of its sender */
  feed(event: RoundEvent): void {
    if (this.#isOver) return;
    let actions: RoundAction[];
    try {
      actions = this.#machine.handle(event);
    } catch (error) {
      this.#perform(this.#machine.take());
      throw error;
    }
    this.#perform(actions);
  }

  onPeer(peer: Hotkey, isUp: boolean): void {
    this.feed({ type: "peer", peer, isUp });
  }

  /** @returns whether `body` is kept */
  async onChunk(from: Hotkey, header: Header<"chunk">, body: Uint8Array): Promise<boolean> {
    const { proposalDigest, chunk } = header;
    if (this.#isOver || !this.#machine.wantsContribution(proposalDigest, from, chunk)) return false;
    return await this.#transfers.get(proposalDigest)?.onChunk(from, header, body) ?? false;
  }

  async onPartial(from: Hotkey, header: Header<"partial">, body: Uint8Array): Promise<void> {
    if (this.#isOver || !this.#machine.wantsPartial(header.proposalDigest, from, header.chunk)) return;
    await this.#transfers.get(header.proposalDigest)?.onPartial(from, header, body);
  }

  /** Where a contribution that is wanted may be received; its header is not checked yet. */
  placeChunk(from: Hotkey, { proposalDigest, chunk }: Message["header"], bodyBytes: number) {
    if (typeof proposalDigest !== "string" || !isIndex(chunk) || this.#isOver) return undefined;
    if (!this.#machine.wantsContribution(proposalDigest, from, chunk)) return undefined;
    return this.#transfers.get(proposalDigest)?.placeChunk(chunk, bodyBytes);
  }

  /** As `placeChunk`, of a result. */
  placeResult(from: Hotkey, { proposalDigest, chunk }: Message["header"], bodyBytes: number) {
    if (typeof proposalDigest !== "string" || !isIndex(chunk) || this.#isOver) return undefined;
    if (!this.#machine.wantsResult(proposalDigest, from, chunk)) return undefined;
    return this.#transfers.get(proposalDigest)?.placeResult(chunk, bodyBytes);
  }

  /** @returns whether `body` is kept */
  async onResult(from: Hotkey, header: Header<"result">, body: Uint8Array): Promise<boolean> {
    if (this.#isOver || !this.#machine.wantsResult(header.proposalDigest, from, header.chunk)) return false;
    return await this.#transfers.get(header.proposalDigest)?.onResult(from, header, body) ?? false;
  }

  #tick(): void {
    this.feed({
      type: "tick",
      nowMs: this.#deps.clock.monotonicMs(),
      block: this.#input.block(),
      expected: this.#input.expected(),
    });
  }

  #replay(early: readonly EarlyMessage[]): void {
    this.#tick();
    for (const message of early) {
      try {
        this.feed(message);
      } catch (error) {
        if (!isSkeinError(error)) throw error;
        this.#deps.transport.penalise(message.from, error.code);
      }
    }
  }

  #perform(actions: readonly RoundAction[]): void {
    for (const action of actions) {
      if (action.type === "lock") {
        if (!this.#storeLock(action.lock)) return;
      } else this.#performOne(action);
    }
  }

  /** What follows it must not leave unless it is stored. */
  #storeLock(lock: RoundLock): boolean {
    try {
      this.#deps.onLock(lock);
      return true;
    } catch (cause) {
      this.#giveUp(refuse(
        "allreduce/lock-not-stored",
        `store the lock of step ${this.outerStep}: ${describeError(cause)}; a round needs it, check the disk`,
        { outerStep: this.outerStep },
        cause,
      ));
      return false;
    }
  }

  #performOne(action: Exclude<RoundAction, { type: "lock" }>): void {
    const { transport, log, store } = this.#deps;
    switch (action.type) {
      case "send": {
        const message = packMessage(action.kind, action.header);
        const to = action.to === "all" ? transport.connected() : action.to;
        for (const peer of to) {
          transport.send(peer, message).catch((error) =>
            log.debug(`send ${message.type} to ${peer}: ${describeError(error)}`)
          );
        }
        return;
      }
      case "open":
        this.#transfers.set(
          action.digest,
          new Transfer(action.digest, action.proposal, action.plan, this.#input.values, {
            ...this.#deps,
            feed: (event) => this.feed(event),
            giveUp: (error) => this.#giveUp(error),
          }),
        );
        return;
      case "reduce":
        return this.#transfers.get(action.digest)?.perform(action.action);
      case "hold": {
        const { outerStep } = this;
        const { origin, resultDigest, chunkDigests } = action;
        const chunks = this.#transfers.get(action.digest)!.handOver();
        return store.put({ outerStep, origin, resultDigest, chunkDigests, chunks });
      }
      case "release":
        return store.delete(action.resultDigest);
      case "drop":
        this.#transfers.get(action.digest)?.close();
        this.#transfers.delete(action.digest);
        return;
      case "fetch":
        return this.#fetch(action);
      case "emit":
        return log.emit(action.event);
      case "done":
        this.#isOver = true;
        return this.#finished.resolve(action.end);
    }
  }

  #fetch(want: PullWant): void {
    const { resultDigest } = want;
    this.#deps.pull(want, this.#stop.signal).then(
      (result) => {
        if (this.#isOver) return result.chunks.free();
        this.#deps.store.put(result);
        this.feed({ type: "fetched", resultDigest, chunkDigests: result.chunkDigests });
      },
      (error) => {
        if (this.#isOver) return;
        if (!isSkeinError(error)) return this.#giveUp(error);
        this.#deps.log.warn(describeError(error));
        this.feed({ type: "fetch-failed", resultDigest });
      },
    ).catch((error) => this.#giveUp(error));
  }

  #giveUp(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (!isSkeinError(error)) return this.#finished.reject(error);
    this.#finished.resolve({ kind: "aborted", code: error.code, reason: describeError(error) });
  }
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
