/**
 * The events that nodes print and the supervisor reads: one JSON object a line. Parsed with bounds, because a
 * supervisor must not trust even its own children's output to be well formed.
 */
import { z } from "zod";

const hotkey = z.string().max(64);
const step = z.number().int().nonnegative();

const startedEvent = z.looseObject({
  event: z.literal("started"),
  role: z.enum(["miner", "validator"]),
  hotkey,
  uid: z.number().int(),
  adapter: z.string(),
  backend: z.string(),
  precision: z.enum(["f32", "f16"]),
  preset: z.string(),
  outerStep: step,
});

/** Validation loss of the state a node holds before it trains; `outerStep` 0 is the untrained model. */
const evaluatedEvent = z.looseObject({
  event: z.literal("evaluated"),
  hotkey,
  outerStep: step,
  validationLoss: z.number().nullable(),
});

const stepEvent = z.looseObject({
  event: z.literal("step"),
  hotkey,
  outerStep: step,
  innerStep: z.number().int(),
  loss: z.number().nullable(),
  tokensPerSec: z.number(),
  peers: z.number().int(),
});

/** A node holds the state after `outerStep`. Members of the round add what the round cost them. */
const roundEvent = z.looseObject({
  event: z.literal("round"),
  role: z.enum(["miner", "validator"]),
  hotkey,
  outerStep: step,
  root: z.string().max(64),
  members: z.number().int(),
  seconds: z.number(),
  sentBytes: z.number(),
  receivedBytes: z.number(),
  encodedBytes: z.number(),
  rawBytes: z.number(),
  validationLoss: z.number().nullable(),
});

/** `kind` as in `WeightsSent`: only what is `set` counts at once, the others from `revealBlock` on. */
const weightsSetEvent = z.looseObject({
  event: z.literal("weights-set"),
  hotkey,
  outerStep: step,
  kind: z.enum(["set", "timelocked", "committed"]).optional(),
  revealBlock: z.number().int().optional(),
  weights: z.record(hotkey, z.number()),
  scores: z.record(hotkey, z.number()),
});

const nodeEvent = z.discriminatedUnion("event", [
  startedEvent,
  evaluatedEvent,
  stepEvent,
  roundEvent,
  weightsSetEvent,
]);
export type NodeEvent = z.infer<typeof nodeEvent>;
export type RoundEvent = z.infer<typeof roundEvent>;

/** Any line a node may print: known events typed, others passed on as they are. */
export function parseEventLine(
  line: string,
): { known?: NodeEvent; raw: Record<string, unknown> } | undefined {
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof raw !== "object" || raw === null || typeof (raw as { event?: unknown }).event !== "string") {
    return undefined;
  }
  const parsed = nodeEvent.safeParse(raw);
  return { known: parsed.success ? parsed.data : undefined, raw: raw as Record<string, unknown> };
}
