/**
 * The reduce phase in a grid (grid_plan.ts), seen by one member: pure bookkeeping, as in reduce_machine.ts, of three stages.
 *
 *   our row ── chunks ──▶ we sum our column's chunks: partials ──▶ their owners in our column
 *   our column ── partials ──▶ we sum the chunks that we own: results ──▶ our column and our row
 *   our column ── results ──▶ we pass them on to our row
 *
 * Flow control: a member is at most a window ahead of the results that it has received, column by column, in the order of
 * the column's stream. So a row's reducer holds at most row × window chunks, an owner at most rows × window partials.
 *
 * Who is late is left out with its weight: a sender of its row's sum, a row of the column's. Waits are staged, so that who is
 * nearest to a fault names it: a row waits for a sender, longer an owner for a row, longer a column for an owner, and
 * longest a row for the member of a column that passes results on.
 */
import { Gathering } from "./gathering.ts";
import { after, type Grid } from "./grid_plan.ts";
import type { ReduceAction, ReduceOptions } from "./reduce_machine.ts";
import type { Reduction } from "./reduction.ts";
import type { SpanPlan } from "./span_plan.ts";

/** Of a row together, at one of its members: 128 MiB of chunks of 128 KiB. The largest row needs it for one of each owner. */
const MAX_HELD_CHUNKS = 1024;
/** A row waits longer than a column for the same result. */
const RELAY_PATIENCE = 1.5;

export class GridReduceMachine implements Reduction {
  readonly #plan: SpanPlan;
  readonly #grid: Grid;
  readonly #self: number;
  readonly #options: ReduceOptions;
  readonly #row: number;
  /** −1 = an extra. */
  readonly #column: number;
  readonly #windowChunks: number;
  /** Of our row's contributions to our column; of our column's partials of what we own. */
  readonly #sums: Gathering;
  readonly #finals: Gathering;
  #isBegun = false;
  #isComplete = false;
  /** By column: chunks of its stream sent, and results received without a gap; when the last of these came. */
  readonly #sent: number[];
  readonly #settled: number[];
  readonly #settledMs: number[];
  /** By owner: results received. */
  readonly #received: number[];
  readonly #digests: (string | undefined)[];
  #missingCount: number;
  readonly #stalled = new Set<number>();

  constructor(
    plan: SpanPlan,
    grid: Grid,
    self: number,
    options: ReduceOptions,
    windowChunks = options.windowChunks,
  ) {
    this.#plan = plan;
    this.#grid = grid;
    this.#self = self;
    this.#options = options;
    this.#row = grid.rowOf[self];
    this.#column = grid.columnOf[self];
    // A stream passes from owner to owner, and all of them are to be at work at once.
    const heldChunks = Math.floor(MAX_HELD_CHUNKS / grid.columns.length);
    this.#windowChunks = Math.max(grid.rows.length, Math.min(windowChunks, heldChunks));
    const isExtra = this.#column < 0;
    this.#sums = new Gathering(
      isExtra ? [] : grid.streams[this.#column],
      this.#rowMembers(),
      self,
      (sender, chunk) => plan.contributes(sender, chunk),
    );
    this.#finals = new Gathering(
      isExtra ? [] : grid.streams[this.#column].filter((chunk) => this.#ownerOf(chunk) === self),
      isExtra ? [] : grid.columns[this.#column],
      self,
    );
    this.#sent = grid.streams.map(() => 0);
    this.#settled = grid.streams.map(() => 0);
    this.#settledMs = grid.streams.map(() => 0);
    this.#received = plan.spans.map(() => 0);
    this.#digests = plan.chunks.map(() => undefined);
    this.#missingCount = plan.chunks.length;
  }

  begin(nowMs: number): ReduceAction[] {
    this.#isBegun = true;
    this.#settledMs.fill(nowMs);
    const actions: ReduceAction[] = [];
    for (let ahead = 1; ahead <= this.#windowChunks; ahead++) {
      // Each member begins with the column after its own, so that no reducer is everybody's first.
      for (let k = 1; k <= this.#sent.length; k++) {
        this.#sendUpTo((Math.max(0, this.#column) + k) % this.#sent.length, ahead, actions);
      }
    }
    this.#sumNext(actions);
    this.#combineNext(actions);
    return actions;
  }

  wants(sender: number, chunk: number): boolean {
    return this.#sums.wants(sender, chunk);
  }

  contributed(sender: number, chunk: number, nowMs: number): ReduceAction[] {
    const actions: ReduceAction[] = [];
    if (this.#sums.add(sender, chunk, nowMs)) this.#sumNext(actions);
    return actions;
  }

  /** The driver has summed our row, and the sum is on its way. */
  summed(_chunk: number, nowMs: number): ReduceAction[] {
    const actions: ReduceAction[] = [];
    this.#sums.summed(nowMs);
    this.#sumNext(actions);
    return actions;
  }

  wantsPartial(sender: number, chunk: number): boolean {
    return this.#finals.wants(sender, chunk);
  }

  /** A checked sum of the sender's row, held by the driver. */
  partial(sender: number, chunk: number, nowMs: number): ReduceAction[] {
    const actions: ReduceAction[] = [];
    if (this.#finals.add(sender, chunk, nowMs)) this.#combineNext(actions);
    return actions;
  }

  /** From `chunk` on, or from the next that it has not delivered: of our row's sums, or of our column's. */
  exclude(sender: number, code: string, _nowMs: number, chunk?: number): ReduceAction[] {
    const actions: ReduceAction[] = [];
    if (sender === this.#self) return actions;
    for (const gathering of [this.#sums, this.#finals]) {
      const chunks = gathering.exclude(sender, chunk);
      if (chunks.length > 0) actions.push({ type: "excluded", sender, chunk: chunks[0], chunks, code });
    }
    this.#sumNext(actions);
    this.#combineNext(actions);
    return actions;
  }

  failed(chunk: number, sender: number, code: string, nowMs: number): ReduceAction[] {
    const isRow = this.#grid.rowOf[sender] === this.#row;
    const isTakenBack = (isRow ? this.#sums : this.#finals).takeBack(chunk);
    return isTakenBack ? this.exclude(sender, code, nowMs, chunk) : [];
  }

  reduced(chunk: number, digest: string, nowMs: number): ReduceAction[] {
    this.#finals.summed(nowMs);
    // The column first: it has to pass it on.
    const to = [...after(this.#grid.columns[this.#column], this.#self), ...this.#rowMates()];
    const actions: ReduceAction[] = [{ type: "publish", chunk, digest, to }];
    actions.push(...this.result(this.#self, chunk, digest, nowMs));
    this.#combineNext(actions);
    return actions;
  }

  wantsResult(from: number, chunk: number): boolean {
    const owner = this.#ownerOf(chunk);
    return owner !== undefined && from === this.#sourceOf(owner) && this.owes(owner) &&
      chunk === this.#plan.spans[owner].firstChunk + this.#received[owner];
  }

  result(from: number, chunk: number, digest: string, nowMs: number): ReduceAction[] {
    const actions: ReduceAction[] = [];
    if (!this.wantsResult(from, chunk)) return actions;
    const owner = this.#ownerOf(chunk)!;
    const column = this.#grid.columnOf[owner];
    this.#digests[chunk] = digest;
    this.#received[owner]++;
    this.#missingCount--;
    this.#settle(column, nowMs, actions);
    if (column === this.#column && owner !== this.#self) {
      const to = this.#rowMates();
      if (to.length > 0) actions.push({ type: "forward", chunk, digest, to });
    }
    if (!this.#isComplete && this.#missingCount === 0) {
      this.#isComplete = true;
      actions.push({ type: "complete", chunkDigests: this.#digests.join("") });
    }
    return actions;
  }

  /** It sends nothing more, and what it owes us, of its own or by passing on, is lost. */
  memberDown(member: number, nowMs: number): ReduceAction[] {
    const actions = this.exclude(member, "allreduce/peer-down", nowMs);
    const column = this.#grid.columnOf[member];
    const isRelay = column >= 0 && this.#grid.rowOf[member] === this.#row && !this.#isSettled(column);
    if (isRelay || this.owes(member)) this.#reportStalled(member, actions);
    return actions;
  }

  tick(nowMs: number): ReduceAction[] {
    const actions: ReduceAction[] = [];
    if (!this.#isBegun || this.#isComplete) return actions;
    const { senderTimeoutMs, reducerTimeoutMs, longestWaitMs = reducerTimeoutMs } = this.#options;
    // Chunks that we have not sent ourselves are not due yet; neither are other rows' sums before our own.
    if (this.#sums.isLate(nowMs, this.#options)) this.#excludeMissing(this.#sums, nowMs, actions);
    const rowLimits = {
      senderTimeoutMs: (senderTimeoutMs + reducerTimeoutMs) / 2,
      reducerTimeoutMs,
      longestWaitMs,
    };
    if (this.#finals.isLate(nowMs, rowLimits)) this.#excludeMissing(this.#finals, nowMs, actions);
    const patience = (column: number) => column === this.#column ? 1 : RELAY_PATIENCE;
    const waitedMs = (column: number) =>
      this.#isSettled(column) ? 0 : (nowMs - this.#settledMs[column]) / patience(column);
    const silent = this.#grid.streams.map((_, column) => column)
      .filter((column) => waitedMs(column) > reducerTimeoutMs);
    const isTheirs = 2 * silent.length < this.#grid.streams.length;
    for (const column of silent) {
      if (!isTheirs && waitedMs(column) <= longestWaitMs) continue;
      const source = this.#sourceOf(this.#ownerOf(this.#grid.streams[column][this.#settled[column]])!);
      if (source !== this.#self) this.#reportStalled(source, actions);
    }
    return actions;
  }

  owes(owner: number): boolean {
    return this.#received[owner] < this.#plan.spans[owner].chunkCount;
  }

  passesOn(relay: number, to: number): boolean {
    const { rowOf, columnOf } = this.#grid;
    return columnOf[relay] >= 0 && rowOf[relay] === rowOf[to] && relay !== to;
  }

  digestsOf(owner: number): string[] {
    const { firstChunk, chunkCount } = this.#plan.spans[owner];
    return this.#digests.slice(firstChunk, firstChunk + chunkCount).map((digest) => digest ?? "");
  }

  #ownerOf(chunk: number): number | undefined {
    return this.#plan.chunks[chunk]?.reducer;
  }

  /** Who sends us an owner's results: itself in our column, elsewhere our row's member of its column. */
  #sourceOf(owner: number): number {
    const column = this.#grid.columnOf[owner];
    return column === this.#column ? owner : this.#grid.rows[this.#row][column];
  }

  /** Extras included. */
  #rowMembers(): number[] {
    return [...this.#grid.rows[this.#row], ...this.#grid.extras[this.#row]];
  }

  #rowMates(): number[] {
    const { rows, extras } = this.#grid;
    return [...after(rows[this.#row], this.#self), ...extras[this.#row]];
  }

  #isSettled(column: number): boolean {
    return this.#settled[column] >= this.#grid.streams[column].length;
  }

  #settle(column: number, nowMs: number, actions: ReduceAction[]): void {
    const stream = this.#grid.streams[column];
    const before = this.#settled[column];
    while (!this.#isSettled(column) && this.#digests[stream[this.#settled[column]]] !== undefined) {
      this.#settled[column]++;
    }
    if (this.#settled[column] === before) return;
    this.#settledMs[column] = nowMs;
    if (this.#isBegun) this.#sendUpTo(column, this.#settled[column] + this.#windowChunks, actions);
  }

  #sendUpTo(column: number, limit: number, actions: ReduceAction[]): void {
    const stream = this.#grid.streams[column];
    const to = this.#grid.rows[this.#row][column];
    while (this.#sent[column] < Math.min(limit, stream.length)) {
      const chunk = stream[this.#sent[column]++];
      if (this.#plan.contributes(this.#self, chunk)) actions.push({ type: "contribute", to, chunk });
    }
  }

  #sumNext(actions: ReduceAction[]): void {
    const taken = this.#isBegun ? this.#sums.take() : undefined;
    if (taken) actions.push({ type: "sum", ...taken, to: this.#ownerOf(taken.chunk)! });
  }

  #combineNext(actions: ReduceAction[]): void {
    const taken = this.#isBegun ? this.#finals.take() : undefined;
    if (taken) actions.push({ type: "combine", ...taken });
  }

  #excludeMissing(gathering: Gathering, nowMs: number, actions: ReduceAction[]): void {
    for (const sender of gathering.missing()) actions.push(...this.exclude(sender, "allreduce/late", nowMs));
  }

  #reportStalled(reducer: number, actions: ReduceAction[]): void {
    if (this.#stalled.has(reducer)) return;
    this.#stalled.add(reducer);
    actions.push({ type: "stalled", reducer });
  }
}
