/** What hostile members do, by name; hostile_member.ts does it. */
import type { Fault } from "./faults.ts";

export interface Behaviour {
  readonly name: string;
  readonly kind: Extract<Fault, "lying" | "equivocating">;
}

const lying = [
  "corrupt-chunks",
  "nan-chunks",
  "wrong-digests",
  "false-complaints",
  "invented-locks",
  "forgotten-locks",
  "wrong-votes",
  "future-certificates",
  "lonely-certificates",
  "future-blocks",
  "huge-offers",
  "withheld-votes",
  "withheld-results",
  "wrong-refusals",
  "garbage",
];
const equivocating = ["twins", "two-readies", "two-proposals", "two-votes", "two-results", "replays"];

export const BEHAVIOURS: readonly Behaviour[] = [
  ...lying.map((name) => ({ name, kind: "lying" as const })),
  ...equivocating.map((name) => ({ name, kind: "equivocating" as const })),
];
