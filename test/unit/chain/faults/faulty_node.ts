/**
 * A proxy in front of a local chain: the client's sockets end here, and what passes between the two is delayed, lost, doubled or
 * left lying as a test says. The chain behind it is the real one, and so is the client before it.
 */
import type { Clock } from "../../../../src/base/clock.ts";
import type { Devnet } from "../../../../src/chain/devnet/devnet.ts";
import type { RpcSocket } from "../../../../src/chain/link.ts";

/**
 * What becomes of one submission.
 * - `cutBefore`, `cutAfter`: the socket drops before the node has it, or after, before the answer
 * - `cutNews`: the answer comes through, and then the socket drops
 * - `stall`: the node has it and never says another word on this socket
 * - `double`: it arrives twice, and the second answer is the one that counts
 * - `refuse`: the node answers that code and never has it
 */
export type SubmissionFault =
  | "cutBefore"
  | "cutAfter"
  | "cutNews"
  | "stall"
  | "double"
  | { readonly refuse: number; readonly data: string };

const LATENCY_MS = 5;

interface Wire {
  readonly cut: () => void;
}

export class FaultyNode {
  /** Takes sockets in. */
  isUp = true;
  /** Leaves everything unanswered. */
  isSilent = false;
  /** Taken from the front, one a submission; an undefined entry is no fault. */
  readonly faults: (SubmissionFault | undefined)[] = [];
  /** Every different extrinsic that reached the chain. */
  readonly arrived = new Map<string, number>();
  /** May change an answer: (method, answer) → answer. */
  rewrite: (method: string, answer: any, params: any[]) => any = (_, answer) => answer;
  readonly #clock: Clock;
  #devnet: () => Devnet;
  readonly #wires = new Set<Wire>();

  constructor(devnet: () => Devnet, clock: Clock) {
    this.#devnet = devnet;
    this.#clock = clock;
  }

  goDown(): void {
    this.isUp = false;
    this.cutAll();
  }

  cutAll(): void {
    for (const wire of [...this.#wires]) wire.cut();
  }

  open(): RpcSocket {
    let isOpen = false;
    let isStalled = false;
    /** Methods by request number. */
    const methods = new Map<number, { method: string; params: any[] }>();
    /** Answers with these numbers are thrown away. */
    const unanswered = new Set<number>();
    const later = (task: () => void) => this.#clock.after(LATENCY_MS, () => isOpen && task());
    const cut = () => {
      if (!isOpen) return;
      isOpen = false;
      this.#wires.delete(wire);
      node.ended();
      socket.onclose?.({});
    };
    const wire: Wire = { cut };
    const toClient = (text: string) => {
      const message = JSON.parse(text);
      if (isStalled || this.isSilent || unanswered.delete(message.id)) return;
      const asked = methods.get(message.id);
      if (asked !== undefined && message.result !== undefined) {
        message.result = this.rewrite(asked.method, message.result, asked.params);
        text = JSON.stringify(message);
      }
      later(() => socket.onmessage?.({ data: text }));
    };
    const toNode = (text: string) => {
      if (isStalled || this.isSilent) return;
      const message = JSON.parse(text);
      methods.set(message.id, message);
      if (message.method !== "author_submitAndWatchExtrinsic") return node.receive(text);
      const [hex] = message.params;
      const fault = this.faults.shift();
      const arrive = () => {
        this.arrived.set(hex, (this.arrived.get(hex) ?? 0) + 1);
        node.receive(text);
      };
      if (fault === undefined) return arrive();
      if (fault === "cutBefore") return cut();
      if (fault === "double") {
        unanswered.add(message.id);
        arrive();
        return arrive();
      }
      if (typeof fault === "object") {
        const error = { code: fault.refuse, message: "Invalid Transaction", data: fault.data };
        return later(() =>
          socket.onmessage?.({ data: JSON.stringify({ jsonrpc: "2.0", id: message.id, error }) })
        );
      }
      if (fault === "stall") isStalled = true;
      if (fault === "cutAfter") unanswered.add(message.id);
      arrive();
      if (fault === "cutAfter") cut();
      if (fault === "cutNews") this.#clock.after(2 * LATENCY_MS, cut);
    };
    const socket: RpcSocket = {
      onopen: null,
      onmessage: null,
      onclose: null,
      onerror: null,
      send: (text) => void later(() => toNode(text)),
      close: cut,
    };
    const node = this.#devnet().attach({
      get readyState() {
        return isOpen ? 1 : 3;
      },
      bufferedAmount: 0,
      send: toClient,
      close: cut,
    });
    this.#clock.after(LATENCY_MS, () => {
      if (!this.isUp) return socket.onclose?.({});
      isOpen = true;
      this.#wires.add(wire);
      socket.onopen?.({});
    });
    return socket;
  }
}
