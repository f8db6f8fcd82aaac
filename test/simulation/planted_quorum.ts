/** A planted bug (see plants.ts): a third of the group is taken for a quorum. */
export * from "../../src/allreduce/quorum.ts";

export const quorumOf = (memberCount: number): number => Math.max(1, Math.floor(memberCount / 3));
