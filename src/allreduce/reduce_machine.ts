/**
 * The reduce phase of one attempt, seen by one member: pure bookkeeping of which chunk is where. It never sees a byte;
 * the driver encodes, checks, sums and sends what the actions say.
 *
 * Flow control: of a sender's contributions to a reducer at most a window (send_window.ts) have no result yet, so of those who
 * keep to it a reducer holds a few megabytes (reduction.ts), and of one who does not at most its own span; and a slow member slows the
 * others only until it is left out. A member contributes the chunks that the plan says, and nobody waits for others of it: who
 * contributes a part sends that part at once, because the results that it would wait for are made without it.
 * Once a sender is left out of a span at chunk c, its later chunks of that span do not count either.
 */
import { Gathering } from "./gathering.ts";
import type { Reduction } from "./reduction.ts";
import type { SendWindow } from "./send_window.ts";
import type { SpanPlan } from "./span_plan.ts";

export interface ReduceOptions {
  /** At most; less where that is enough (send_window.ts). */
  readonly windowChunks: number;
  /** A sender that holds up the next chunk for so long after most others is left out (lateness.ts). */
  readonly senderTimeoutMs: number;
  /** A reducer without any progress for so long, while most others make some, is reported: at least twice the sender's. */
  readonly reducerTimeoutMs: number;
  /** And so is one without any for so long, whatever the others do. Default `reducerTimeoutMs`. */
  readonly longestWaitMs?: number;
}

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
    /** What it has no part in now: the first, and all of them. */
    readonly chunk: number;
    readonly chunks: readonly number[];
    readonly code: string;
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
  /** Of contributions to our own span. */
  readonly #sums: Gathering;
  /** Per reducer: how far its span was gone through, contributions without a result, results in order, time of the last. */
  #sent: number[];
  #open: number[];
  #received: number[];
  #lastResultMs: number[];
  #digests: (string | undefined)[];
  readonly #window: Pick<SendWindow, "chunks" | "moved">;
  /** The plan wants only a part of our chunks. */
  readonly #isPart: boolean;
  #missingCount: number;
  #stalled = new Set<number>();

  constructor(
    plan: SpanPlan,
    selfIndex: number,
    options: ReduceOptions,
    observe: ObserveReduce = () => {},
    window: Pick<SendWindow, "chunks" | "moved"> = { chunks: options.windowChunks, moved: () => false },
  ) {
    this.#plan = plan;
    this.#observe = observe;
    this.#self = selfIndex;
    this.#memberCount = plan.spans.length;
    this.#options = options;
    const { firstChunk, chunkCount } = plan.spans[selfIndex];
    this.#sums = new Gathering(
      Array.from({ length: chunkCount }, (_, k) => firstChunk + k),
      plan.spans.map((_, member) => member),
      selfIndex,
      (sender, chunk) => plan.contributes(sender, chunk),
    );
    this.#sent = plan.spans.map(() => 0);
    this.#open = plan.spans.map(() => 0);
    this.#window = window;
    this.#isPart = plan.chunks.some(({ index }) => !plan.contributes(selfIndex, index));
    this.#received = plan.spans.map(() => 0);
    this.#lastResultMs = plan.spans.map(() => 0);
    this.#digests = plan.chunks.map(() => undefined);
    this.#missingCount = plan.chunks.length;
  }

  /** All members accepted: chunks may flow. Contributions that came earlier are already counted. */
  begin(nowMs: number): ReduceAction[] {
    this.#begun = true;
    this.#lastResultMs.fill(nowMs);
    const actions: ReduceAction[] = [];
    this.#fillWindows(actions);
    this.#reduceNext(nowMs, actions);
    return actions;
  }

  /** Is a contribution of `sender` to `chunk` wanted: own span, not yet reduced, not twice, sender not left out? */
  wants(sender: number, chunk: number): boolean {
    return this.#sums.wants(sender, chunk);
  }

  /** A checked contribution, held by the driver. */
  contributed(sender: number, chunk: number, nowMs: number): ReduceAction[] {
    const actions: ReduceAction[] = [];
    if (this.#sums.add(sender, chunk, nowMs)) this.#reduceNext(nowMs, actions);
    return actions;
  }

  /** Leaves `sender` out of the own span from `chunk` on, or from the next that lacks it. */
  exclude(sender: number, code: string, nowMs: number, chunk?: number): ReduceAction[] {
    const actions: ReduceAction[] = [];
    if (sender === this.#self) return actions;
    const chunks = this.#sums.exclude(sender, chunk);
    if (chunks.length === 0) return actions;
    actions.push({ type: "excluded", sender, chunk: chunks[0], chunks, code });
    this.#reduceNext(nowMs, actions);
    return actions;
  }

  /** The driver has summed the chunk. */
  reduced(chunk: number, digest: string, nowMs: number): ReduceAction[] {
    this.#sums.summed(nowMs);
    const actions: ReduceAction[] = [{ type: "publish", chunk, digest }];
    actions.push(...this.result(this.#self, chunk, digest, nowMs));
    this.#reduceNext(nowMs, actions);
    return actions;
  }

  /** The sum failed because of `sender`: leave it out and sum again. */
  failed(chunk: number, sender: number, code: string, nowMs: number): ReduceAction[] {
    return this.#sums.takeBack(chunk) ? this.exclude(sender, code, nowMs, chunk) : [];
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
    const isMade = from === this.#self;
    const moved = { contributions: isOurs && !isMade ? 1 : 0, results: isMade ? this.#memberCount - 1 : 0 };
    if (this.#window.moved(moved, nowMs)) this.#fillWindows(actions);
    else if (this.#begun) this.#fillWindow(from, actions);
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
    if (this.#sums.isLate(nowMs, this.#options)) {
      for (const sender of this.#sums.missing()) {
        actions.push(...this.exclude(sender, "allreduce/late", nowMs));
      }
    }
    const { reducerTimeoutMs, longestWaitMs = reducerTimeoutMs } = this.#options;
    const others = this.#plan.spans.flatMap(({ chunkCount }, member) =>
      chunkCount > 0 && member !== this.#self ? [member] : []
    );
    const waitedMs = (reducer: number) => this.owes(reducer) ? nowMs - this.#lastResultMs[reducer] : 0;
    const silent = others.filter((reducer) => waitedMs(reducer) > reducerTimeoutMs);
    const isTheirs = 2 * silent.length < others.length;
    for (const reducer of silent) {
      if (isTheirs || waitedMs(reducer) > longestWaitMs) this.#reportStalled(reducer, actions);
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

  /** Each begins with the reducer after itself: else all would begin with the same, and wait for its link. */
  #fillWindows(actions: ReduceAction[]): void {
    if (!this.#begun) return;
    for (let k = 1; k <= this.#memberCount; k++) {
      this.#fillWindow((this.#self + k) % this.#memberCount, actions);
    }
  }

  #fillWindow(reducer: number, actions: ReduceAction[]): void {
    const span = this.#plan.spans[reducer];
    const most = this.#isPart ? Infinity : this.#window.chunks;
    while (this.#sent[reducer] < span.chunkCount && this.#open[reducer] < most) {
      const chunk = span.firstChunk + this.#sent[reducer]++;
      if (!this.#plan.contributes(this.#self, chunk)) continue;
      this.#open[reducer]++;
      actions.push({ type: "contribute", to: reducer, chunk });
    }
  }

  /** One reduction at a time: the GPU has one queue, and order makes results arrive in order. */
  #reduceNext(nowMs: number, actions: ReduceAction[]): void {
    const taken = this.#begun ? this.#sums.take() : undefined;
    if (taken === undefined) return;
    this.#observe("sender", this.#sums.waitedMs(nowMs));
    actions.push({ type: "reduce", ...taken });
  }
}
