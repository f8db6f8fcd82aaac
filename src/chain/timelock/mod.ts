/** Weights that stay secret until an epoch is over: commits by hash, messages locked to a round of a beacon, and when they open. */
export {
  type Beacon,
  beaconPublicKey,
  isRoundSignature,
  QUICKNET,
  roundAt,
  SECRET_KEY_BYTES,
  SIGNATURE_BYTES,
  signRound,
} from "./beacon.ts";
export { MAX_CIPHERTEXT_BYTES, MAX_MESSAGE_BYTES } from "./ciphertext.ts";
export {
  blocksOfEpoch,
  epochOf,
  type EpochSchedule,
  firstBlockOfEpoch,
  firstRevealBlock,
  INGEST_ROUNDS,
  revealRound,
  type RevealTiming,
} from "./reveal_round.ts";
export { type LockOptions, timelockDecrypt, timelockEncrypt } from "./timelock.ts";
export {
  decodeWeightsPayload,
  encodeWeightsPayload,
  weightsCommitHash,
  type WeightsToCommit,
} from "./weights_payload.ts";
