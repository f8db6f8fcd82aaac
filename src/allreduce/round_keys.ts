/**
 * Round keys. A hotkey's signature costs a millisecond to check, and a round has dozens for each member. So a hotkey signs
 * one thing a round, its ready, and the ready names a key made for it alone, which signs all that follows: proposal,
 * accept, seals, votes, commits.
 *
 * Why that proves as much. Whatever a round key signs is about one proposal, by digest or as its content, and is checked
 * with the key that the signer's offer in that very proposal names: the digest covers the offers with their keys, so a
 * signature made under one offer of a member stands for nothing under another. And nothing rests on a proposal before the
 * hotkey signatures of its offers are checked (`checkProposal`): when a member accepts it, in each lock that is shown, in
 * each certificate, of both ballot and origin; a leader takes its offers from readies that it has checked. So each
 * signature leads back to a hotkey, and a certificate still proves itself, to anybody, at any time.
 *
 * Who restarts makes a new key with its new ready: it accepts no proposal that names the old one, and what it signed before
 * is checked with the old one, in the proposal where it stands. A liar may name a key that it cannot use, that others can,
 * or that is another member's: then others speak for it, and it for nobody.
 */
import { fromHex } from "../base/bytes.ts";
import type { Hotkey } from "../base/transport.ts";
import { memberIndexOf, type Proposal } from "./proposal.ts";

/** The private half stays in here, and dies with the round. */
export interface RoundSigner {
  /** Hex, 64 digits. */
  readonly publicKey: string;
  /** @returns 64 bytes */
  sign(message: Uint8Array): Uint8Array;
}

/** Ed25519, synchronous, so that state machines can use it. */
export interface RoundKeys {
  /** From fresh randomness each time. */
  create(): RoundSigner;
  /** False on a forged signature and on anything that is no key or no signature. @param roundKey hex, 64 digits */
  verify(roundKey: string, message: Uint8Array, signature: Uint8Array): boolean;
}

export type RoundKeyCheck = Pick<RoundKeys, "verify">;

/** Is it by the key that this member's offer names? Says nothing of whether the offer is the member's: see above. */
export function isSignedIn(
  proposal: Proposal,
  hotkey: Hotkey,
  payload: Uint8Array,
  signature: string,
  roundKeys: RoundKeyCheck,
): boolean {
  const offer = proposal.members[memberIndexOf(proposal, hotkey)];
  return offer !== undefined && roundKeys.verify(offer.roundKey, payload, fromHex(signature));
}
