/**
 * The bytes of an attempt that only a grid has: sums of rows, which travel as results do, and the sums of these. A row's sum
 * comes with its weight, the samples in it; its sender could as well lie about the bytes, so it is held to no more than
 * all the samples of its row.
 */
import { assert } from "../base/assert.ts";
import type { Hotkey, Transport } from "../base/transport.ts";
import type { Codec, WeightedChunk } from "../codec/codec.ts";
import { refuse } from "./errors.ts";
import type { Grid } from "./grid_plan.ts";
import type { Header } from "./messages.ts";
import { memberIndexOf, type Proposal } from "./proposal.ts";
import type { ReduceAction } from "./reduce_machine.ts";
import type { RoundEvent } from "./round_types.ts";

export interface GridTransferDeps {
  readonly transport: Transport;
  readonly codec: Codec;
  feed(event: RoundEvent): void;
  /** Sums one chunk, checked; undefined when it told the machine who spoiled it, or the attempt is over. */
  sum(chunk: number, inputs: ReadonlyMap<Hotkey, WeightedChunk>): Promise<SummedChunk | undefined>;
  /** What is wrong with a result's bytes, if anything. */
  corruption(
    header: { chunk: number; digest?: string },
    body: Uint8Array,
    codec: Codec,
  ): Promise<string | undefined>;
  send(
    to: Hotkey,
    kind: "partial",
    what: { chunk: number; digest: string; weight: number },
    body: Uint8Array,
  ): Promise<void>;
  isClosed(): boolean;
}

export interface SummedChunk {
  readonly encoded: Uint8Array<ArrayBuffer>;
  readonly digest: string;
}

export class GridTransfer {
  readonly #digest: string;
  readonly #proposal: Proposal;
  readonly #grid: Grid;
  readonly #deps: GridTransferDeps;
  /** By chunk, then by sender. */
  readonly #partials = new Map<number, Map<Hotkey, WeightedChunk>>();

  constructor(digest: string, proposal: Proposal, grid: Grid, deps: GridTransferDeps) {
    assert(
      canSumMeans(deps.codec),
      `${deps.codec.name}: its means cannot be summed again, a grid needs that`,
    );
    this.#digest = digest;
    this.#proposal = proposal;
    this.#grid = grid;
    this.#deps = deps;
  }

  close(): void {
    this.#partials.clear();
  }

  forget(sender: Hotkey, chunks: readonly number[]): void {
    for (const chunk of chunks) this.#partials.get(chunk)?.delete(sender);
  }

  /** Our row's contributions to a chunk of our column, for its owner. */
  async sumRow(
    { chunk, to }: Extract<ReduceAction, { type: "sum" }>,
    inputs: ReadonlyMap<Hotkey, WeightedChunk>,
    onSummed: () => void,
  ): Promise<void> {
    const { transport, feed, sum, send } = this.#deps;
    const summed = await sum(chunk, inputs);
    if (!summed) return;
    onSummed();
    const weight = [...inputs.values()].reduce((total, input) => total + input.weight, 0);
    const owner = this.#proposal.members[to].hotkey;
    feed({ type: "summed", digest: this.#digest, chunk });
    if (owner === transport.self) return this.#keep(owner, chunk, { encoded: summed.encoded, weight });
    await send(owner, "partial", { chunk, digest: summed.digest, weight }, summed.encoded);
  }

  /** The rows' sums of a chunk of ours. */
  async sumColumn(
    { chunk, senders }: Extract<ReduceAction, { type: "combine" }>,
  ): Promise<SummedChunk | undefined> {
    const partials = this.#partials.get(chunk)!;
    const hotkeys = senders.map((sender) => this.#proposal.members[sender].hotkey);
    const inputs = new Map(hotkeys.map((hotkey) => [hotkey, partials.get(hotkey)!]));
    const summed = await this.#deps.sum(chunk, inputs);
    if (summed) this.#partials.delete(chunk);
    return summed;
  }

  /** @throws {SkeinError} `allreduce/corrupt-chunk` after telling the machine */
  async onPartial(from: Hotkey, header: Header<"partial">, body: Uint8Array): Promise<void> {
    const { codec, feed, corruption, isClosed } = this.#deps;
    const { chunk, weight } = header;
    const most = this.#samplesOfRow(from);
    const wrong = weight > most
      ? `a weight of ${weight}, at most the ${most} samples of its row are required`
      : await corruption(header, body, codec.result);
    if (isClosed()) return;
    if (wrong !== undefined) {
      const code = "allreduce/corrupt-chunk";
      feed({ type: "corrupt", from, digest: this.#digest, chunk, code });
      throw refuse(code, `read the sum of chunk ${chunk} of ${from}: ${wrong}`, { from, chunk });
    }
    this.#keep(from, chunk, { encoded: body, weight });
  }

  #keep(from: Hotkey, chunk: number, partial: WeightedChunk): void {
    const bySender = this.#partials.get(chunk) ?? new Map<Hotkey, WeightedChunk>();
    this.#partials.set(chunk, bySender);
    bySender.set(from, partial);
    this.#deps.feed({ type: "partial", from, digest: this.#digest, chunk });
  }

  #samplesOfRow(hotkey: Hotkey): number {
    const row = this.#grid.rowOf[memberIndexOf(this.#proposal, hotkey)];
    const members = [...this.#grid.rows[row], ...this.#grid.extras[row]];
    return members.reduce((total, member) => total + this.#proposal.members[member].samples, 0);
  }
}

/**
 * A grid sums means of rows by weight. Where the mean is of another kind than its inputs (of a sparse codec: over those who
 * named an element), that is another number, so such a codec's groups stay meshes.
 */
export const canSumMeans = (codec: Codec): boolean => codec.result === codec;
