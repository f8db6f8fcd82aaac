/**
 * What arrives on a connection before and after the hello, and in the DHT. Signatures count as good, so that what stands
 * behind them is reached; one decoder of the hello checks them for real, at a fraction of the inputs.
 */
import { fromHex } from "../../../src/base/bytes.ts";
import type { Random } from "../../../src/base/random.ts";
import { cryptoReady, devAccount, verifySignature } from "../../../src/chain/wallet/wallet.ts";
import { encodeRecord, RecordBook, recordKey } from "../../../src/net/record.ts";
import { decodeCborMap } from "../../../src/net/cbor.ts";
import { CHANNEL_REQUEST, offerOf, TOKEN_BYTES } from "../../../src/net/channel_offer.ts";
import { messageOf } from "../../../src/net/dispatch.ts";
import { netError } from "../../../src/net/errors.ts";
import {
  type ByteSource,
  decodeFramePrefix,
  DEFAULT_MAX_BODY_BYTES,
  encodeFrameHead,
  MAX_HEADER_BYTES,
  readFrame,
} from "../../../src/net/frame.ts";
import { refusalError } from "../../../src/net/gatekeeper.ts";
import { checkHello, type HelloRules, parseHello, PROTOCOL_VERSION } from "../../../src/net/hello.ts";
import { TlsPipe } from "../../../src/net/tls_pipe.ts";
import { cborExamples, type Decoder, flatBound, structuredBound } from "./decoder.ts";
import { randomBytes, randomLength } from "./mutate_bytes.ts";

const LIMITS = { maxHeaderBytes: MAX_HEADER_BYTES, maxBodyBytes: DEFAULT_MAX_BODY_BYTES };
const RUN_ID = "ab".repeat(32);
const PEER_ID = "12D3KooWAbcdefghijkmnopqrstuvwxyz123456789ABCDEFGHJ";
const NOW_MS = 1_700_000_000_000;
const CLOCK = { nowMs: () => NOW_MS } as never;

/** Gives what it has as the stream reader does: it makes room for what was asked before that has come. */
class MemorySource implements ByteSource {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  async read(count: number): Promise<Uint8Array | null> {
    const piece = new Uint8Array(count);
    const left = this.#bytes.subarray(this.#at, this.#at + count);
    if (left.length === 0) return null;
    if (left.length < count) throw netError("net/frame-truncated", "read: the input ended");
    piece.set(left);
    this.#at += count;
    return piece;
  }
}

function frame(kind: "message" | "request" | "error", header: Record<string, unknown>, body: Uint8Array) {
  const head = encodeFrameHead(kind, header, body.length, LIMITS);
  const whole = new Uint8Array(head.length + body.length);
  whole.set(head);
  whole.set(body, head.length);
  return whole;
}

/** Random bytes behind a prefix that is in order. */
function randomFrame(random: Random): Uint8Array {
  const rest = randomBytes(random, randomLength(random));
  const bytes = new Uint8Array(12 + rest.length);
  bytes.set([0x53, 0x4b, 1, random.nextBelow(6)]);
  const view = new DataView(bytes.buffer);
  view.setUint32(
    4,
    random.nextBelow(2) === 0 ? random.nextU32() >>> random.nextBelow(32) : rest.length,
    true,
  );
  view.setUint32(8, random.nextU32() >>> random.nextBelow(32), true);
  bytes.set(rest, 12);
  return bytes;
}

/** A TLS connection that gives the input in records of up to `recordBytes`. */
function connectionOf(input: Uint8Array, recordBytes: number): Deno.TlsConn {
  let at = 0;
  return {
    async read(into: Uint8Array) {
      const piece = input.subarray(at, at + Math.min(recordBytes, into.length));
      at += piece.length;
      into.set(piece);
      return piece.length === 0 ? null : piece.length;
    },
    close() {},
  } as unknown as Deno.TlsConn;
}

/** As a listener reads a channel: the token, then frames, those with an even length into places that are theirs alone. */
async function readChannel(input: Uint8Array): Promise<number> {
  const pipe = new TlsPipe(connectionOf(input, 1 + 97 * (input[0] ?? 0)));
  if (await pipe.read(TOKEN_BYTES) === null) return 0;
  const place = (_: unknown, bytes: number) => bytes % 2 === 0 ? new Uint8Array(bytes) : undefined;
  let count = 0;
  while (await readFrame(pipe, LIMITS, undefined, undefined, place) !== null) count++;
  return count;
}

async function readFrames(input: Uint8Array): Promise<number> {
  const source = new MemorySource(input);
  let count = 0;
  while (await readFrame(source, LIMITS) !== null) count++;
  return count;
}

const hello = (hotkey: string, signature: Uint8Array) => ({
  protocolVersion: PROTOCOL_VERSION,
  runId: RUN_ID,
  runDescription: "tiny, one of many",
  hotkey,
  role: "miner",
  listenAddrs: [`/ip4/127.0.0.1/tcp/4001/p2p/${PEER_ID}`, "/dns4/example.org/tcp/443/wss"],
  binding: { peerId: PEER_ID, netuid: 7, notAfterMs: NOW_MS + 1000, signature },
});

function helloDecoder(name: string, verify: HelloRules["verify"], share: number): Decoder {
  const rules: HelloRules = {
    self: "somebody else",
    runId: RUN_ID,
    runDescription: "",
    netuid: 7,
    verify,
    isRegistered: () => true,
    isCutOff: () => false,
  };
  const alice = devAccount("//Alice").address;
  return {
    name,
    format: "cbor",
    examples: cborExamples([hello(alice, new Uint8Array(64).fill(7)), hello("5x", new Uint8Array(64))]),
    decode: (input) => checkHello(parseHello(decodeCborMap(input)), PEER_ID, rules, NOW_MS),
    allocationBytes: structuredBound(),
    share,
  };
}

function recordDecoder(): Decoder {
  const signer = { hotkey: "5Alice", sign: () => new Uint8Array(64).fill(1) };
  const record = (sequence: bigint, payload: string) =>
    encodeRecord(signer, "announce", { sequence, expiresMs: NOW_MS + 5000, payload: fromHex(payload) });
  const key = recordKey(signer.hotkey, "announce");
  return {
    name: "net: DHT record",
    format: "bytes",
    examples: [record(1n, "a165616464727380"), record(2n ** 40n, "")],
    async decode(input) {
      const book = new RecordBook({ clock: CLOCK, verify: () => true, isRegistered: () => true });
      book.select(key, [record(1n, ""), input]);
      await book.validate(key, input);
      await book.validate(key, input);
      return book.newest(signer.hotkey, "announce");
    },
    allocationBytes: flatBound(),
  };
}

function channelDecoders(frames: readonly Uint8Array[]): Decoder[] {
  const offer = {
    ip4: 4005,
    certificate: "-----BEGIN CERTIFICATE-----\nMIH+",
    token: "0f".repeat(TOKEN_BYTES),
  };
  return [
    {
      name: "net: token and frames of a bulk channel",
      format: "bytes",
      examples: [new Uint8Array(TOKEN_BYTES), ...frames].map((each) =>
        new Uint8Array([...new Uint8Array(TOKEN_BYTES).fill(each.length), ...each])
      ),
      random: (random) =>
        new Uint8Array([...randomBytes(random, TOKEN_BYTES), ...randomFrame(random), ...frames[0]]),
      decode: readChannel,
      allocationBytes: structuredBound(MAX_HEADER_BYTES + DEFAULT_MAX_BODY_BYTES),
    },
    {
      name: "net: bulk channel offer",
      format: "cbor",
      examples: cborExamples([offer, { ...offer, ip6: 65535 }, { ...offer, ip4: undefined }]),
      decode: (input) => offerOf({ header: decodeCborMap(input) }),
      allocationBytes: structuredBound(),
    },
  ];
}

export async function netDecoders(): Promise<Decoder[]> {
  await cryptoReady();
  const header = { type: "allreduce/ready/1", header: { a: 1, b: [true, null, "x"], c: { d: 0.5 } } };
  const error = {
    code: "net/cut-off",
    message: "greet peer: cut off",
    payload: { runs: [{ runId: RUN_ID }] },
  };
  const frames = [
    frame("message", header, new Uint8Array(200).fill(3)),
    frame("request", { type: CHANNEL_REQUEST, header: {} }, new Uint8Array(0)),
    frame("error", error, new Uint8Array(0)),
  ];
  return [
    {
      name: "net: frame prefix",
      format: "bytes",
      examples: frames.map((each) => each.slice(0, 12)),
      random: (random) => randomFrame(random).slice(0, 12),
      decode: (input) => decodeFramePrefix(input, LIMITS),
      allocationBytes: flatBound(),
    },
    {
      name: "net: frames of a stream",
      format: "bytes",
      examples: [...frames, new Uint8Array(frames.flatMap((each) => [...each]))],
      random: randomFrame,
      decode: readFrames,
      allocationBytes: structuredBound(MAX_HEADER_BYTES + DEFAULT_MAX_BODY_BYTES),
    },
    ...channelDecoders(frames),
    {
      name: "net: CBOR map",
      format: "cbor",
      examples: cborExamples([header, error, { x: new Uint8Array(40), y: -5, z: 1e300, w: [[[[1]]]] }]),
      decode: decodeCborMap,
      allocationBytes: structuredBound(),
    },
    {
      name: "net: message envelope",
      format: "cbor",
      examples: cborExamples([header]),
      decode: (input) =>
        messageOf({ kind: "message", header: decodeCborMap(input), body: new Uint8Array(0) }, "message"),
      allocationBytes: structuredBound(),
    },
    {
      name: "net: refusal and error answer",
      format: "cbor",
      examples: cborExamples([error]),
      decode: (input) => refusalError(decodeCborMap(input)).message,
      allocationBytes: structuredBound(),
    },
    helloDecoder("net: hello and binding", () => true, 1),
    helloDecoder("net: hello and binding, signature checked", verifySignature, 0.02),
    recordDecoder(),
  ];
}
