/** Stripes over connections that are only names and lanes that take as long as they are told. */
import type { Connection } from "@libp2p/interface";
import type { Clock } from "../../../src/base/clock.ts";
import { netError } from "../../../src/net/errors.ts";
import type { FrameStream } from "../../../src/net/frame_stream.ts";
import { Stripes } from "../../../src/net/stripes.ts";

type FakeConnection = Connection & { status: string; name: number };

/** Each connection carries `bytesPerMs`, all together at most `linkBytesPerMs`; time goes on with every frame. */
export class FakeLink {
  nowMs = 0;
  readonly connections: FakeConnection[] = [];
  readonly sent: { connection: number; type: string }[] = [];
  readonly dials: number[] = [];
  readonly dialedMs: number[] = [];
  givenBack = 0;
  readonly timers: { atMs: number; act: () => void }[] = [];
  /** What frames on this connection wait for. */
  readonly held = new Map<number, Promise<void>>();
  readonly unread = new Map<Connection, number>();
  /** Take no frame. */
  readonly roomless = new Set<number>();
  most = 0;
  /** Frames on this connection break it. */
  broken = -1;
  dialFailure?: Error;
  readonly stripes: Stripes<Connection>;

  constructor(public bytesPerMs: number, public linkBytesPerMs: number) {
    this.add();
    const after = (delayMs: number, act: () => void) => {
      this.timers.push({ atMs: this.nowMs + delayMs, act });
      return () => {};
    };
    const clock = { monotonicMs: () => this.nowMs, after } as unknown as Clock;
    this.stripes = new Stripes({
      clock,
      connections: () => this.connections.filter(({ status }) => status === "open"),
      room: (connection) =>
        this.roomless.has((connection as FakeConnection).name) ? new Promise(() => {}) : undefined,
      unreadBytes: (connection) => this.unread.get(connection) ?? 0,
      open: async (connection) => {
        const { name } = connection as FakeConnection;
        const write = async (_kind: string, header: { type: string }, body: Uint8Array) => {
          await Promise.resolve();
          await this.held.get(name);
          if (name === this.broken) {
            (connection as FakeConnection).status = "closed";
            throw netError("net/link-lost", "it broke");
          }
          const count = this.connections.filter(({ status }) => status === "open").length;
          const rate = Math.min(this.linkBytesPerMs, this.bytesPerMs * count);
          this.nowMs += body.length / rate;
          this.sent.push({ connection: name, type: header.type });
        };
        return { isOpen: true, write } as unknown as FrameStream;
      },
      dialMore: async (count) => {
        this.dials.push(count);
        this.dialedMs.push(this.nowMs);
        if (this.dialFailure !== undefined) throw this.dialFailure;
        for (let i = 0; i < count; i++) this.add();
        this.most = Math.max(this.most, this.openCount);
      },
      giveBack: (connection) => {
        this.givenBack++;
        (connection as FakeConnection).status = "closing";
      },
    });
  }

  add(): void {
    const name = this.connections.length;
    this.connections.push({ status: "open", name, direction: "outbound" } as FakeConnection);
  }

  get openCount(): number {
    return this.connections.filter(({ status }) => status === "open").length;
  }

  /** Lets time go by for those who wait for it. */
  async pass(ms: number): Promise<void> {
    this.nowMs += ms;
    for (const timer of this.timers.splice(0)) {
      if (timer.atMs <= this.nowMs) timer.act();
      else this.timers.push(timer);
    }
    for (let i = 0; i < 20; i++) await Promise.resolve();
  }

  sendMany(count: number, bytes: number): Promise<void[]> {
    return Promise.all(
      Array.from(
        { length: count },
        (_, i) =>
          this.stripes.send({ type: String(i), header: {}, body: new Uint8Array(bytes), isUnordered: true }),
      ),
    );
  }
}
