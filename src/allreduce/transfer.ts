/**
 * The bytes of one attempt: encodes and sends our chunks, keeps and checks what others send, sums what the machine says.
 * Every task ends silently once the attempt is closed.
 */
import { toHex } from "../base/bytes.ts";
import { isSkeinError } from "../base/errors.ts";
import type { Hotkey, Transport } from "../base/transport.ts";
import type { ChunkReducer, Codec, WeightedChunk } from "../codec/codec.ts";
import { AttemptResults } from "./attempt_results.ts";
import type { ChunkBuffers } from "./chunk_buffers.ts";
import { type ChunkHeader, findCorruption } from "./chunk_check.ts";
import { Contributions } from "./contributions.ts";
import { refuse } from "./errors.ts";
import { GridTransfer, type SummedChunk } from "./grid_transfer.ts";
import { largestInput } from "./largest_input.ts";
import { type Header, messageType } from "./messages.ts";
import { memberIndexOf, membersOf, type Proposal } from "./proposal.ts";
import type { ReduceAction } from "./reduce_machine.ts";
import { ResultOrder } from "./result_order.ts";
import type { ResultRoom, ResultSpace } from "./result_space.ts";
import type { RoundEvent } from "./round_types.ts";
import type { SpanPlan } from "./span_plan.ts";

export interface TransferDeps {
  readonly transport: Transport;
  readonly codec: Codec;
  readonly reducer: ChunkReducer;
  readonly buffers: ChunkBuffers;
  readonly space: ResultSpace;
  digest(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array>;
  /** Feeds the machine. */
  feed(event: RoundEvent): void;
  /** Our own values cannot be used: the round is over for us. */
  giveUp(error: unknown): void;
}

export class Transfer {
  readonly proposal: Proposal;
  #digest: string;
  #plan: SpanPlan;
  #members: readonly Hotkey[];
  #deps: TransferDeps;
  readonly #contributions: Contributions;
  readonly #results: AttemptResults;
  #grid: GridTransfer | undefined;
  #order: ResultOrder;
  #closed = new AbortController();

  constructor(
    digest: string,
    proposal: Proposal,
    plan: SpanPlan,
    values: Float32Array,
    deps: TransferDeps,
  ) {
    this.proposal = proposal;
    this.#digest = digest;
    this.#plan = plan;
    this.#members = membersOf(proposal);
    this.#deps = deps;
    const self = memberIndexOf(proposal, deps.transport.self);
    this.#results = new AttemptResults(plan, self, deps.codec.result, deps.space);
    this.#contributions = new Contributions(proposal, plan, values, { ...deps, self: deps.transport.self });
    this.#grid = plan.grid && new GridTransfer(digest, proposal, plan.grid, {
      ...deps,
      sum: (chunk, inputs) => this.#sum(chunk, inputs),
      corruption: (header, body, codec) => this.#corruption(header, body, codec),
      send: async (to, kind, what, body) => void await this.#send(to, kind, what, () => body),
      isClosed: () => this.#closed.signal.aborted,
    });
    this.#order = new ResultOrder(plan);
  }

  close(): void {
    this.#closed.abort(refuse("allreduce/aborted", "transfer chunks: the attempt is over"));
    this.#contributions.clear();
    this.#grid?.close();
    this.#results.close();
  }

  /** The whole result, which the machine has said is complete. The caller frees it. */
  handOver(): ResultRoom {
    return this.#results.handOver();
  }

  perform(action: ReduceAction): void {
    const { type } = action;
    if (type === "contribute") this.#spawn(this.#contribute(action.to, action.chunk));
    else if (type === "reduce") this.#spawn(this.#reduce(action.chunk, action.senders));
    else if (type === "publish" || type === "forward") this.#spawn(this.#publish(action));
    else if (type === "sum") this.#spawn(this.#sumRow(action));
    else if (type === "combine") this.#spawn(this.#combine(action));
    else if (type === "excluded") this.#forget(action);
  }

  #forget({ sender, chunks }: Extract<ReduceAction, { type: "excluded" }>): void {
    const hotkey = this.#members[sender];
    this.#contributions.forget(hotkey, chunks);
    this.#grid?.forget(hotkey, chunks);
  }

  async onPartial(from: Hotkey, header: Header<"partial">, body: Uint8Array): Promise<void> {
    await this.#grid?.onPartial(from, header, body);
  }

  /**
   * @returns whether `body` is kept
   * @throws {SkeinError} `allreduce/corrupt-chunk` after telling the machine
   */
  async onChunk(from: Hotkey, header: Header<"chunk">, body: Uint8Array): Promise<boolean> {
    const corruption = await this.#corruption(header, body, this.#deps.codec);
    const { chunk } = header;
    if (this.#closed.signal.aborted || this.#contributions.has(from, chunk)) return false;
    if (corruption) {
      const code = "allreduce/corrupt-chunk";
      this.#deps.feed({ type: "corrupt", from, digest: this.#digest, chunk, code });
      throw refuse(code, `read chunk ${chunk} of ${from}: ${corruption}`, { from, chunk });
    }
    this.#contributions.keep(from, chunk, body);
    this.#deps.feed({ type: "contributed", from, digest: this.#digest, chunk });
    return true;
  }

  /** Where the body of a contribution may be received. */
  placeChunk(chunk: number, bodyBytes: number): Uint8Array | undefined {
    return this.#contributions.place(chunk, bodyBytes);
  }

  /** Where the body of a result may be received. */
  placeResult(chunk: number, bodyBytes: number): Uint8Array | undefined {
    return this.#contributions.place(chunk, bodyBytes, this.#deps.codec.result);
  }

  /**
   * @returns whether `body` is kept
   * @throws {SkeinError} `allreduce/corrupt-result` after telling the machine
   */
  async onResult(from: Hotkey, header: Header<"result">, body: Uint8Array): Promise<boolean> {
    const corruption = await this.#corruption(header, body, this.#deps.codec.result);
    const { chunk } = header;
    if (this.#closed.signal.aborted || this.#results.has(chunk)) return false;
    if (corruption) {
      this.#deps.feed({ type: "corrupt-result", from, digest: this.#digest });
      const code = "allreduce/corrupt-result";
      throw refuse(code, `read result ${chunk} of ${from}: ${corruption}`, { from, chunk });
    }
    const isKept = this.#put(() => this.#results.receive(chunk, body));
    if (isKept === undefined) return false;
    const inOrder = () => this.#order.arrived(memberIndexOf(this.proposal, from), header);
    for (const next of this.#grid ? [header] : inOrder()) this.#tell(from, next);
    return isKept;
  }

  /** @returns undefined when the system refused: the disk's fault, not the sender's, and the round is over for us */
  #put<T>(put: () => T): T | undefined {
    try {
      return put();
    } catch (error) {
      this.#deps.giveUp(error);
      return undefined;
    }
  }

  #tell(from: Hotkey, { chunk, digest: chunkDigest, seal }: Header<"result">): void {
    this.#deps.feed({ type: "result", from, digest: this.#digest, chunk, chunkDigest, seal });
  }

  #corruption(header: ChunkHeader, body: Uint8Array, codec: Codec): Promise<string | undefined> {
    return findCorruption(header, body, this.#plan.chunks[header.chunk].elements, codec, this.#deps.digest);
  }

  /** Encoded when the link takes it, or when it is summed: a window of chunks costs no memory at the sender. */
  async #contribute(to: number, chunk: number): Promise<void> {
    const { transport, feed, buffers } = this.#deps;
    if (this.#members[to] !== transport.self) {
      let encoded: Uint8Array | undefined;
      const makeBody = () => encoded = this.#contributions.encodeOwn(chunk);
      const isSent = await this.#send(this.#members[to], "chunk", { chunk }, makeBody);
      // Of one that failed some link may still hold the bytes: it is left to the collector.
      if (isSent && encoded !== undefined) buffers.give(encoded);
      return;
    }
    await Promise.resolve();
    if (this.#closed.signal.aborted) return;
    feed({ type: "contributed", from: transport.self, digest: this.#digest, chunk });
  }

  async #reduce(chunk: number, senders: readonly number[]): Promise<void> {
    const inputs = this.#contributions.inputs(chunk, senders);
    const summed = await this.#sum(chunk, inputs);
    if (!summed) return;
    this.#contributions.spent(chunk, inputs);
    this.#reduced(chunk, summed);
  }

  async #sumRow(action: Extract<ReduceAction, { type: "sum" }>): Promise<void> {
    const inputs = this.#contributions.inputs(action.chunk, action.senders);
    await this.#grid!.sumRow(action, inputs, () => this.#contributions.spent(action.chunk, inputs));
  }

  async #combine(action: Extract<ReduceAction, { type: "combine" }>): Promise<void> {
    const summed = await this.#grid!.sumColumn(action);
    if (summed) this.#reduced(action.chunk, summed);
  }

  #reduced(chunk: number, { encoded, digest }: SummedChunk): void {
    if (this.#closed.signal.aborted) return;
    const isPut = this.#put(() => this.#results.make(chunk, encoded));
    if (isPut) this.#deps.feed({ type: "reduced", digest: this.#digest, chunk, chunkDigest: digest });
  }

  /** @returns undefined when somebody spoiled the sum, which the machine was told, or when the attempt is over */
  async #sum(chunk: number, inputs: ReadonlyMap<Hotkey, WeightedChunk>): Promise<SummedChunk | undefined> {
    const { elements } = this.#plan.chunks[chunk];
    const { codec: { result }, reducer, buffers } = this.#deps;
    const room = buffers.take(result.encodedBytes(elements));
    let encoded: Uint8Array<ArrayBuffer>;
    try {
      encoded = await reducer.reduce([...inputs.values()], elements, room);
      if (encoded !== room) buffers.give(room);
      result.check(encoded, elements);
    } catch (error) {
      // What the inputs make impossible is their senders' fault; what the reducer cannot do (a lost GPU) is ours.
      const isOfInputs = isSkeinError(error) && error.code.startsWith("codec/");
      if (!isOfInputs || this.#closed.signal.aborted) throw error;
      this.#blameLargest(chunk, inputs, error);
      return undefined;
    }
    const digest = toHex(await this.#deps.digest(encoded));
    return this.#closed.signal.aborted ? undefined : { encoded, digest };
  }

  #blameLargest(chunk: number, inputs: ReadonlyMap<Hotkey, WeightedChunk>, error: unknown): void {
    const { codec, transport, feed } = this.#deps;
    const from = largestInput(inputs, transport.self, codec, this.#plan.chunks[chunk].elements);
    if (from === undefined) throw error;
    transport.penalise(from, "allreduce/corrupt-chunk");
    feed({ type: "reduce-failed", from, digest: this.#digest, chunk, code: "allreduce/corrupt-chunk" });
  }

  /** To all at once: one buffer, so a slow member costs a reference, not a copy. */
  async #publish(
    { chunk, digest, seal, to }: Extract<ReduceAction, { type: "publish" | "forward" }>,
  ): Promise<void> {
    const self = memberIndexOf(this.proposal, this.#deps.transport.self);
    // Those after us first: not everybody begins with the same link.
    const others = this.#members.map((_, k) => (self + k) % this.#members.length).slice(1);
    const what = { chunk, digest, seal: seal ?? null };
    const bytes = this.#results.outgoing(chunk);
    const areSent = await Promise.all(
      (to ?? others).map((index) => this.#send(this.#members[index], "result", what, () => bytes)),
    );
    const spare = this.#results.sent(chunk);
    // Of a send that failed some link may still hold the bytes.
    if (spare !== undefined && areSent.every((isSent) => isSent)) this.#deps.buffers.give(spare);
  }

  /** @returns whether the link has taken all of it */
  async #send(
    to: Hotkey,
    kind: "chunk" | "partial" | "result",
    what: { chunk: number; digest?: string; seal?: string | null; weight?: number },
    makeBody: () => Uint8Array,
  ): Promise<boolean> {
    if (this.#closed.signal.aborted) return false;
    const { runId, outerStep, attempt } = this.proposal;
    const header = { runId, outerStep, attempt, proposalDigest: this.#digest, ...what };
    try {
      // Results must reach members that lag behind us, so closing the attempt does not recall them.
      const signal = kind !== "result" ? this.#closed.signal : undefined;
      const { giveUp, transport } = this.#deps;
      await transport.send(to, {
        type: messageType(kind),
        header,
        isUnordered: this.#grid === undefined,
        // Everybody waits for results; contributions only feed the next of them.
        isUrgent: kind === "result",
        get body() {
          try {
            return makeBody();
          } catch (error) {
            giveUp(error); // our own values, not the link
            throw error;
          }
        },
      }, signal);
      return true;
    } catch (error) {
      // A lost peer is reported by the transport; the machine acts on that and on its timeouts.
      if (!isSkeinError(error) && !this.#closed.signal.aborted) throw error;
      return false;
    }
  }

  #spawn(task: Promise<unknown>): void {
    task.catch((error) => {
      if (!this.#closed.signal.aborted) this.#deps.giveUp(error);
    });
  }
}
