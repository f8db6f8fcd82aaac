/** Where bodies are put before anybody has checked them, and who gets what on streams that break. */
import assert from "node:assert/strict";
import { silentLog } from "../../../src/base/log.ts";
import type { Message } from "../../../src/base/transport.ts";
import type { BytePipe } from "../../../src/net/byte_pipe.ts";
import { truncated } from "../../../src/net/byte_pipe.ts";
import { Dispatch } from "../../../src/net/dispatch.ts";
import { encodeFrameHead, type FrameKind } from "../../../src/net/frame.ts";
import { FrameStream } from "../../../src/net/frame_stream.ts";
import { LIMITS } from "./fake_peer.ts";
import { pattern } from "./tls_pair.ts";

/** Hands out what it has, into the place that it is told. */
class MemoryPipe implements BytePipe {
  isOpen = true;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(parts: readonly Uint8Array[]) {
    this.#bytes = new Uint8Array(parts.flatMap((part) => [...part]));
  }

  async read(count: number, _signal?: AbortSignal, into = new Uint8Array(count)): Promise<Uint8Array | null> {
    await Promise.resolve();
    const piece = this.#bytes.subarray(this.#at, this.#at + count);
    this.#at += piece.length;
    if (piece.length === 0 && count > 0) return null;
    into.set(piece);
    if (piece.length < count) throw truncated(piece.length, count);
    return into;
  }

  write = () => Promise.resolve();
  onTaken = () => () => {};
  close = () => Promise.resolve();
  abort(): void {
    this.isOpen = false;
  }
}

function frame(header: Record<string, unknown>, body: Uint8Array, kind: FrameKind = "message"): Uint8Array {
  const head = encodeFrameHead(kind, header, body.length, LIMITS);
  return new Uint8Array([...head, ...body]);
}

class Served {
  readonly offences: string[] = [];
  readonly got: Message[] = [];
  readonly dispatch = new Dispatch({ log: silentLog, penalise: (_, code) => void this.offences.push(code) });

  on(type: string, place?: (header: Message["header"], bodyBytes: number) => Uint8Array | undefined) {
    return this.dispatch.onMessage(
      type,
      (_, message) => void this.got.push(message),
      place && ((from, header, bytes) => {
        assert.equal(from, "Bob");
        return place(header, bytes);
      }),
    );
  }

  async read(...parts: Uint8Array[]): Promise<MemoryPipe> {
    const pipe = new MemoryPipe(parts);
    await this.dispatch.serveMessages(
      "Bob",
      new FrameStream(pipe, LIMITS, { sentBytes: 0, receivedBytes: 0 }),
    );
    return pipe;
  }
}

Deno.test("a body is read into the place of its type, and its handler gets that", async () => {
  const served = new Served();
  const place = new Uint8Array(50);
  const asked: unknown[] = [];
  served.on("placed", (header, bytes) => {
    asked.push([header.n, bytes]);
    return header.n === 1 ? place : undefined;
  });
  served.on("other");
  const pipe = await served.read(
    frame({ type: "placed", header: { n: 1 } }, pattern(50)),
    frame({ type: "placed", header: { n: 2 } }, pattern(60)),
    frame({ type: "other", header: { n: 1 } }, pattern(50, 9)),
    frame({ type: "placed", header: { n: 3 } }, new Uint8Array(0)),
  );
  assert.deepEqual(asked, [[1, 50], [2, 60]]); // an empty body needs no place
  assert.equal(served.got[0].body, place);
  assert.deepEqual(place, pattern(50));
  assert.deepEqual(served.got.map(({ body }) => body!.length), [50, 60, 50, 0]);
  assert.ok(pipe.isOpen);
});

Deno.test("half a body reaches no handler, and headers that are none are never asked about", async () => {
  const served = new Served();
  let askedCount = 0;
  served.on("placed", (_, bytes) => {
    askedCount++;
    return new Uint8Array(bytes);
  });
  const half = frame({ type: "placed", header: {} }, pattern(50)).subarray(0, -1);
  assert.equal((await served.read(half)).isOpen, false);
  assert.equal(askedCount, 1);
  for (const header of [{ type: "placed" }, { type: "placed", header: [1] }, { type: 7, header: {} }]) {
    assert.equal((await served.read(frame(header, pattern(50)))).isOpen, false);
  }
  assert.deepEqual([askedCount, served.got.length], [1, 0]);
  assert.deepEqual(served.offences, Array(3).fill("net/frame-malformed"));
});

Deno.test("once nobody handles the type there is no place for it", async () => {
  const served = new Served();
  const place = new Uint8Array(5).fill(7);
  const forget = served.on("placed", () => place);
  forget();
  await served.read(frame({ type: "placed", header: {} }, pattern(5)));
  assert.deepEqual(place, new Uint8Array(5).fill(7));
});
