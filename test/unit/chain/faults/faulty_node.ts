/**
 * A proxy in front of a local chain: the client's sockets end here, and what passes between the two is delayed, lost, doubled or
 * left lying as a test says. The chain behind it is the real one, and so is the client before it.
 */
import type { Clock } from "../../../../src/base/clock.ts";
import type { Devnet } from "../../../../src/chain/devnet/devnet.ts";
import type { RpcSocket } from "../../../../src/chain/link.ts";
import type { SubmissionFault } from "../submission_faults.ts";

const LATENCY_MS = 5;

export class FaultyNode {
  /** Takes sockets in. */
  isUp = true;
  /** Leaves everything unanswered. */
  isSilent = false;
  /** Taken from the front, one a submission; an undefined entry is no fault. */
  readonly faults: (SubmissionFault | undefined)[] = [];
  /** How often each extrinsic reached the chain. */
  readonly arrived = new Map<string, number>();
  /** May change an answer. */
  rewrite: (method: string, result: any, params: any[]) => any = (_, result) => result;
  readonly clock: Clock;
  readonly devnet: () => Devnet;
  readonly wires = new Set<Wire>();

  constructor(devnet: () => Devnet, clock: Clock) {
    this.devnet = devnet;
    this.clock = clock;
  }

  goDown(): void {
    this.isUp = false;
    this.cutAll();
  }

  cutAll(): void {
    for (const wire of [...this.wires]) wire.cut();
  }

  open(): RpcSocket {
    return new Wire(this).socket;
  }
}

/** One client's socket, and the node's end of it. */
class Wire {
  readonly socket: RpcSocket;
  readonly #proxy: FaultyNode;
  readonly #node: ReturnType<Devnet["attach"]>;
  #isOpen = false;
  #isStalled = false;
  readonly #requests = new Map<number, { method: string; params: any[] }>();
  /** Answers with these numbers are thrown away. */
  readonly #unanswered = new Set<number>();

  constructor(proxy: FaultyNode) {
    this.#proxy = proxy;
    this.socket = {
      onopen: null,
      onmessage: null,
      onclose: null,
      onerror: null,
      send: (text) => this.#later(() => this.#toNode(text)),
      close: () => this.cut(),
    };
    const readyState = () => this.#isOpen ? 1 : 3;
    this.#node = proxy.devnet().attach({
      get readyState() {
        return readyState();
      },
      bufferedAmount: 0,
      send: (text) => this.#toClient(text),
      close: () => this.cut(),
    });
    proxy.clock.after(LATENCY_MS, () => this.#open());
  }

  cut(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#proxy.wires.delete(this);
    this.#node.ended();
    this.socket.onclose?.({});
  }

  #open(): void {
    if (!this.#proxy.isUp) return this.socket.onclose?.({});
    this.#isOpen = true;
    this.#proxy.wires.add(this);
    this.socket.onopen?.({});
  }

  #later(task: () => void): void {
    this.#proxy.clock.after(LATENCY_MS, () => this.#isOpen && task());
  }

  #deliver(message: unknown): void {
    const text = JSON.stringify(message);
    this.#later(() => this.socket.onmessage?.({ data: text }));
  }

  #toClient(text: string): void {
    const message = JSON.parse(text);
    if (this.#isStalled || this.#proxy.isSilent || this.#unanswered.delete(message.id)) return;
    const asked = this.#requests.get(message.id);
    this.#requests.delete(message.id);
    if (asked !== undefined && message.result !== undefined) {
      message.result = this.#proxy.rewrite(asked.method, message.result, asked.params);
    }
    this.#deliver(message);
  }

  #toNode(text: string): void {
    if (this.#isStalled || this.#proxy.isSilent) return;
    const message = JSON.parse(text);
    this.#requests.set(message.id, message);
    if (message.method !== "author_submitAndWatchExtrinsic") this.#node.receive(text);
    else this.#submit(text, message, this.#proxy.faults.shift());
  }

  #submit(
    text: string,
    { id, params: [hex] }: { id: number; params: string[] },
    fault: SubmissionFault | undefined,
  ): void {
    const { arrived, clock } = this.#proxy;
    const arrive = () => {
      arrived.set(hex, (arrived.get(hex) ?? 0) + 1);
      this.#node.receive(text);
    };
    if (fault === "cutBefore") return this.cut();
    if (typeof fault === "object") {
      const error = { code: fault.refuse, message: "Invalid Transaction", data: fault.data };
      return this.#deliver({ jsonrpc: "2.0", id, error });
    }
    if (fault === "stall") this.#isStalled = true;
    if (fault === "cutAfter" || fault === "double") this.#unanswered.add(id);
    arrive();
    if (fault === "double") arrive();
    if (fault === "cutAfter") this.cut();
    if (fault === "cutNews") clock.after(2 * LATENCY_MS, () => this.cut());
  }
}
