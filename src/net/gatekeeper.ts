/**
 * Authenticates connections. The dialing side opens a hello stream; each side checks the other's hello. Until that has
 * succeeded, nothing of the peer's other streams is read. State of a connection:
 *
 *   (new) → greeting → known(hotkey)      `greet` or the hello handler
 *   greeting → refused                    the connection is closed after the refusal has been said
 *   greeting → no member                  the peer speaks no hello: a relay; `Infrastructure` says how long it may stay
 *
 * Connections that a foreign relay limits carry libp2p's own signalling only: such a relay cuts what exceeds its limit
 * and loses what was under way, so nothing of ours runs on them.
 */
import type { Connection, Stream } from "@libp2p/interface";
import type { Clock } from "../base/clock.ts";
import { describeError, isSkeinError, SkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { withDeadline } from "./deadline.ts";
import { netError } from "./errors.ts";
import { MAX_HEADER_BYTES } from "./frame.ts";
import { FrameStream, type TrafficCounter } from "./frame_stream.ts";
import type { Infrastructure } from "./infrastructure.ts";
import { StreamBytes } from "./stream_bytes.ts";
import { checkHello, type Hello, HELLO_PROTOCOL, type HelloRules, parseHello } from "./hello.ts";

const HELLO_LIMITS = { maxHeaderBytes: MAX_HEADER_BYTES, maxBodyBytes: 0 };
/** The refused side should have read why before the connection goes. */
const REFUSAL_LINGER_MS = 500;
/** Refusals that are not the peer's fault. */
const NO_OFFENCE = new Set([
  "net/link-lost",
  "net/registry-unavailable",
  "net/limited-relay",
  "net/too-many-connections",
]);

export interface GatekeeperDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly traffic: TrafficCounter;
  readonly rules: HelloRules;
  readonly helloTimeoutMs: number;
  readonly infrastructure: Infrastructure;
  ownHello(): Hello;
  /** @throws {SkeinError} `net/too-many-connections` */
  onKnown(connection: Connection, hello: Hello): void;
  onOffence(peerId: string, code: string): void;
}

export class Gatekeeper {
  readonly #deps: GatekeeperDependencies;
  readonly #greetings = new WeakMap<Connection, Promise<Hello>>();
  /** On which the remote has said hello; both say it when both dialed at once through a hole. */
  readonly #heard = new WeakSet<Connection>();

  constructor(dependencies: GatekeeperDependencies) {
    this.#deps = dependencies;
  }

  /** Every new connection passes here: we greet on those we dialed, and give the others a time to greet. */
  onConnection(connection: Connection): void {
    if (connection.limits !== undefined) return;
    if (connection.direction === "outbound") {
      this.greet(connection).catch((error) => {
        if (!isSkeinError(error, "net/no-hello")) this.#deps.log.debug(`greet peer: ${describeError(error)}`);
      });
    } else {
      const stop = this.#deps.clock.after(this.#deps.helloTimeoutMs, () => {
        const isMember = this.#greetings.has(connection);
        if (isMember || this.#deps.infrastructure.isNamed(connection.remotePeer.toString())) return;
        connection.abort(new Error("no hello in time"));
      });
      connection.addEventListener("close", stop);
    }
  }

  /**
   * Greets on a connection that we dialed; once per connection.
   * @throws {SkeinError} the remote's refusal or ours, or `net/hello-failed`
   */
  greet(connection: Connection): Promise<Hello> {
    return this.#once(connection, async () => {
      if (connection.limits !== undefined) {
        throw netError(
          "net/limited-relay",
          `greet peer: the relay at ${connection.remoteAddr} limits bytes or time, one without limits is required, ` +
            `use a skein relay`,
        );
      }
      const stream = await connection.newStream(HELLO_PROTOCOL).catch((cause) => {
        if ((cause as Error).name !== "UnsupportedProtocolError") throw cause;
        throw netError(
          "net/no-hello",
          "greet peer: it speaks no hello, so it is a relay, not a member",
          {},
          cause,
        );
      });
      const frames = new FrameStream(new StreamBytes(stream), HELLO_LIMITS, this.#deps.traffic);
      await frames.write("hello", { ...this.#deps.ownHello() });
      const reply = await frames.read();
      if (reply?.kind === "refusal") throw refusalError(reply.header);
      if (reply?.kind !== "hello") {
        throw netError(
          "net/hello-failed",
          `greet peer: it answered "${reply?.kind ?? "nothing"}", a hello is required`,
        );
      }
      const hello = parseHello(reply.header);
      await checkHello(hello, connection.remotePeer.toString(), this.#deps.rules, this.#deps.clock.nowMs());
      this.#accept(connection, hello);
      await frames.close();
      return hello;
    });
  }

  /** Handler of the hello protocol: the remote dialed us. */
  async handleHello(stream: Stream, connection: Connection): Promise<void> {
    if (this.#heard.has(connection)) {
      this.#deps.onOffence(connection.remotePeer.toString(), "net/frame-malformed");
      return stream.abort(new Error("second hello on one connection"));
    }
    this.#heard.add(connection);
    const frames = new FrameStream(new StreamBytes(stream), HELLO_LIMITS, this.#deps.traffic);
    const answer = async () => {
      try {
        const frame = await frames.read();
        if (frame?.kind !== "hello") {
          throw netError(
            "net/frame-malformed",
            `greet peer: it sent "${frame?.kind ?? "nothing"}", a hello is required`,
          );
        }
        const hello = parseHello(frame.header);
        await checkHello(hello, connection.remotePeer.toString(), this.#deps.rules, this.#deps.clock.nowMs());
        this.#accept(connection, hello);
        await frames.write("hello", { ...this.#deps.ownHello() });
        await frames.close();
        return hello;
      } catch (error) {
        await this.#sayRefusal(frames, error);
        throw error;
      }
    };
    const isGreetingToo = this.#greetings.has(connection);
    await (isGreetingToo ? this.#inTime(answer) : this.#once(connection, answer)).catch(() => {});
  }

  /**
   * The hotkey behind a connection; waits for a greeting that is under way.
   * @throws {SkeinError} `net/unauthenticated` when there is none, or the refusal
   */
  async known(connection: Connection): Promise<Hello> {
    const greeting = this.#greetings.get(connection);
    if (greeting === undefined) {
      throw netError(
        "net/unauthenticated",
        "serve peer: it has not said hello, say hello before anything else",
      );
    }
    return await greeting;
  }

  #once(connection: Connection, run: () => Promise<Hello>): Promise<Hello> {
    const before = this.#greetings.get(connection);
    if (before !== undefined) return before;
    const greeting = this.#inTime(run)
      .catch((error) => {
        this.#refused(connection, error);
        throw error instanceof SkeinError ? error : netError(
          "net/hello-failed",
          "greet peer: the connection broke in the hello, dial again",
          {},
          error,
        );
      });
    this.#greetings.set(connection, greeting);
    greeting.catch(() => {});
    return greeting;
  }

  #inTime(run: () => Promise<Hello>): Promise<Hello> {
    const { clock, helloTimeoutMs } = this.#deps;
    return withDeadline(clock, { what: "greet peer", timeoutMs: helloTimeoutMs }, run);
  }

  #accept(connection: Connection, hello: Hello): void {
    if (connection.status === "open") this.#deps.onKnown(connection, hello);
  }

  #refused(connection: Connection, error: unknown): void {
    const peerId = connection.remotePeer.toString();
    if (error instanceof SkeinError) {
      if (error.code === "net/no-hello") return this.#deps.infrastructure.keep(connection);
      if (!error.payload.isRemote && !NO_OFFENCE.has(error.code)) this.#deps.onOffence(peerId, error.code);
      this.#deps.log.emit({
        event: "peer-refused",
        peerId,
        code: error.code,
        reason: error.message,
        ...error.payload,
      });
    }
    this.#deps.clock.after(REFUSAL_LINGER_MS, () => connection.close().catch(() => {}));
  }

  async #sayRefusal(frames: FrameStream, error: unknown): Promise<void> {
    if (!(error instanceof SkeinError)) return frames.abort("hello failed");
    const { code, message, payload } = error;
    await frames.write("refusal", { code, message, payload }).then(() => frames.close()).catch(() => {});
  }
}

/** A remote's refusal or error answer as our error; `isRemote` marks that the fault was found over there. */
export function refusalError(header: Readonly<Record<string, unknown>>): SkeinError {
  const code = typeof header.code === "string" ? header.code.slice(0, 64) : "net/hello-failed";
  const message = typeof header.message === "string"
    ? header.message.slice(0, 1024)
    : "refused without a reason";
  const payload = header.payload !== null && typeof header.payload === "object" ? header.payload : {};
  return new SkeinError(code, message, { ...payload, isRemote: true });
}
