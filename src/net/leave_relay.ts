/**
 * From a relayed connection to a direct one. libp2p's DCUtR finds the direct one where there is a public address, WebRTC where
 * both ends have it; both may happen at once, and neither may cost a frame. So the relayed connection is not closed when
 * the direct one is up, as DCUtR would, but when nothing has moved on it for a while: new streams use the direct one.
 */
import type { Connection, Stream } from "@libp2p/interface";
import type { Clock } from "../base/clock.ts";
import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { isRelayed, isWebrtcBySignalling } from "./addresses.ts";
import { closeWhenQuiet } from "./close_when_quiet.ts";
import { type DialDependencies, dialMember } from "./dialing.ts";
import type { Hello } from "./hello.ts";

const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 300_000;

/**
 * Who dialed through a relay goes on without it when both ends have WebRTC. libdatachannel now and then closes a connection that
 * it has just made while bulk keeps the process busy, so it is tried again, ever more rarely, while the relayed one lives.
 */
export function leaveRelay(
  connection: Connection,
  hello: Hello,
  deps: DialDependencies & { log: Log },
): void {
  if (connection.direction !== "outbound" || !isRelayed(connection.remoteAddr.toString())) return;
  const addr = hello.listenAddrs.find(isWebrtcBySignalling);
  if (addr === undefined) return;
  const attempt = (pauseMs: number) => {
    if (connection.status !== "open") return;
    dialMember(addr, deps).then(
      () => closeWhenQuiet(connection, deps.clock),
      (error) => {
        deps.log.debug(`leave the relay: ${describeError(error)}`);
        deps.clock.after(pauseMs, () => attempt(Math.min(2 * pauseMs, LONGEST_PAUSE_MS)));
      },
    );
  };
  attempt(FIRST_PAUSE_MS);
}

interface Registrar {
  register(
    protocol: string,
    topology: { onConnect?: (peerId: unknown, connection: Connection) => void },
  ): unknown;
  handle(
    protocol: string,
    handler: (stream: Stream, connection: Connection) => unknown,
    options: object,
  ): unknown;
}

/** DCUtR as it is, but the connections that it is done with close when they are quiet. */
export function withQuietClosing<T>(factory: T, clock: Clock): T {
  const create = factory as unknown as (components: object) => unknown;
  const wrapped = (components: { registrar: Registrar }) => {
    const { registrar } = components;
    const gentle = (connection: Connection) => gentlyClosed(connection, clock);
    const registrarForIt = Object.create(registrar, {
      register: {
        value: (
          protocol: string,
          topology: { onConnect?: (peerId: unknown, connection: Connection) => void },
        ) =>
          registrar.register(protocol, {
            ...topology,
            onConnect: (peerId, connection) => topology.onConnect?.(peerId, gentle(connection)),
          }),
      },
      handle: {
        value: (
          protocol: string,
          handler: (stream: Stream, connection: Connection) => unknown,
          options: object,
        ) => registrar.handle(protocol, (stream, connection) => handler(stream, gentle(connection)), options),
      },
    });
    return create(Object.create(components, { registrar: { value: registrarForIt } }));
  };
  return wrapped as unknown as T;
}

function gentlyClosed(connection: Connection, clock: Clock): Connection {
  return new Proxy(connection, {
    get(target, name) {
      if (name === "close") return async () => closeWhenQuiet(target, clock);
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
