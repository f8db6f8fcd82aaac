/** Yuma consensus in the chain's own arithmetic; see epoch.ts. */
export type { LiquidAlpha } from "./bonds.ts";
export { type EpochInput, type EpochNeuron, type EpochOutput, runEpoch } from "./epoch.ts";
