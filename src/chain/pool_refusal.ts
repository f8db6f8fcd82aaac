/**
 * The pool's answers to a submission that mean "not now, not with this nonce": the extrinsic was not taken, and the call may be
 * signed anew. Codes of Substrate's author RPC; wording differs between nodes.
 */
export interface PoolAnswer {
  readonly code?: number;
  readonly message: string;
}

const INVALID = 1010;
const UNKNOWN_VALIDITY = 1011;
const BANNED = 1012;
const ALREADY_IMPORTED = 1013;
const LOW_PRIORITY = 1014;
const POOL_FULL = 1016;

/** A bad proof shows after a runtime upgrade that we have yet to hear of; one that stays is a fault. */
const BAD_PROOF_ATTEMPTS = 3;
/** A node that cannot tell now may be able to in a second or two; one that never can has another reason, which is to be told. */
const UNKNOWN_ATTEMPTS = 6;

/** @param attempt how many signatures of this call were refused before */
export function isContention(error: PoolAnswer, attempt: number): boolean {
  switch (error.code) {
    case LOW_PRIORITY:
    case BANNED:
    case POOL_FULL:
      return true;
    case UNKNOWN_VALIDITY:
      return attempt < UNKNOWN_ATTEMPTS;
    case INVALID:
      if (/outdated|stale|ancient|birth block/i.test(error.message)) return true;
      return isBadProof(error) && attempt < BAD_PROOF_ATTEMPTS;
  }
  return false;
}

/** What a signature for a runtime that was is to the runtime that is. */
export function isBadProof(error: PoolAnswer): boolean {
  return error.code === INVALID && /bad ?proof|bad signature/i.test(error.message);
}

/** The very bytes are in the pool: as good as taken. */
export function isAlreadyInPool(error: PoolAnswer): boolean {
  return error.code === ALREADY_IMPORTED;
}

/** A refusal that the very bytes bring about, too, when a copy of them is on chain already. */
export function maySpeakOfCopy(error: PoolAnswer): boolean {
  return error.code === INVALID || error.code === BANNED;
}
