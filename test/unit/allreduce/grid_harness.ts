/**
 * A grid of machines without bytes: a contribution is its member, a sum is whose contributions are in it, a digest spells
 * that out. Messages of one member to another arrive in order; which pair is next is drawn from a seed.
 */
import assert from "node:assert/strict";
import { Random } from "../../../src/base/random.ts";
import { planGrid } from "../../../src/allreduce/grid_plan.ts";
import { GridReduceMachine } from "../../../src/allreduce/grid_reduce_machine.ts";
import type { ReduceAction, ReduceOptions } from "../../../src/allreduce/reduce_machine.ts";

export const OPTIONS: ReduceOptions = { windowChunks: 2, senderTimeoutMs: 2000, reducerTimeoutMs: 5000 };

type Kind = "chunk" | "partial" | "result";
interface Message {
  readonly kind: Kind;
  readonly from: number;
  readonly to: number;
  readonly chunk: number;
  /** Members, sorted. */
  readonly content: readonly number[];
}

export class GridHarness {
  readonly plan;
  readonly grid;
  readonly machines: readonly GridReduceMachine[];
  /** By member: what it was told when it had everything. */
  readonly complete = new Map<number, string>();
  readonly stalled = new Map<number, Set<number>>();
  readonly excluded: { by: number; sender: number; chunk: number; code: string }[] = [];
  readonly results = new Map<number, readonly number[]>();
  readonly links = new Set<string>();
  /** Messages that are lost. */
  isLost: (message: Message) => boolean = () => false;
  /** The most chunks and partials that one member held at once. */
  mostHeld = 0;
  nowMs = 0;
  #queues = new Map<string, Message[]>();
  #contributions = new Map<string, readonly number[]>();
  #heldBy: number[];
  #random: Random;

  constructor(bandwidths: readonly number[], units: number, chunkElements = 1024, seed = 1) {
    this.plan = planGrid(1024 * units, chunkElements, bandwidths);
    this.grid = this.plan.grid!;
    this.#random = new Random(seed);
    this.#heldBy = bandwidths.map(() => 0);
    this.machines = bandwidths.map((_, self) => new GridReduceMachine(this.plan, this.grid, self, OPTIONS));
  }

  begin(): void {
    this.machines.forEach((machine, self) => this.perform(self, machine.begin(this.nowMs)));
  }

  /** Until nothing is under way. */
  run(): void {
    for (;;) {
      const pairs = [...this.#queues.keys()];
      if (pairs.length === 0) return;
      const pair = pairs[this.#random.nextBelow(pairs.length)];
      const queue = this.#queues.get(pair)!;
      const message = queue.shift()!;
      if (queue.length === 0) this.#queues.delete(pair);
      this.#deliver(message);
    }
  }

  tick(byMs: number): void {
    this.nowMs += byMs;
    this.machines.forEach((machine, self) => this.perform(self, machine.tick(this.nowMs)));
    this.run();
  }

  perform(self: number, actions: readonly ReduceAction[]): void {
    for (const action of actions) this.#performOne(self, action);
  }

  #performOne(self: number, action: ReduceAction): void {
    const machine = this.machines[self];
    if (action.type === "contribute") {
      this.#send({ kind: "chunk", from: self, to: action.to, chunk: action.chunk, content: [self] });
    } else if (action.type === "sum") {
      const content = this.#take(self, "chunk", action.chunk, action.senders);
      this.#send({ kind: "partial", from: self, to: action.to, chunk: action.chunk, content });
      this.perform(self, machine.summed(action.chunk, this.nowMs));
    } else if (action.type === "combine") {
      const content = this.#take(self, "partial", action.chunk, action.senders);
      assert.equal(this.results.has(action.chunk), false, "a chunk has one result");
      this.results.set(action.chunk, content);
      this.perform(self, machine.reduced(action.chunk, content.join(), this.nowMs));
    } else if (action.type === "publish" || action.type === "forward") {
      const content = this.results.get(action.chunk)!;
      for (const to of action.to!) {
        this.#send({ kind: "result", from: self, to, chunk: action.chunk, content });
      }
    } else if (action.type === "complete") this.complete.set(self, action.chunkDigests);
    else if (action.type === "stalled") {
      this.stalled.set(self, (this.stalled.get(self) ?? new Set<number>()).add(action.reducer));
    } else if (action.type === "excluded") {
      const { sender, chunk, code } = action;
      this.excluded.push({ by: self, sender, chunk, code });
    }
  }

  #send(message: Message): void {
    if (this.isLost(message)) return;
    const { from, to } = message;
    if (from !== to) this.links.add(`${Math.min(from, to)} ${Math.max(from, to)}`);
    const queue = this.#queues.get(`${from} ${to}`) ?? [];
    this.#queues.set(`${from} ${to}`, queue);
    queue.push(message);
  }

  #deliver({ kind, from, to, chunk, content }: Message): void {
    const machine = this.machines[to];
    if (kind === "result") {
      return this.perform(to, machine.result(from, chunk, content.join(), this.nowMs));
    }
    const isWanted = kind === "chunk" ? machine.wants(from, chunk) : machine.wantsPartial(from, chunk);
    if (!isWanted) return;
    this.#contributions.set(`${to} ${kind} ${chunk} ${from}`, content);
    this.#heldBy[to]++;
    this.mostHeld = Math.max(this.mostHeld, this.#heldBy[to]);
    const actions = kind === "chunk"
      ? machine.contributed(from, chunk, this.nowMs)
      : machine.partial(from, chunk, this.nowMs);
    this.perform(to, actions);
  }

  #take(self: number, kind: Kind, chunk: number, senders: readonly number[]): number[] {
    const members = senders.flatMap((sender) => {
      const key = `${self} ${kind} ${chunk} ${sender}`;
      const content = this.#contributions.get(key);
      assert.ok(content, `the driver holds ${key}`);
      this.#contributions.delete(key);
      this.#heldBy[self]--;
      return content;
    });
    assert.equal(new Set(members).size, members.length, "nobody counts twice");
    return members.sort((a, b) => a - b);
  }
}

export const everybody = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
