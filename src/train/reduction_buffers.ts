/**
 * Device memory and recorded plans of the chunk reduction. Strides are whole multiples of 64 words, so that one member's
 * part can be bound alone. Plans are recorded once for each chunk size; growing forgets them.
 */
import { assert } from "../base/assert.ts";
import type { Binding, BufferArena, DispatchPlan, Gpu, GpuBuffer } from "../gpu/mod.ts";
import type { ChunkForm } from "./chunk_form.ts";

const ALIGNMENT_WORDS = 64;
/** Partial sums of a squared norm. */
const PARTIALS = 64;

interface Capacity {
  readonly elements: number;
  readonly members: number;
  readonly rows: number;
}

type Name =
  | "sumShape"
  | "aloneShape"
  | "encodeShape"
  | "trimShape"
  | "encoded"
  | "weights"
  | "factors"
  | "sum"
  | "result"
  | "rows"
  | "partials";

export class ReductionBuffers {
  readonly #gpu: Gpu;
  readonly #form: ChunkForm;
  readonly #arena: BufferArena;
  #capacity: Capacity = { elements: 0, members: 0, rows: 0 };
  #buffers: Readonly<Record<Name, GpuBuffer>> | undefined;
  #plans = new Map<string, DispatchPlan>();
  /** Of the chunk that was loaded last. */
  #elements = 0;

  constructor(gpu: Gpu, form: ChunkForm) {
    this.#gpu = gpu;
    this.#form = form;
    this.#arena = gpu.arena("reducer");
  }

  destroy(): void {
    this.#arena.destroy();
    this.#buffers = undefined;
    this.#capacity = { elements: 0, members: 0, rows: 0 };
    this.#plans.clear();
  }

  canHoldRows(elements: number, members: number): boolean {
    return 4 * members * aligned(elements) <= this.#gpu.limits.maxBindingBytes;
  }

  /** Uploads checked chunks. @param rows how many decoded chunks must find room side by side */
  load(chunks: readonly Uint8Array[], elements: number, rows: number): void {
    this.#reserve({ elements, members: chunks.length, rows });
    this.#elements = elements;
    const { blocks, resultBlocks } = this.#form;
    const stride = this.#stride;
    const members = chunks.length;
    this.#write("sumShape", Uint32Array.of(elements, members, stride, blocks(elements)));
    this.#write("aloneShape", Uint32Array.of(elements, 1, stride, blocks(elements)));
    this.#write("encodeShape", Uint32Array.of(elements, 1, 0, resultBlocks(elements)));
    const padded = new Uint32Array(stride);
    const bytes = new Uint8Array(padded.buffer);
    chunks.forEach((chunk, member) => {
      bytes.set(chunk);
      this.#gpu.write(this.#buffer("encoded"), padded, 4 * member * stride);
    });
  }

  /** What each member's values are multiplied by in the sum. */
  writeWeights(weights: readonly number[]): void {
    this.#write("weights", Float32Array.from(weights));
  }

  /** What a member's values are multiplied by when they are decoded alone. */
  writeFactors(factors: readonly number[]): void {
    const spread = new Float32Array(factors.length * ALIGNMENT_WORDS);
    factors.forEach((factor, member) => spread[member * ALIGNMENT_WORDS] = factor);
    this.#write("factors", spread);
  }

  writeTrim(members: number, drop: number): void {
    this.#write("trimShape", Uint32Array.of(this.#elements, members, aligned(this.#elements), drop));
  }

  /** Σ weight · decode into the sums. */
  sumPlan(): DispatchPlan {
    const [shape, encoded, weights, sum] = this.#whole("sumShape", "encoded", "weights", "sum");
    return this.#plan(
      "sum",
      (plan) => plan.add(this.#form.sum, {}, [shape, encoded, weights, sum], this.#vectors),
    );
  }

  /** factor · decode of one member into its row. */
  rowPlan(member: number): DispatchPlan {
    const stride = aligned(this.#elements);
    return this.#alonePlan(`row ${member}`, member, this.#buffer("rows").slice(member * stride, stride));
  }

  /** The squared norm of one member's values times its factor, in parts. */
  normPlan(member: number): DispatchPlan {
    const sum = this.#buffer("sum");
    const plan = this.#alonePlan(
      `norm ${member}`,
      member,
      sum.whole(),
      (plan) =>
        plan.add("squared_norm", { COUNT: this.#elements, PARTIALS }, [
          sum.whole(),
          this.#buffer("partials").slice(member * PARTIALS, PARTIALS),
        ], PARTIALS),
    );
    return plan;
  }

  /** Rows → trimmed mean in the sums. */
  trimPlan(): DispatchPlan {
    const [shape, rows, weights, sum] = this.#whole("trimShape", "rows", "weights", "sum");
    return this.#plan(
      "trim",
      (plan) => plan.add("reduce_trimmed_mean", {}, [shape, rows, weights, sum], 4 * this.#vectors),
    );
  }

  /** Sums → result. */
  encodePlan(): DispatchPlan {
    const [shape, sum, result] = this.#whole("encodeShape", "sum", "result");
    return this.#plan("encode", (plan) => {
      for (const { kernel, perBlock } of this.#form.encode) {
        const extent = perBlock ? this.#form.resultBlocks(this.#elements) : this.#vectors;
        plan.add(kernel, {}, [shape, sum, result], extent);
      }
    });
  }

  result(): Binding {
    const buffer = this.#buffer(this.#form.encode.length === 0 ? "sum" : "result");
    return buffer.slice(0, this.#form.resultWords(this.#elements));
  }

  /** [members, 64]: each row adds up to a squared norm. */
  partials(members: number): Binding {
    return this.#buffer("partials").slice(0, members * PARTIALS);
  }

  get #vectors(): number {
    return Math.ceil(this.#elements / 4);
  }

  get #stride(): number {
    return aligned(this.#form.words(this.#elements));
  }

  #alonePlan(key: string, member: number, to: Binding, andThen?: (plan: DispatchPlan) => void): DispatchPlan {
    const stride = this.#stride;
    const encoded = this.#buffer("encoded").slice(member * stride, stride);
    const factor = this.#buffer("factors").slice(member * ALIGNMENT_WORDS, ALIGNMENT_WORDS);
    return this.#plan(key, (plan) => {
      plan.add(this.#form.sum, {}, [this.#buffer("aloneShape").whole(), encoded, factor, to], this.#vectors);
      andThen?.(plan);
    });
  }

  #plan(key: string, record: (plan: DispatchPlan) => void): DispatchPlan {
    const whole = `${key} of ${this.#elements}`;
    let plan = this.#plans.get(whole);
    if (plan === undefined) {
      plan = this.#gpu.plan();
      record(plan);
      this.#plans.set(whole, plan);
    }
    return plan;
  }

  #whole(...names: readonly Name[]): Binding[] {
    return names.map((name) => this.#buffer(name).whole());
  }

  #buffer(name: Name): GpuBuffer {
    assert(this.#buffers !== undefined, "reduce: chunks were loaded");
    return this.#buffers[name];
  }

  #write(name: Name, data: Float32Array | Uint32Array): void {
    this.#gpu.write(this.#buffer(name), data);
  }

  #reserve(wanted: Capacity): void {
    const held = this.#capacity;
    const isEnough = held.elements >= wanted.elements && held.members >= wanted.members &&
      held.rows >= wanted.rows;
    if (isEnough && this.#buffers !== undefined) return;
    this.destroy();
    const elements = Math.max(held.elements, wanted.elements);
    const members = Math.max(held.members, wanted.members);
    const rows = Math.max(held.rows, wanted.rows);
    const storage = (label: Name, words: number) => this.#arena.allocate(label, words);
    const uniform = (label: Name) => this.#arena.allocate(label, 4, { usage: "uniform" });
    this.#buffers = {
      sumShape: uniform("sumShape"),
      aloneShape: uniform("aloneShape"),
      encodeShape: uniform("encodeShape"),
      trimShape: uniform("trimShape"),
      encoded: storage("encoded", members * aligned(this.#form.words(elements))),
      weights: storage("weights", members),
      factors: storage("factors", members * ALIGNMENT_WORDS),
      sum: storage("sum", aligned(elements)),
      result: storage("result", this.#form.resultWords(elements)),
      rows: storage("rows", rows * aligned(elements)),
      partials: storage("partials", members * PARTIALS),
    };
    this.#capacity = { elements, members, rows };
  }
}

function aligned(words: number): number {
  return Math.ceil(words / ALIGNMENT_WORDS) * ALIGNMENT_WORDS;
}
