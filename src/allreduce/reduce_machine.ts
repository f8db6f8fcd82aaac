/**
 * The reduce phase of one attempt, seen by one member: pure bookkeeping of which chunk is where. It never sees a byte;
 * the driver encodes, checks, sums and sends what the actions say.
 *
 * Flow control: of a sender's contributions to a reducer at most `windowChunks` have no result yet, so a reducer holds at
 * most members × window chunks, itself at most `MAX_HELD_CHUNKS`; and a slow member slows the others only until it is
 * left out. A member contributes the chunks that the plan says, and nobody waits for others of it.
 * Once a sender is left out of a span at chunk c, its later chunks of that span do not count either.
 */
import type { Reduction } from "./reduction.ts";
import type { SpanPlan } from "./span_plan.ts";

export interface ReduceOptions {
  readonly windowChunks: number;
  /** A sender that holds up the next chunk for so long is left out. */
  readonly senderTimeoutMs: number;
  /** A reducer without any progress for so long is reported: at least twice the sender's. */
  readonly reducerTimeoutMs: number;
}

/** Of all senders together, at one reducer: 64 MiB of chunks of 128 KiB. */
const MAX_HELD_CHUNKS = 512;

/** How long the next chunk waited for its last contribution; how long a reducer took from result to result. */
export type ObserveReduce = (phase: "sender" | "reducer", ms: number) => void;

/** Members are named by their index in the group. */
export type ReduceAction =
  | { readonly type: "contribute"; readonly to: number; readonly chunk: number }
  | { readonly type: "reduce"; readonly chunk: number; readonly senders: readonly number[] }
  /** `seal` is added by the round machine: the reducer's signature over its span, with the last chunk. */
  | {
    readonly type: "publish";
    readonly chunk: number;
    readonly digest: string;
    readonly seal?: string | null;
    /** Without it to everybody. */
    readonly to?: readonly number[];
  }
  | {
    readonly type: "excluded";
    readonly sender: number;
    readonly chunk: number;
    readonly code: string;
    /** What it has no part in now; without it `chunk` and all after it. */
    readonly chunks?: readonly number[];
  }
  /** In a grid: send the sum of these contributions to the chunk's owner; sum these rows; pass a result on. */
  | {
    readonly type: "sum";
    readonly chunk: number;
    readonly senders: readonly number[];
    readonly to: number;
  }
  | { readonly type: "combine"; readonly chunk: number; readonly senders: readonly number[] }
  | {
    readonly type: "forward";
    readonly chunk: number;
    readonly digest: string;
    readonly to: readonly number[];
    /** Added by the round machine: the owner's. */
    readonly seal?: string | null;
  }
  | { readonly type: "stalled"; readonly reducer: number }
  | { readonly type: "complete"; readonly chunkDigests: string };

export class ReduceMachine implements Reduction {
  #plan: SpanPlan;
  #self: number;
  #memberCount: number;
  #options: ReduceOptions;
  #observe: ObserveReduce;
  #begun = false;
  #complete = false;
  /** Per own chunk (span-relative): who contributed. */
  #contributions: Set<number>[];
  /** Per sender: the first own chunk (span-relative) that it has no part in. */
  #excludedFrom: number[];
  /** Own chunk (span-relative) to be reduced next; everything below is reduced or being reduced. */
  #next = 0;
  #isReducing = false;
  #waitingSinceMs = 0;
  /** Per reducer: how far its span was gone through, contributions without a result, results in order, time of the last. */
  #sent: number[];
  #open: number[];
  #received: number[];
  #lastResultMs: number[];
  #digests: (string | undefined)[];
  #windowChunks: number;
  #missingCount: number;
  #stalled = new Set<number>();

  constructor(
    plan: SpanPlan,
    selfIndex: number,
    options: ReduceOptions,
    observe: ObserveReduce = () => {},
  ) {
    this.#plan = plan;
    this.#observe = observe;
    this.#self = selfIndex;
    this.#memberCount = plan.spans.length;
    this.#options = options;
    this.#contributions = Array.from({ length: plan.spans[selfIndex].chunkCount }, () => new Set<number>());
    this.#excludedFrom = plan.spans.map(() => Infinity);
    this.#sent = plan.spans.map(() => 0);
    this.#open = plan.spans.map(() => 0);
    const heldChunks = Math.floor(MAX_HELD_CHUNKS / this.#memberCount);
    this.#windowChunks = Math.max(2, Math.min(options.windowChunks, heldChunks));
    this.#received = plan.spans.map(() => 0);
    this.#lastResultMs = plan.spans.map(() => 0);
    this.#digests = plan.chunks.map(() => undefined);
    this.#missingCount = plan.chunks.length;
  }

  /** All members accepted: chunks may flow. Contributions that came earlier are already counted. */
  begin(nowMs: number): ReduceAction[] {
    this.#begun = true;
    this.#waitingSinceMs = nowMs;
    this.#lastResultMs.fill(nowMs);
    const actions: ReduceAction[] = [];
    // Each begins with the reducer after itself: else all would begin with the same, and wait for its link.
    for (let k = 1; k <= this.#memberCount; k++) {
      this.#fillWindow((this.#self + k) % this.#memberCount, actions);
    }
    this.#reduceNext(nowMs, actions);
    return actions;
  }

  /** Is a contribution of `sender` to `chunk` wanted: own span, not yet reduced, not twice, sender not left out? */
  wants(sender: number, chunk: number): boolean {
    const at = this.#ownIndex(chunk);
    return at !== undefined && at >= this.#next && at < this.#excludedFrom[sender] &&
      this.#plan.contributes(sender, chunk) && !this.#contributions[at].has(sender);
  }

  /** A checked contribution, held by the driver. */
  contributed(sender: number, chunk: number, nowMs: number): ReduceAction[] {
    const actions: ReduceAction[] = [];
    if (!this.wants(sender, chunk)) return actions;
    this.#contributions[this.#ownIndex(chunk)!].add(sender);
    this.#reduceNext(nowMs, actions);
    return actions;
  }

  /** Leaves `sender` out of the own span from `chunk` on, or from the next that lacks it. */
  exclude(sender: number, code: string, nowMs: number, chunk?: number): ReduceAction[] {
    const actions: ReduceAction[] = [];
    if (sender === this.#self) return actions;
    let from = chunk === undefined ? this.#next : Math.max(this.#next, this.#ownIndex(chunk) ?? this.#next);
    while (
      chunk === undefined && from < this.#contributions.length && this.#contributions[from].has(sender)
    ) from++;
    if (from >= this.#contributions.length || from >= this.#excludedFrom[sender]) return actions;
    this.#excludedFrom[sender] = from;
    for (const at of this.#contributions.slice(from)) at.delete(sender);
    actions.push({
      type: "excluded",
      sender,
      chunk: this.#plan.spans[this.#self].firstChunk + from,
      code,
    });
    this.#reduceNext(nowMs, actions);
    return actions;
  }

  /** The driver has summed the chunk. */
  reduced(chunk: number, digest: string, nowMs: number): ReduceAction[] {
    this.#isReducing = false;
    const actions: ReduceAction[] = [{ type: "publish", chunk, digest }];
    actions.push(...this.result(this.#self, chunk, digest, nowMs));
    this.#waitingSinceMs = nowMs;
    this.#reduceNext(nowMs, actions);
    return actions;
  }

  /** The sum failed because of `sender`: leave it out and sum again. */
  failed(chunk: number, sender: number, code: string, nowMs: number): ReduceAction[] {
    if (!this.#isReducing || this.#ownIndex(chunk) !== this.#next - 1) return [];
    this.#isReducing = false;
    this.#next--;
    return this.exclude(sender, code, nowMs, chunk);
  }

  /** Does this reducer still owe us this result? The driver puts results in order; links may not. */
  wantsResult(reducer: number, chunk: number): boolean {
    const { firstChunk, chunkCount } = this.#plan.spans[reducer];
    return chunk >= firstChunk + this.#received[reducer] && chunk < firstChunk + chunkCount;
  }

  /** A checked result. Only its reducer's, in order, once. */
  result(from: number, chunk: number, digest: string, nowMs: number): ReduceAction[] {
    const actions: ReduceAction[] = [];
    const span = this.#plan.spans[from];
    if (chunk !== span.firstChunk + this.#received[from] || this.#plan.chunks[chunk]?.reducer !== from) {
      return actions;
    }
    this.#digests[chunk] = digest;
    if (from !== this.#self) this.#observe("reducer", nowMs - this.#lastResultMs[from]);
    const isOurs = this.#received[from]++ < this.#sent[from] && this.#plan.contributes(this.#self, chunk);
    if (isOurs) this.#open[from]--;
    this.#lastResultMs[from] = nowMs;
    if (this.#begun) this.#fillWindow(from, actions);
    if (!this.#complete && --this.#missingCount === 0) {
      this.#complete = true;
      actions.push({ type: "complete", chunkDigests: this.#digests.join("") });
    }
    return actions;
  }

  /** A member has gone: it sends nothing more, and a span that it still owes is lost. */
  memberDown(member: number, nowMs: number): ReduceAction[] {
    const actions = this.exclude(member, "allreduce/peer-down", nowMs);
    if (this.owes(member)) this.#reportStalled(member, actions);
    return actions;
  }

  tick(nowMs: number): ReduceAction[] {
    const actions: ReduceAction[] = [];
    if (!this.#begun || this.#complete) return actions;
    const isHeldUp = !this.#isReducing && this.#next < this.#contributions.length &&
      nowMs - this.#waitingSinceMs > this.#options.senderTimeoutMs;
    if (isHeldUp) {
      for (const sender of this.#missing()) actions.push(...this.exclude(sender, "allreduce/late", nowMs));
    }
    for (let reducer = 0; reducer < this.#memberCount; reducer++) {
      if (reducer === this.#self || !this.owes(reducer)) continue;
      if (nowMs - this.#lastResultMs[reducer] > this.#options.reducerTimeoutMs) {
        this.#reportStalled(reducer, actions);
      }
    }
    return actions;
  }

  /** Are results of this member's span still missing here? */
  owes(member: number): boolean {
    return this.#received[member] < this.#plan.spans[member].chunkCount;
  }

  /** Digests of the results of a member's span, in element order; it owes none. */
  digestsOf(member: number): string[] {
    const { firstChunk, chunkCount } = this.#plan.spans[member];
    return this.#digests.slice(firstChunk, firstChunk + chunkCount).map((digest) => digest ?? "");
  }

  #reportStalled(reducer: number, actions: ReduceAction[]): void {
    if (this.#stalled.has(reducer)) return;
    this.#stalled.add(reducer);
    actions.push({ type: "stalled", reducer });
  }

  #ownIndex(chunk: number): number | undefined {
    const span = this.#plan.spans[this.#self];
    const at = chunk - span.firstChunk;
    return at >= 0 && at < span.chunkCount ? at : undefined;
  }

  #missing(): number[] {
    const at = this.#next;
    const chunk = this.#plan.spans[this.#self].firstChunk + at;
    const missing: number[] = [];
    for (let sender = 0; sender < this.#memberCount; sender++) {
      const isDue = at < this.#excludedFrom[sender] && this.#plan.contributes(sender, chunk);
      if (isDue && !this.#contributions[at].has(sender)) missing.push(sender);
    }
    return missing;
  }

  #fillWindow(reducer: number, actions: ReduceAction[]): void {
    const span = this.#plan.spans[reducer];
    while (this.#sent[reducer] < span.chunkCount && this.#open[reducer] < this.#windowChunks) {
      const chunk = span.firstChunk + this.#sent[reducer]++;
      if (!this.#plan.contributes(this.#self, chunk)) continue;
      this.#open[reducer]++;
      actions.push({ type: "contribute", to: reducer, chunk });
    }
  }

  /** One reduction at a time: the GPU has one queue, and order makes results arrive in order. */
  #reduceNext(nowMs: number, actions: ReduceAction[]): void {
    if (!this.#begun || this.#isReducing || this.#next >= this.#contributions.length) return;
    if (this.#missing().length > 0) return;
    const senders = [...this.#contributions[this.#next]].sort((a, b) => a - b);
    if (senders.length === 0) return;
    this.#isReducing = true;
    this.#observe("sender", nowMs - this.#waitingSinceMs);
    this.#waitingSinceMs = nowMs;
    actions.push({ type: "reduce", chunk: this.#plan.spans[this.#self].firstChunk + this.#next++, senders });
  }
}
