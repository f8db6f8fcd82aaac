/**
 * A reducer signs the span that it has sent: its *seal*. Members that hold different results for one attempt show each
 * other their seals, and then either two seals of one reducer differ, which proves that it sent different bytes to
 * different members, or somebody voted for what it cannot have received.
 */
import { fromHex, sha256Sync, toHex, utf8 } from "../base/bytes.ts";
import type { Hotkey } from "../base/transport.ts";
import type { Offer } from "./proposal.ts";
import type { RoundKeyCheck } from "./round_keys.ts";

export interface SpanSeal {
  /** Of the span's chunk digests, hex. */
  readonly spanDigest: string;
  readonly seal: string;
}

/** @param chunkDigests hex, in element order */
export function spanDigestOf(chunkDigests: readonly string[]): string {
  return toHex(sha256Sync(utf8(`skein/span/1\n${chunkDigests.join("")}`)));
}

/** Bytes that the reducer signs. */
export const sealPayload = (proposalDigest: string, spanDigest: string): Uint8Array =>
  utf8(`skein/seal/1\n${proposalDigest}\n${spanDigest}`);

/** The seals that one member holds in one attempt, by reducer. */
export class Seals {
  readonly #proposalDigest: string;
  readonly #members: readonly Offer[];
  readonly #roundKeys: RoundKeyCheck;
  readonly #held = new Map<number, SpanSeal>();

  /** @param members the offers of the proposal, checked */
  constructor(proposalDigest: string, members: readonly Offer[], roundKeys: RoundKeyCheck) {
    this.#proposalDigest = proposalDigest;
    this.#members = members;
    this.#roundKeys = roundKeys;
  }

  /** @returns whether the reducer did sign it */
  add(reducer: number, seal: SpanSeal): boolean {
    if (!this.#isSigned(reducer, seal)) return false;
    this.#held.set(reducer, seal);
    return true;
  }

  of(reducer: number): SpanSeal | undefined {
    return this.#held.get(reducer);
  }

  /** In the group's order; null where there is nothing to reduce. */
  list(): (SpanSeal | null)[] {
    return this.#members.map((_, reducer) => this.#held.get(reducer) ?? null);
  }

  /** Reducers of which `theirs` holds another seal than we do. */
  equivocators(theirs: readonly (SpanSeal | null)[]): Hotkey[] {
    const twice = this.#members.filter((_, reducer) => {
      const ours = this.#held.get(reducer);
      const other = theirs[reducer];
      return ours && other && other.spanDigest !== ours.spanDigest && this.#isSigned(reducer, other);
    });
    return twice.map(({ hotkey }) => hotkey);
  }

  #isSigned(reducer: number, { spanDigest, seal }: SpanSeal): boolean {
    const payload = sealPayload(this.#proposalDigest, spanDigest);
    return this.#roundKeys.verify(this.#members[reducer].roundKey, payload, fromHex(seal));
  }
}
