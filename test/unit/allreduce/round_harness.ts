/** Round machines of honest members, wired together without a network; a test speaks for those who lie. */
import { sha256Sync, toHex, utf8 } from "../../../src/base/bytes.ts";
import { isSkeinError } from "../../../src/base/errors.ts";
import type { Hotkey } from "../../../src/base/transport.ts";
import { DEFAULT_TIMEOUTS } from "../../../src/allreduce/allreduce.ts";
import { resultDigestOf } from "../../../src/allreduce/certificate.ts";
import { acceptPayload, type Lock, type RoundLock, summaryOf } from "../../../src/allreduce/lock.ts";
import { orderCandidates } from "../../../src/allreduce/order.ts";
import { bareOffer } from "../../../src/allreduce/outline.ts";
import { Pace } from "../../../src/allreduce/pace.ts";
import {
  planOf,
  type Proposal,
  proposalDigest,
  type Ready,
  readyPayload,
  type RunShape,
} from "../../../src/allreduce/proposal.ts";
import { RoundMachine, type RoundMachineDeps } from "../../../src/allreduce/round_machine.ts";
import type { RoundAction, RoundEvent } from "../../../src/allreduce/round_types.ts";
import { Suspicions } from "../../../src/allreduce/suspicions.ts";
import { votePayload } from "../../../src/allreduce/votes.ts";
import { fakeRoundCheck, fakeRoundSigner, fakeSigner, fakeVerify } from "../../simulation/fake_signer.ts";

const ELEMENTS = 12 * 1024;
export const SHAPE: RunShape = {
  runId: "11".repeat(32),
  seed: "s",
  codec: "u8",
  elementCount: ELEMENTS,
  chunkElements: 1024,
  minGroup: 1,
  samplesPerInnerStep: 1,
  maxInnerSteps: 10,
};
export const TERMS = { runId: SHAPE.runId, outerStep: 1, anchorRoot: "22".repeat(32), codec: SHAPE.codec };

/** Each member has one in all rounds here. */
export const roundKeyOf = (hotkey: Hotkey): string => toHex(sha256Sync(utf8(hotkey)));

export const signWith = (roundKey: string, payload: Uint8Array) =>
  toHex(fakeRoundSigner(roundKey).sign(payload));
export const signAs = (hotkey: Hotkey, payload: Uint8Array) => signWith(roundKeyOf(hotkey), payload);

export function readyOf(hotkey: Hotkey, innerSteps = 1, outerStep = 1, roundKey = roundKeyOf(hotkey)): Ready {
  const terms = { ...TERMS, outerStep };
  const offer = {
    hotkey,
    innerSteps,
    samples: innerSteps,
    bandwidthBytesPerSec: 1e6,
    waypointDigest: "33".repeat(32),
    block: 0,
    roundKey,
  };
  return { ...terms, ...offer, signature: toHex(fakeSigner(hotkey).sign(readyPayload(terms, offer))) };
}

export function proposalOf(
  attempt: number,
  leader: Hotkey,
  members: readonly Hotkey[],
  keyOf: (hotkey: Hotkey) => string = roundKeyOf,
): Proposal {
  return {
    ...TERMS,
    attempt,
    leader,
    block: 0,
    elementCount: ELEMENTS,
    chunkElements: 1024,
    members: orderCandidates(SHAPE.seed, 1, members).map((hotkey) =>
      bareOffer(readyOf(hotkey, 1, 1, keyOf(hotkey)))
    ),
  };
}

/** A result of a proposal, and the lock on it that `voters` signed with the keys that it names. */
export function lockOn(proposal: Proposal, voters: readonly Hotkey[], byte = "ab") {
  const chunkDigests = byte.repeat(32 * planOf(proposal).chunks.length);
  const resultDigest = resultDigestOf(proposalDigest(proposal), chunkDigests);
  const payload = votePayload("vote", {
    ...proposal,
    proposalDigest: proposalDigest(proposal),
    resultDigest,
  });
  const votes = voters.map((hotkey) => {
    const { roundKey } = proposal.members.find((member) => member.hotkey === hotkey)!;
    return { hotkey, signature: signWith(roundKey, payload) };
  });
  return { chunkDigests, resultDigest, proposal, votes };
}

interface Post {
  readonly from: Hotkey;
  readonly to: Hotkey;
  readonly type: string;
  readonly header: unknown;
}

export interface Start {
  readonly lock?: RoundLock;
  readonly held?: ReadonlyMap<string, string>;
}

export class RoundHarness {
  readonly machines = new Map<Hotkey, RoundMachine>();
  readonly suspicions = new Map<Hotkey, Suspicions>();
  readonly offences: { readonly by: Hotkey; readonly code: string }[] = [];
  readonly events: { readonly at: Hotkey; readonly event: string; readonly suspects?: unknown }[] = [];
  /** What a liar hears. */
  onLiar: (post: Post & { header: any }) => void = () => {};
  readonly #honest: readonly Hotkey[];
  readonly #liars: readonly Hotkey[];
  #queue: Post[] = [];
  #nowMs = 0;

  /** @param registered who may take part now; by default all of them */
  constructor(
    honest: readonly Hotkey[],
    liars: readonly Hotkey[],
    starts: (hotkey: Hotkey) => Start = () => ({}),
    {
      previous = [...honest, ...liars],
      registered = [...honest, ...liars],
      depsOf = (_hotkey: Hotkey): Partial<RoundMachineDeps> => ({}),
    } = {},
  ) {
    this.#honest = honest;
    this.#liars = liars;
    const all = [...honest, ...liars];
    const before = new Set([...previous, ...all]);
    for (const hotkey of honest) {
      const suspicions = new Suspicions();
      this.suspicions.set(hotkey, suspicions);
      const machine = new RoundMachine(
        {
          shape: SHAPE,
          sizes: { contribution: (elements) => 4 * elements, result: (elements) => 4 * elements },
          ready: readyOf(hotkey),
          previousMembers: previous,
          deadlineBlock: 1000,
          recoveryBlocks: 30,
          live: all.filter((other) => other !== hotkey),
          ...starts(hotkey),
        },
        {
          roundSigner: fakeRoundSigner(roundKeyOf(hotkey)),
          roundKeys: fakeRoundCheck,
          verify: fakeVerify,
          suspicions,
          pace: new Pace(DEFAULT_TIMEOUTS),
          isMember: (other) => registered.includes(other),
          wasMember: (other) => before.has(other),
          ...depsOf(hotkey),
        },
        0,
      );
      this.machines.set(hotkey, machine);
      this.#perform(hotkey, machine.start());
      for (const liar of liars) this.post(liar, hotkey, "ready", readyOf(liar));
    }
    this.#deliver();
  }

  post(from: Hotkey, to: Hotkey, type: string, header: unknown): void {
    this.#queue.push({ from, to, type, header });
  }

  /** What a liar answers to a proposal that it accepts. */
  acceptAs(liar: Hotkey, proposal: Proposal, full: Lock | null, holds: readonly string[] = []): void {
    const { runId, outerStep, attempt } = proposal;
    const ballot = { runId, outerStep, attempt, proposalDigest: proposalDigest(proposal) };
    const lock = full && summaryOf(full);
    const signature = signAs(liar, acceptPayload(ballot, { lock, holds }));
    this.post(liar, proposal.leader, "accept", { ...ballot, lock, holds, full, signature });
  }

  /** Virtual milliseconds in half seconds; fetches of what `chunkDigests` has succeed. */
  advance(ms: number, chunkDigests: ReadonlyMap<string, string> = new Map()): void {
    for (const endMs = this.#nowMs + ms; this.#nowMs < endMs;) {
      this.#nowMs += 500;
      for (const hotkey of this.#honest) {
        const expected = [...this.#honest, ...this.#liars];
        this.feed(hotkey, hotkey, { type: "tick", nowMs: this.#nowMs, block: 0, expected });
      }
      this.#deliver();
      for (const [hotkey, digest] of this.#fetches.splice(0)) {
        const digests = chunkDigests.get(digest);
        const event: RoundEvent = digests === undefined
          ? { type: "fetch-failed", resultDigest: digest }
          : { type: "fetched", resultDigest: digest, chunkDigests: digests };
        this.feed(hotkey, hotkey, event);
      }
      this.#deliver();
    }
  }

  feed(to: Hotkey, from: Hotkey, event: RoundEvent): void {
    const machine = this.machines.get(to)!;
    try {
      this.#perform(to, machine.handle(event));
    } catch (error) {
      if (!isSkeinError(error)) throw error;
      this.offences.push({ by: from, code: error.code });
      this.#perform(to, machine.take());
    }
  }

  readonly #fetches: [Hotkey, string][] = [];

  #perform(from: Hotkey, actions: readonly RoundAction[]): void {
    for (const action of actions) {
      if (action.type === "send") {
        const everybody = [...this.#honest, ...this.#liars].filter((other) => other !== from);
        for (const to of action.to === "all" ? everybody : action.to) {
          this.post(from, to, action.kind, structuredClone(action.header));
        }
      } else if (action.type === "fetch") this.#fetches.push([from, action.resultDigest]);
      else if (action.type === "emit") this.events.push({ at: from, ...action.event } as never);
    }
  }

  #deliver(): void {
    for (let post = this.#queue.shift(); post; post = this.#queue.shift()) {
      const { from, to, type, header } = post;
      if (this.#liars.includes(to)) this.onLiar(post as never);
      else if (this.machines.has(to)) this.feed(to, from, { type, from, header } as never);
    }
  }
}
