/**
 * What must hold whatever happens, checked each time that an honest member commits, or believes a certificate:
 *
 *   - one result and one root for each step, bit for bit;
 *   - the certificate that it holds verifies, with the group before it as context;
 *   - the round keys that a certificate names for honest members are theirs;
 *   - a reducer sums each honest member's own contribution, with its own weight, at most once, and no more foreign
 *     tensors than there are hostile members;
 *   - the shares in the committed mean of an honest group say the same (see periodic_codec.ts): every member that has a part
 *     in a chunk has its samples' part of one total, and they sum to one. A hostile member may contribute anything.
 */
import type { Hotkey } from "../../src/base/transport.ts";
import type { ChunkReducer, WeightedChunk } from "../../src/codec/codec.ts";
import type { Certificate, EncodedChunks } from "../../src/allreduce/allreduce.ts";
import { planOf } from "../../src/allreduce/proposal.ts";
import type { RoundKeys } from "../../src/allreduce/round_keys.ts";
import { PeriodicReducer } from "./periodic_codec.ts";

/** f32 rounds: shares are compared to a few parts in a million. */
const TOLERANCE = 4e-6;

export interface SwarmFacts {
  /** By index: its element in each period. */
  readonly hotkeys: readonly Hotkey[];
  readonly hostile: ReadonlySet<Hotkey>;
  samplesOf(hotkey: Hotkey): number;
}

export class Safety {
  readonly violations: string[] = [];
  #facts: SwarmFacts;
  #roundKeys = new Map<Hotkey, Set<string>>();
  #results = new Map<number, { resultDigest: string; root: string; by: Hotkey }>();

  constructor(facts: SwarmFacts) {
    this.#facts = facts;
  }

  violation(text: string): void {
    if (!this.violations.includes(text)) this.violations.push(text);
  }

  committed(by: Hotkey, certificate: Certificate, root: string, chunks: EncodedChunks): void {
    const { outerStep, resultDigest } = certificate;
    const first = this.#results.get(outerStep);
    if (!first) this.#results.set(outerStep, { resultDigest, root, by });
    else if (first.resultDigest !== resultDigest) {
      this.violation(`step ${outerStep}: two results, one held by ${first.by}, another by ${by}`);
    } else if (first.root !== root) {
      this.violation(`step ${outerStep}: two roots, one held by ${first.by}, another by ${by}`);
    }
    this.#checkShares(certificate, chunks);
  }

  /** Remembers the keys that this member makes. */
  watchKeys(owner: Hotkey, keys: RoundKeys): RoundKeys {
    const made = this.#roundKeys.get(owner) ?? new Set();
    this.#roundKeys.set(owner, made);
    return {
      ...keys,
      create: () => {
        const signer = keys.create();
        made.add(signer.publicKey);
        return signer;
      },
    };
  }

  believed(by: Hotkey, { outerStep, proposal, origin }: Certificate): void {
    for (const { hotkey, roundKey } of [...proposal.members, ...origin.members]) {
      if (this.#facts.hostile.has(hotkey) || this.#roundKeys.get(hotkey)?.has(roundKey)) continue;
      this.violation(`step ${outerStep}: ${by} believes in a round key of ${hotkey} that this never made`);
    }
  }

  #checkShares({ origin, outerStep }: Certificate, chunks: EncodedChunks): void {
    const { hotkeys, hostile } = this.#facts;
    const members = origin.members.map((m) => m.hotkey);
    if (members.some((hotkey) => hostile.has(hotkey))) return;
    planOf(origin).chunks.forEach(({ index }) => {
      const shares = new Float32Array(chunks.read(index).slice().buffer);
      let sum = 0;
      let perSample: number | undefined;
      for (let i = 0; i < shares.length; i++) {
        const share = shares[i];
        if (share === 0) continue;
        const where = `step ${outerStep}, chunk ${index}`;
        if (!members.includes(hotkeys[i])) {
          this.violation(`${where}: element ${i} is ${share}, no member of the group`);
          continue;
        }
        sum += share;
        const unit = share / this.#facts.samplesOf(hotkeys[i]);
        perSample ??= unit;
        if (!(Math.abs(unit - perSample) <= TOLERANCE * perSample)) {
          this.violation(
            `${where}: ${hotkeys[i]} has ${unit} a sample, others have ${perSample}: not one mean`,
          );
        }
      }
      if (!(Math.abs(sum - 1) <= TOLERANCE)) {
        this.violation(`step ${outerStep}, chunk ${index}: shares sum to ${sum}, 1 is required`);
      }
    });
  }

  /** A reducer of an honest member that looks at what it is given. */
  watch(owner: Hotkey, reducer: ChunkReducer = new PeriodicReducer()): ChunkReducer {
    return {
      reduce: (inputs, elements) => {
        this.#checkInputs(owner, inputs);
        return reducer.reduce(inputs, elements);
      },
    };
  }

  #checkInputs(owner: Hotkey, inputs: readonly WeightedChunk[]): void {
    const { hotkeys, hostile, samplesOf } = this.#facts;
    const seen = new Set<number>();
    let foreignCount = 0;
    for (const { encoded, weight } of inputs) {
      const values = new Float32Array(encoded.slice().buffer);
      // One member's own tensor, or in a grid the mean of those of a row.
      const parts = [...values.keys()].filter((i) => values[i] !== 0);
      const isHonest = parts.length > 0 && parts.every((i) =>
        i < hotkeys.length && !hostile.has(hotkeys[i])
      ) &&
        Math.abs(parts.reduce((sum, i) => sum + values[i], 0) - 1) <= TOLERANCE;
      if (!isHonest) {
        foreignCount++;
        continue;
      }
      for (const at of parts) {
        if (seen.has(at)) this.violation(`${owner} sums ${hotkeys[at]} twice in one chunk`);
        seen.add(at);
        const counted = weight * values[at];
        const samples = samplesOf(hotkeys[at]);
        if (Math.abs(counted - samples) > TOLERANCE * weight) {
          this.violation(`${owner} weighs ${hotkeys[at]} with ${counted}, not ${samples}`);
        }
      }
    }
    if (foreignCount > hostile.size) {
      this.violation(
        `${owner} sums ${foreignCount} tensors of no honest member, ${hostile.size} are hostile`,
      );
    }
  }
}
