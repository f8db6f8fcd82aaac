/**
 * What may become of one submission, for the real local chain behind a proxy and for the chain of four ideas alike.
 * - `cutBefore`, `cutAfter`: the socket drops before the node has it, or after, before the answer
 * - `cutNews`: the answer comes through, and then the socket drops
 * - `stall`: the node has it and never says another word on this socket
 * - `double`: it arrives twice, and the second answer is the one that counts
 * - `drop`: the pool has it, and forgets it
 * - a refusal: the node answers that code and never has it
 */
export interface Refusal {
  readonly refuse: number;
  readonly data: string;
}
export type CommonFault = "cutBefore" | "cutAfter" | "double" | Refusal;
/** Through a proxy, where only the socket can be meddled with. */
export type SubmissionFault = CommonFault | "cutNews" | "stall";
/** Of a chain whose pool is in our hands. */
export type PoolFault = CommonFault | "drop";

/** Those that mean "not now", as Substrate's nodes word them. */
const COMMON_FAULTS: readonly CommonFault[] = [
  "cutBefore",
  "cutAfter",
  "double",
  { refuse: 1010, data: "Transaction is outdated" },
  { refuse: 1012, data: "Transaction is temporarily banned" },
  { refuse: 1014, data: "The transaction has too low priority to replace another transaction" },
  { refuse: 1016, data: "The transaction couldn't enter the pool because of the limit" },
];

export const SUBMISSION_FAULTS: readonly SubmissionFault[] = [...COMMON_FAULTS, "cutNews", "stall"];
export const POOL_FAULTS: readonly PoolFault[] = [...COMMON_FAULTS, "drop"];
