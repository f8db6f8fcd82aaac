/** The reduce phase of an attempt as the round machine sees it, whatever the members' arrangement. */
import { GridReduceMachine } from "./grid_reduce_machine.ts";
import {
  type ObserveReduce,
  type ReduceAction,
  ReduceMachine,
  type ReduceOptions,
} from "./reduce_machine.ts";
import { SendWindow } from "./send_window.ts";
import type { SpanPlan } from "./span_plan.ts";

/** Members are named by their index in the group. Everything is idempotent: what is not wanted does nothing. */
export interface Reduction {
  /** All members accepted: chunks may flow. */
  begin(nowMs: number): ReduceAction[];
  tick(nowMs: number): ReduceAction[];
  memberDown(member: number, nowMs: number): ReduceAction[];
  wants(sender: number, chunk: number): boolean;
  contributed(sender: number, chunk: number, nowMs: number): ReduceAction[];
  exclude(sender: number, code: string, nowMs: number, chunk?: number): ReduceAction[];
  /** The result of an own chunk is there. */
  reduced(chunk: number, digest: string, nowMs: number): ReduceAction[];
  failed(chunk: number, sender: number, code: string, nowMs: number): ReduceAction[];
  /** Is this a result that `from` still has to send us, near enough to be kept until it can be told? */
  wantsResult(from: number, chunk: number): boolean;
  result(from: number, chunk: number, digest: string, nowMs: number): ReduceAction[];
  /** Are results of this member's span still missing here? */
  owes(owner: number): boolean;
  /** Digests of the results of a member's span, in element order. */
  digestsOf(owner: number): string[];
  /** In a grid only: is this row's sum of an own chunk wanted, it has come, and a sum of our row is on its way. */
  wantsPartial?(sender: number, chunk: number): boolean;
  /** Does it pass results on to that member, and we cannot know whether it did? */
  passesOn?(relay: number, to: number): boolean;
  partial?(sender: number, chunk: number, nowMs: number): ReduceAction[];
  summed?(chunk: number, nowMs: number): ReduceAction[];
}

/** In a grid: what a member has under way takes its link so long. */
const GRID_IN_FLIGHT_MS = 1000;
const LEAST_WINDOW = 2;

const MOST_GRID_CHUNKS = 48;

/** Of all senders together, at one reducer of a mesh; of chunks that encode to little no more than of the smallest whole ones. */
const MAX_HELD_BYTES = 12 * 1024 * 1024;
const MAX_HELD_CHUNKS = MAX_HELD_BYTES / (64 * 1024);

/** Of so many elements, encoded. */
export interface ChunkSizes {
  contribution(elements: number): number;
  result(elements: number): number;
}

/**
 * @param options read whenever they are needed: they may change
 * @param bytesPerSec our own bandwidth, 0 = not known
 * @param isLossy does the path to this member lose packets?
 * @param observe of a mesh's waits; in a grid progress comes in bursts, which would teach the wrong deadlines
 */
export function newReduction(
  plan: SpanPlan,
  self: number,
  options: ReduceOptions,
  observe: ObserveReduce,
  bytesPerSec: number,
  sizes: ChunkSizes,
  isLossy: (member: number) => boolean,
): Reduction {
  const { windowChunks: most } = options;
  const elements = plan.chunks.reduce((most, chunk) => Math.max(most, chunk.elements), 0);
  const contributionBytes = sizes.contribution(elements);
  if (plan.grid) {
    const each = bytesPerSec / 1000 * GRID_IN_FLIGHT_MS / plan.grid.columns.length / contributionBytes;
    const windowChunks = Math.min(most, MOST_GRID_CHUNKS, Math.max(LEAST_WINDOW, Math.ceil(each)));
    return new GridReduceMachine(plan, plan.grid, self, options, windowChunks);
  }
  const reducers = plan.spans.flatMap(({ chunkCount }, member) => chunkCount > 0 ? [member] : []);
  const held = Math.floor(Math.min(MAX_HELD_CHUNKS, MAX_HELD_BYTES / contributionBytes) / plan.spans.length);
  const mostChunks = Math.min(most, Math.max(LEAST_WINDOW, held));
  const window = new SendWindow({
    ...{ bytesPerSec, contributionBytes, reducerCount: reducers.length, mostChunks },
    isLossy: 2 * reducers.filter(isLossy).length > reducers.length,
    resultBytes: sizes.result(elements),
  });
  return new ReduceMachine(plan, self, options, observe, window);
}
