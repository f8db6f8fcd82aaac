/**
 * Who handles which type of message and request, and what becomes of frames that nobody can. A frame that breaks the rules
 * costs its stream; a handler's `SkeinError` is its sender's offence, any other error our own fault, told and survived.
 */
import { AssertionError } from "../base/assert.ts";
import { SkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Hotkey, Message, PlaceBody } from "../base/transport.ts";
import { netError } from "./errors.ts";
import type { Frame } from "./frame.ts";
import type { Frames } from "./frame_stream.ts";

const MAX_TYPE_CHARS = 128;

export type MessageHandler = (from: Hotkey, message: Message) => void | Promise<void>;
export type RequestHandler = (from: Hotkey, message: Message) => Promise<Message>;

export interface DispatchDependencies {
  readonly log: Log;
  penalise(peer: Hotkey, code: string): void;
}

export class Dispatch {
  readonly #deps: DispatchDependencies;
  readonly #messageHandlers = new Map<string, Set<MessageHandler>>();
  readonly #places = new Map<string, PlaceBody>();
  readonly #requestHandlers = new Map<string, RequestHandler>();

  constructor(dependencies: DispatchDependencies) {
    this.#deps = dependencies;
  }

  /** As `Transport.onMessage`. */
  onMessage(type: string, handler: MessageHandler, place?: PlaceBody): () => void {
    const handlers = this.#messageHandlers.get(type) ?? new Set();
    this.#messageHandlers.set(type, handlers.add(handler));
    if (place !== undefined) this.#places.set(type, place);
    return () => {
      handlers.delete(handler);
      if (this.#places.get(type) === place) this.#places.delete(type);
    };
  }

  /** As `Transport.onRequest`. */
  onRequest(type: string, handler: RequestHandler): () => void {
    this.#requestHandlers.set(type, handler);
    return () => {
      if (this.#requestHandlers.get(type) === handler) this.#requestHandlers.delete(type);
    };
  }

  /** Reads one frame, awaits its handlers, reads the next; resolves when there are no more. */
  async serveMessages(from: Hotkey, frames: Frames): Promise<void> {
    const placeBody = ({ type, header }: Frame["header"], bodyBytes: number) =>
      typeof type === "string" && isMap(header)
        ? this.#places.get(type)?.(from, header, bodyBytes)
        : undefined;
    try {
      for (;;) {
        const frame = await frames.read({ placeBody });
        if (frame === null) break;
        await this.#deliver(from, messageOf(frame, "message"));
      }
    } catch (error) {
      this.drop(from, frames, error);
    }
  }

  /** One request, one answer or error. */
  async serveRequest(from: Hotkey, frames: Frames): Promise<void> {
    try {
      const frame = await frames.read();
      if (frame === null) return await frames.close();
      await this.#answer(from, messageOf(frame, "request"), frames);
      await frames.close();
    } catch (error) {
      this.drop(from, frames, error);
    }
  }

  /** Ends a stream on which something went wrong. */
  drop(from: Hotkey, frames: Frames, error: unknown): void {
    frames.abort("frame refused");
    if (!(error instanceof SkeinError)) return this.#reportFault(`read from ${from}`, error);
    const isOffence = error.code === "net/frame-oversized" || error.code === "net/frame-malformed";
    if (isOffence) this.#deps.penalise(from, error.code);
  }

  async #answer(from: Hotkey, message: Message, frames: Frames): Promise<void> {
    try {
      const handler = this.#requestHandlers.get(message.type);
      if (handler === undefined) {
        throw netError("net/no-handler", `answer ${message.type}: this node does not serve it, ask another`);
      }
      const answer = await handler(from, message);
      await frames.write("answer", { type: answer.type, header: answer.header }, answer.body);
    } catch (error) {
      if (!frames.isOpen) throw error;
      await this.#answerError(message.type, frames, error);
    }
  }

  async #answerError(type: string, frames: Frames, error: unknown): Promise<void> {
    const isTyped = error instanceof SkeinError;
    if (!isTyped) this.#reportFault(`answer ${type}`, error);
    const code = isTyped ? error.code : "net/handler-failed";
    const message = isTyped ? error.message : `answer ${type}: the handler failed, ask another`;
    try {
      await frames.write("error", { code, message, payload: isTyped ? error.payload : {} });
    } catch (failure) {
      if (!(failure instanceof SkeinError) || failure.code !== "net/header-unencodable") throw failure;
      await frames.write("error", { code, message, payload: {} });
    }
  }

  async #deliver(from: Hotkey, message: Message): Promise<void> {
    for (const handler of [...this.#messageHandlers.get(message.type) ?? []]) {
      try {
        await handler(from, message);
      } catch (error) {
        if (error instanceof SkeinError) this.#deps.penalise(from, error.code);
        else this.#reportFault(`handle ${message.type}`, error);
      }
    }
  }

  /** Not the peer's fault. A broken invariant ends the process; another error of a handler is told and survived. */
  #reportFault(what: string, error: unknown): void {
    if (error instanceof AssertionError) {
      queueMicrotask(() => {
        throw error;
      });
    }
    this.#deps.log.warn(`${what} failed`, { error: String(error) });
  }
}

/** @throws {SkeinError} `net/frame-malformed` */
export function messageOf(frame: Frame, kind: Frame["kind"]): Message {
  const { type, header } = frame.header;
  if (frame.kind !== kind || typeof type !== "string" || type.length > MAX_TYPE_CHARS || !isMap(header)) {
    throw netError(
      "net/frame-malformed",
      `read ${kind}: the frame "${frame.kind}" has no type or no header map`,
    );
  }
  return { type, header, body: frame.body };
}

function isMap(value: unknown): value is Message["header"] {
  return value !== null && typeof value === "object" && !Array.isArray(value) &&
    !(value instanceof Uint8Array);
}
