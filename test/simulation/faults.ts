/**
 * Kinds of faults, and occurrences of them as plain data: who, when, how badly. An episode is a list of occurrences, so that a
 * failing one can be made smaller by leaving some out; none depends on the dice of another.
 */
import { SkeinError } from "../../src/base/errors.ts";

export const FAULTS = [
  "bandwidth",
  "latency",
  "jitter",
  "loss",
  "reorder",
  "duplication",
  "partition",
  "crash",
  "slow",
  "silent",
  "skew",
  "stall",
  "lying",
  "equivocating",
] as const;
export type Fault = (typeof FAULTS)[number];

/** Only hostile members do these. */
export const HOSTILE_FAULTS: readonly Fault[] = ["lying", "equivocating"];

/** Members are named by index. Times are of the virtual clock. */
export interface Occurrence {
  readonly kind: Fault;
  readonly atMs: number;
  readonly untilMs: number;
  /** Those it happens to. Of a partition: one side. */
  readonly members: readonly number[];
  /** Of its own dice. */
  readonly seed: number;
  /** Begins shortly after the first member sent this kind of message, not at `atMs`. */
  readonly trigger?: string;
  /** How long until peers notice; for a partition may differ from link to link. */
  readonly noticeMs?: number;
  /** Which way a partition cuts, seen from `members`. */
  readonly cuts?: "both" | "out" | "in";
  /** A partition that follows carried_script.ts instead; `members` are its roles. */
  readonly script?: "carried";
  /** What a hostile member does. */
  readonly behaviour?: string;
}

/** @throws {SkeinError} `sim/unknown-fault` */
export function parseFaults(list: string): readonly Fault[] {
  if (list === "none") return [];
  if (list === "all") return FAULTS;
  return list.split(",").map((name) => {
    const fault = FAULTS.find((f) => f === name.trim());
    if (fault) return fault;
    throw new SkeinError(
      "sim/unknown-fault",
      `read --faults: ${name.trim()} found, all, none or a list of ${FAULTS.join(", ")} is required`,
    );
  });
}

export const describeOccurrence = (o: Occurrence): string =>
  `${(o.atMs / 1000).toFixed(1)}–${
    Number.isFinite(o.untilMs) ? (o.untilMs / 1000).toFixed(1) : "end"
  } s ${o.kind}` +
  `${o.behaviour ? ` ${o.behaviour}` : ""}${o.cuts ?? o.script ? ` ${o.cuts ?? o.script}` : ""}${
    o.trigger ? ` after ${o.trigger}` : ""
  }` +
  (o.members.length > 0 ? ` of ${o.members.join(" ")}` : "");
