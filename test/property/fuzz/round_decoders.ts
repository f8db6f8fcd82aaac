/**
 * A whole `AllReduce` that hears hostile members, between rounds and inside one. Inside, a valid message goes before each
 * input, so that the round moves through its stages while it is lied to; it is begun anew when it ends, and every 64
 * inputs. Signatures count as good, as if every member were the liar.
 */
import { decode } from "cborg";
import { fromHex, sha256Sync, toHex, utf8 } from "../../../src/base/bytes.ts";
import { isSkeinError, SkeinError } from "../../../src/base/errors.ts";
import { silentLog } from "../../../src/base/log.ts";
import type { Random } from "../../../src/base/random.ts";
import type { Hotkey, Message, Transport } from "../../../src/base/transport.ts";
import { AllReduce } from "../../../src/allreduce/allreduce.ts";
import { certificateMessage, type Kind, messageType } from "../../../src/allreduce/messages.ts";
import { planOf } from "../../../src/allreduce/proposal.ts";
import { CpuReducer } from "../../../src/codec/cpu_reducer.ts";
import { f32Codec } from "../../../src/codec/f32.ts";
import { VirtualClock } from "../../simulation/virtual_clock.ts";
import { cborExamples, type Decoder, encodePlain, structuredBound } from "./decoder.ts";
import { messageIn } from "./message_in.ts";
import { mutateValue } from "./mutate_values.ts";
import {
  ballot,
  certificateOf,
  DEPS,
  digestOf,
  headersOf,
  MEMBERS,
  proposalOf,
  SHAPE,
  signature,
} from "./round_examples.ts";

/** Last in order: it leads only when both others have been silent for long. */
const SELF = MEMBERS[2];
const INPUTS_PER_ROUND = 64;
const STEP_MS = 20;
const ROUND_BYTES = 4 << 20;

type Handler = (from: Hotkey, message: Message) => unknown;

/** Calls the handlers that an `AllReduce` registers, as a peer's messages and requests would; what it sends is lost. */
class LoopTransport {
  readonly self = SELF;
  readonly #handlers = new Map<string, Handler>();
  connected = () => MEMBERS.filter((member) => member !== SELF);
  send = async () => {};
  request = async () => {
    throw new SkeinError("net/timeout", "ask a member: nobody answers here");
  };
  onPeer = () => () => {};
  traffic = () => ({ sentBytes: 0, receivedBytes: 0 });
  penalise = () => {};
  onMessage = (type: string, handler: Handler) => this.#on(type, handler);
  onRequest = (type: string, handler: Handler) => this.#on(type, handler);

  /** @throws {SkeinError} what the handler throws, or `net/no-handler` */
  async deliver(from: Hotkey, message: Message): Promise<void> {
    const handler = this.#handlers.get(message.type);
    if (handler === undefined) {
      throw new SkeinError("net/no-handler", "deliver a message: no handler of its type");
    }
    await handler(from, message);
  }

  #on(type: string, handler: Handler): () => void {
    this.#handlers.set(type, handler);
    return () => this.#handlers.delete(type);
  }
}

function allReduceOver(transport: LoopTransport, clock: VirtualClock): AllReduce {
  return new AllReduce({ ...SHAPE, tickMs: STEP_MS }, {
    transport: transport as unknown as Transport,
    signer: { hotkey: SELF, sign: () => fromHex(signature) },
    codec: f32Codec,
    reducer: new CpuReducer(f32Codec),
    clock,
    log: silentLog,
    digest: async (bytes) => sha256Sync(bytes),
    ...DEPS,
  });
}

interface Sent {
  readonly from: Hotkey;
  readonly message: Message;
}

const values = new Float32Array(SHAPE.elementCount).fill(1);

/** What the other two would send in attempts 0 and 1, in order. */
function script(): Sent[] {
  const headers = headersOf();
  return [0, 1].flatMap((attempt) => {
    const proposal = proposalOf(attempt);
    const { leader } = proposal;
    const others = MEMBERS.filter((member) => member !== SELF);
    const send = (from: Hotkey, kind: Kind, header: object, body?: Uint8Array): Sent => (
      { from, message: { type: messageType(kind), header: header as Message["header"], body } }
    );
    const { runId, outerStep, anchorRoot, codec } = proposal;
    const accepts = MEMBERS.map((hotkey) => ({ hotkey, lock: null, holds: [], signature }));
    const votes = { ...ballot(proposal), resultDigest: digestOf("result"), signature };
    const chunks = planOf(proposal).chunks.flatMap(({ index, reducer, startElement, elements }) => {
      const body = f32Codec.encode(values.subarray(startElement, startElement + elements));
      const header = { ...ballot(proposal), chunk: index, digest: toHex(sha256Sync(body)) };
      return MEMBERS[reducer] === SELF
        ? others.map((from) => send(from, "chunk", header, body))
        : [send(MEMBERS[reducer], "result", { ...header, seal: signature }, body)];
    });
    return [
      ...others.map((hotkey) => {
        const offer = proposal.members.find((member) => member.hotkey === hotkey)!;
        return send(hotkey, "ready", { runId, outerStep, anchorRoot, codec, ...offer });
      }),
      send(leader, "propose", { proposal, signature }),
      send(leader, "begin", { ...ballot(proposal), accepts, lock: null }),
      ...chunks,
      ...others.flatMap((from) => [send(from, "vote", votes), send(from, "commit", votes)]),
      send(others[0], "seals", headers.seals[0] as object),
      send(others[0], "complaint", headers.complaint[0] as object),
    ];
  });
}

/** Every kind of message as it is, those that may be long also packed into the body. */
function examples(): Uint8Array[] {
  const plain = Object.entries(headersOf()).flatMap(([kind, headers]) =>
    headers.flatMap((header) => {
      const packed = utf8(JSON.stringify(header));
      const type = messageType(kind as Kind);
      return [{ type, header }, { type, header: { packedBytes: packed.length }, body: packed }];
    })
  );
  const certificates = [0, 1].map((attempt) => certificateOf(proposalOf(attempt), proposalOf(0)));
  const scripted = script().map(({ message }) => message);
  return cborExamples([...plain, ...certificates.map(certificateMessage), ...scripted]);
}

/** By the length, so that the bytes of a message stay what they are. */
function senderOf(input: Uint8Array, script: readonly Sent[]): Hotkey {
  return script[input.length % script.length].from;
}

class LiedToRound {
  readonly #script = script();
  #transport = new LoopTransport();
  #clock = new VirtualClock();
  #stop = new AbortController();
  #isOver = true;
  #inputs = 0;
  #failure: unknown;

  async hear(input: Uint8Array): Promise<void> {
    if (this.#isOver || this.#inputs % INPUTS_PER_ROUND === 0) this.#begin();
    const { from, message } = this.#script[this.#inputs++ % this.#script.length];
    await this.#transport.deliver(from, message).catch((error) => {
      if (!isSkeinError(error)) throw error;
    });
    await this.#clock.advance(() => false, this.#clock.nowMs() + STEP_MS);
    const refusal = await this.#transport.deliver(senderOf(input, this.#script), messageIn(input))
      .then(() => undefined, (error) => error);
    await this.#clock.advance(() => false, this.#clock.nowMs());
    const thrown = this.#failure ?? refusal;
    if (thrown !== undefined) throw thrown;
  }

  #begin(): void {
    this.#stop.abort(new SkeinError("allreduce/aborted", "begin the round anew"));
    this.#inputs = 0;
    this.#transport = new LoopTransport();
    this.#clock = new VirtualClock();
    const stop = this.#stop = new AbortController();
    this.#isOver = false;
    const offer = proposalOf(0).members[2];
    allReduceOver(this.#transport, this.#clock).run({
      ...offer,
      outerStep: 3,
      anchorRoot: digestOf("anchor"),
      values,
      previousMembers: MEMBERS,
      deadlineBlock: 200,
      block: () => offer.block,
      expected: () => MEMBERS,
    }, stop.signal).then(() => undefined, (error) => error).then((error) => {
      if (stop !== this.#stop) return;
      this.#isOver = true;
      this.#failure = error;
    });
  }
}

export function roundDecoders(): Decoder[] {
  const idle = new LoopTransport();
  allReduceOver(idle, new VirtualClock());
  const round = new LiedToRound();
  const stock = examples();
  const messages = stock.map((example) => decode(example));
  const shared = {
    format: "cbor",
    examples: stock,
    // Random bytes would never come as far as a handler: well-formed messages with something odd in them.
    random: (random: Random) =>
      encodePlain(mutateValue(messages[random.nextBelow(messages.length)], random, false)),
  } as const;
  return [
    {
      ...shared,
      share: 0.1,
      name: "allreduce: messages between rounds",
      decode: (input) => idle.deliver(MEMBERS[input.length % 2], messageIn(input)),
      allocationBytes: structuredBound(),
    },
    {
      ...shared,
      share: 0.02,
      name: "allreduce: messages in a round",
      decode: (input) => round.hear(input),
      allocationBytes: structuredBound(ROUND_BYTES),
    },
  ];
}
