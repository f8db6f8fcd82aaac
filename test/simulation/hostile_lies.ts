/**
 * What hostile members do to the messages that their honest half would send: change, forge, double, withhold. Each lie works
 * alone, and several together. The rest is in how the honest half is run (see hostile_member.ts).
 */
import { sha256Sync, toHex } from "../../src/base/bytes.ts";
import type { Message } from "../../src/base/transport.ts";
import { type Header, type Kind, messageType } from "../../src/allreduce/messages.ts";
import type { Proposal, Ready } from "../../src/allreduce/proposal.ts";
import type { Fault } from "./faults.ts";
import { type Forger, kindOf, openMessage } from "./hostile_forgery.ts";

/** What goes to one receiver instead, or undefined to let it pass. `isOther`: the half that is told another story. */
type Lie = (forger: Forger, kind: string, message: Message, isOther: boolean) => Message[] | undefined;

const HUGE = 2 ** 30;
const isBulk = (message: Message) => /\/(chunk|result)\//.test(message.type) && message.body !== undefined;
const isBallot = (kind: string): kind is "vote" | "commit" => kind === "vote" || kind === "commit";
const withHeader = (message: Message, header: object): Message => ({
  ...message,
  header: header as Message["header"],
});
const also = (kind: Kind, header: object): Message => ({
  type: messageType(kind),
  header: header as Message["header"],
});

const lying: Record<string, Lie> = {
  "corrupt-chunks": (f, _kind, message) => {
    if (!isBulk(message) || !f.isOneIn(3)) return;
    const body = message.body!.slice();
    body[f.random.nextBelow(body.byteLength)] ^= 1 + f.random.nextBelow(255);
    return [{ ...message, body: f.isOneIn(4) ? body.subarray(1) : body }];
  },
  "nan-chunks": (f, _kind, message) => {
    if (!isBulk(message) || !f.isOneIn(3)) return;
    const body = message.body!.slice();
    new DataView(body.buffer).setFloat32(0, f.isOneIn(2) ? NaN : Infinity, true);
    return [{ ...withHeader(message, { ...message.header, digest: toHex(sha256Sync(body)) }), body }];
  },
  "wrong-digests": (f, _kind, message) => {
    if (!isBulk(message) || !f.isOneIn(3)) return;
    return [withHeader(message, { ...message.header, digest: f.digest() })];
  },
  "false-complaints": (f, _kind, message) => {
    if (!isBulk(message) || !f.isOneIn(4) || !f.lastProposal) return;
    const { runId, outerStep, attempt, proposalDigest } = message.header as unknown as Header<"chunk">;
    const members = f.lastProposal.members.map((m) => m.hotkey);
    const suspects = members.filter(() => f.isOneIn(3)).concat(members[0]);
    return [message, also("complaint", { runId, outerStep, attempt, proposalDigest, suspects })];
  },
  "invented-locks": (f, kind, message) => {
    if (kind !== "accept" || !f.isOneIn(2)) return;
    const accept = message.header as unknown as Header<"accept">;
    const attempts = [0, accept.attempt - 1, accept.attempt, accept.attempt + 5, HUGE];
    const lock = f.inventLock(Math.max(0, attempts[f.random.nextBelow(attempts.length)]));
    const holds = lock && f.isOneIn(2) ? [lock.resultDigest] : [];
    return [withHeader(message, f.accept(accept, lock, holds))];
  },
  "forgotten-locks": (f, kind, message) => {
    if (kind !== "accept") return;
    return [withHeader(message, f.accept(message.header as unknown as Header<"accept">, null, []))];
  },
  // Says that it holds what it does not serve.
  "empty-holds": (f, kind, message) => {
    if (kind !== "accept") return;
    const accept = message.header as unknown as Header<"accept">;
    return [withHeader(message, f.accept(accept, accept.full, [f.digest(), ...accept.holds].slice(0, 4)))];
  },
  "wrong-votes": (f, kind, message) => {
    if (!isBallot(kind) || !f.isOneIn(2)) return;
    return [withHeader(message, f.vote(kind, message.header as unknown as Header<"vote">, f.digest()))];
  },
  "early-commits": (f, kind, message) => {
    if (kind !== "vote") return;
    const vote = message.header as unknown as Header<"vote">;
    return [message, also("commit", f.vote("commit", vote, vote.resultDigest))];
  },
  "withheld-votes": (f, kind) => isBallot(kind) && f.isOneIn(2) ? [] : undefined,
  "wrong-seals": (f, kind, message) => {
    if (kind !== "seals" || !f.isOneIn(2)) return;
    const { spans, ...ballot } = message.header as unknown as Header<"seals">;
    const seal = "00".repeat(64);
    return [withHeader(message, { ...ballot, spans: spans.map((span) => span && { ...span, seal }) })];
  },
  "withheld-results": (f, kind) => kind === "result" && f.isOneIn(4) ? [] : undefined,
  "withheld-begins": (f, kind) => kind === "begin" && f.isOneIn(3) ? [] : undefined,
  "wrong-refusals": (f, kind, message) => {
    if (kind !== "accept" || !f.isOneIn(3)) return;
    const { runId, outerStep, attempt, proposalDigest } = message.header as unknown as Header<"accept">;
    const promised = f.isOneIn(2) ? HUGE : attempt + f.random.nextBelow(64);
    return [also("refuse", { runId, outerStep, attempt, proposalDigest, promised, reason: "promised" })];
  },
  garbage: (f, _kind, message) => {
    if (!f.isOneIn(6)) return;
    const keys = Object.keys(message.header);
    const key = keys[f.random.nextBelow(keys.length)];
    const values = [null, -1, "", [], {}, 1e300, "x".repeat(1000)];
    const broken = { ...message.header, [key]: values[f.random.nextBelow(values.length)] };
    return [message, withHeader(message, broken)];
  },
};

const equivocating: Record<string, Lie> = {
  "two-readies": (f, kind, message, isOther) => {
    if (kind !== "ready" || !isOther) return;
    return [
      withHeader(
        message,
        f.ready(message.header as unknown as Ready, { samples: 9, innerSteps: 9 }),
      ),
    ];
  },
  "two-proposals": (f, kind, message, isOther) => {
    if (kind !== "propose" || !isOther) return;
    const proposal = message.header.proposal as Proposal;
    const others = proposal.members.filter((m) => m.hotkey !== f.self);
    const left = f.isOneIn(2) ? others[f.random.nextBelow(others.length)] : undefined;
    const members = proposal.members.filter((m) => m !== left);
    return [withHeader(message, f.proposal({ ...proposal, block: proposal.block + 1, members }))];
  },
  "two-results": (f, kind, message, isOther) => {
    if (kind !== "result" || !isOther || !isBulk(message) || message.body!.byteLength % 4 !== 0) return;
    const { proposalDigest, chunk } = message.header as unknown as Header<"result">;
    const values = new Float32Array(message.body!.slice().buffer);
    // The same other story to everybody of the other half.
    values[0] += 1;
    const body = new Uint8Array(values.buffer);
    const told = toHex(sha256Sync(body));
    const known = message.header.digest as string;
    f.resultsOf(proposalDigest).set(chunk, { known, told });
    const seal = message.header.seal && f.seal(proposalDigest);
    return [{ ...withHeader(message, { ...message.header, digest: told, seal }), body }];
  },
  "two-votes": (f, kind, message, isOther) => {
    if (!isBallot(kind) || !isOther) return;
    const vote = message.header as unknown as Header<"vote">;
    return [withHeader(message, f.vote(kind, vote, f.toldResultDigest(vote.proposalDigest)))];
  },
};

export const LIES: Readonly<Record<string, Lie>> = { ...lying, ...equivocating };

export interface Behaviour {
  readonly name: string;
  readonly kind: Extract<Fault, "lying" | "equivocating">;
}

/** Those that hostile_member.ts does by itself. */
const OTHER_LYING = [
  "future-certificates",
  "lonely-certificates",
  "future-blocks",
  "huge-offers",
  "huge-values",
];
const OTHER_EQUIVOCATING = ["twins", "replays"];

export const BEHAVIOURS: readonly Behaviour[] = [
  ...[...Object.keys(lying), ...OTHER_LYING].map((name) => ({ name, kind: "lying" as const })),
  ...[...Object.keys(equivocating), ...OTHER_EQUIVOCATING].map((name) => ({
    name,
    kind: "equivocating" as const,
  })),
];

/** @param names of behaviours, in order */
export function tell(
  forger: Forger,
  names: readonly string[],
  message: Message,
  isOther: boolean,
): readonly Message[] {
  let messages: Message[] = [openMessage(message)];
  for (const name of names) {
    const lie = LIES[name];
    if (lie) messages = messages.flatMap((m) => lie(forger, kindOf(m), m, isOther) ?? [m]);
  }
  return messages;
}
