/** Fields of commitments that are locked to a round: opened in the first block that has the round's pulse. */
import { compareBytes } from "../../../base/bytes.ts";
import { isSkeinError } from "../../../base/errors.ts";
import { timelockDecrypt } from "../../timelock/mod.ts";
import {
  type CommitmentData,
  CommitmentOf,
  RevealedCommitments,
  TimelockedIndex,
} from "./commitment_types.ts";
import { pulseOf } from "./drand.ts";
import type { CallContext } from "./pallet.ts";
import type { TypedState } from "./typed_state.ts";

const KEPT_REVEALS = 10;
type Member = [netuid: number, who: Uint8Array];

/** Remembers, or no longer, that the neuron has a locked field. */
export function indexLocked(state: TypedState, netuid: number, who: Uint8Array, hasLocked: boolean): void {
  const index = state.get(TimelockedIndex);
  const position = index.findIndex((each) => compareMembers(each, [netuid, who]) >= 0);
  const at = position < 0 ? index.length : position;
  const isThere = at < index.length && compareMembers(index[at], [netuid, who]) === 0;
  if (hasLocked === isThere) return;
  state.set(TimelockedIndex, hasLocked ? index.toSpliced(at, 0, [netuid, who]) : index.toSpliced(at, 1));
}

const compareMembers = (a: Member, b: Member): number => a[0] - b[0] || compareBytes(a[1], b[1]);

/** In each block. What does not open is dropped. @param onRevealed once for each field */
export function revealLockedFields(
  context: CallContext,
  onRevealed: (netuid: number, who: Uint8Array) => void,
): void {
  for (const [netuid, who] of context.state.get(TimelockedIndex)) {
    reveal(context, netuid, who, () => onRevealed(netuid, who));
  }
}

function reveal(context: CallContext, netuid: number, who: Uint8Array, onRevealed: () => void): void {
  const { state, blockNumber } = context;
  const commitment = state.get(CommitmentOf, netuid, who);
  if (!commitment) return indexLocked(state, netuid, who, false);
  const kept: CommitmentData[] = [];
  const revealed: [Uint8Array, bigint][] = [];
  for (const field of commitment.info.fields) {
    const pulse = isLocked(field) ? pulseOf(context, field.value.reveal_round) : undefined;
    if (!pulse) {
      kept.push(field);
      continue;
    }
    const opened = tryOpen(field.value.encrypted, pulse.signature);
    if (opened.byteLength > 0) revealed.push([opened, BigInt(blockNumber)]);
  }
  if (kept.length === commitment.info.fields.length) return;
  if (revealed.length > 0) {
    const earlier = state.get(RevealedCommitments, netuid, who) ?? [];
    state.set(RevealedCommitments, [...earlier, ...revealed].slice(-KEPT_REVEALS), netuid, who);
    revealed.forEach(onRevealed);
  }
  if (kept.length === 0) state.remove(CommitmentOf, netuid, who);
  else state.set(CommitmentOf, { ...commitment, info: { fields: kept } }, netuid, who);
  if (!kept.some(isLocked)) indexLocked(state, netuid, who, false);
}

const isLocked = ({ name }: CommitmentData) => name === "TimelockEncrypted";

function tryOpen(message: Uint8Array, signature: Uint8Array): Uint8Array {
  try {
    return timelockDecrypt(message, signature);
  } catch (error) {
    if (isSkeinError(error, "chain/bad-timelock")) return new Uint8Array();
    throw error;
  }
}
