/** A peer that is only a link of ours to it: its connections and streams take bytes as long as it reads. */
import type { Connection, Stream } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import { type Clock, systemClock } from "../../../src/base/clock.ts";
import { eventLog, type LogEvent } from "../../../src/base/log.ts";
import { decodeCborMap } from "../../../src/net/cbor.ts";
import { decodeFramePrefix, FRAME_PREFIX_BYTES } from "../../../src/net/frame.ts";
import type { Hello } from "../../../src/net/hello.ts";
import { PeerLink } from "../../../src/net/peer_link.ts";

export const LIMITS = { maxHeaderBytes: 65536, maxBodyBytes: 4 << 20 };
export const HELLO = { hotkey: "Bob" } as Hello;

/** Takes bytes only while `isReading`, and remembers the types of the frames that began. */
export class FakeStream extends EventTarget {
  status = "open";
  writeStatus = "writable";
  readStatus = "readable";
  writableNeedsDrain = false;
  writeBufferLength = 0;
  readonly types: string[] = [];
  readonly #isReading: () => boolean;

  constructor(isReading: () => boolean) {
    super();
    this.#isReading = isReading;
  }

  send(bytes: Uint8Array): void {
    if (bytes[0] === 0x53 && bytes[1] === 0x4b) {
      const { headerBytes } = decodeFramePrefix(bytes, LIMITS);
      const header = decodeCborMap(bytes.subarray(FRAME_PREFIX_BYTES, FRAME_PREFIX_BYTES + headerBytes));
      this.types.push(header.type as string);
    }
    this.writableNeedsDrain = !this.#isReading();
  }

  read(): void {
    this.writableNeedsDrain = false;
    this.dispatchEvent(new Event("drain"));
  }

  abort(error?: Error): void {
    this.status = this.writeStatus = "aborted";
    this.dispatchEvent(Object.assign(new Event("close"), { error }));
  }
}

export class FakePeer {
  isReading = true;
  readonly streams: { protocol: string; stream: FakeStream; connection: Connection }[] = [];
  readonly link: PeerLink;

  readonly events: LogEvent[] = [];

  constructor(clock: Clock = systemClock) {
    const traffic = { sentBytes: 0, receivedBytes: 0 };
    const log = eventLog((event) => this.events.push(event));
    this.link = new PeerLink(HELLO, { limits: LIMITS, traffic, clock, log, dialMore: async () => {} });
    this.connect();
  }

  connect(): Connection {
    const streams: FakeStream[] = [];
    const connection = {
      status: "open",
      remoteAddr: multiaddr("/ip4/127.0.0.1/tcp/1"),
      newStream: async (protocol: string) => {
        const stream = new FakeStream(() => this.isReading);
        streams.push(stream);
        this.streams.push({ protocol, stream, connection });
        return stream as unknown as Stream;
      },
      abort: (error: Error) => {
        Object.assign(connection, { status: "aborted" });
        for (const stream of streams) stream.abort(error);
        this.link.remove(connection);
      },
    } as unknown as Connection;
    this.link.add(connection, HELLO);
    return connection;
  }

  /** The peer reads again. */
  read(): void {
    this.isReading = true;
    for (const { stream } of this.streams) stream.read();
  }

  types(): string[] {
    return this.streams.flatMap(({ stream }) => stream.types);
  }
}
