/**
 * The server: takes clients in on loopback, gives each WebSocket a `Connection`, and forgets it when its socket goes.
 * Requests by HTTP are answered one by one.
 */
import type { Log } from "../../../base/log.ts";
import { devnetError } from "../errors.ts";
import { Connection } from "./connection.ts";
import { answerHttp } from "./http.ts";
import type { NodeParts } from "./method.ts";

const HOSTNAME = "127.0.0.1";
const MAX_CONNECTIONS = 256;

export interface RpcServer {
  readonly url: string;
  connectionCount(): number;
  stop(): Promise<void>;
}

/**
 * Takes the port at once, answers when `parts` are there; undefined for parts that will never be.
 * @throws {SkeinError} `devnet/port-in-use`
 */
export function serveRpc(port: number, parts: Promise<NodeParts | undefined>, log: Log): RpcServer {
  const connections = new Set<Connection>();
  const server = listen(port, async (request) => {
    const isWebSocket = request.headers.get("upgrade")?.toLowerCase() === "websocket";
    if (isWebSocket && connections.size >= MAX_CONNECTIONS) {
      return new Response("Too many connections\n", { status: 503 });
    }
    const ready = await parts;
    if (!ready) return new Response("The chain does not start\n", { status: 503 });
    if (!isWebSocket) return await answerHttp(request, ready, log);
    const { socket, response } = Deno.upgradeWebSocket(request);
    const connection = new Connection(socket, ready, log);
    socket.onopen = () => connections.add(connection);
    socket.onmessage = ({ data }) => connection.receive(data);
    socket.onerror = () => {}; // a close follows
    socket.onclose = () => {
      connections.delete(connection);
      connection.ended();
    };
    return response;
  });
  return {
    url: `ws://${HOSTNAME}:${server.addr.port}`,
    connectionCount: () => connections.size,
    async stop() {
      for (const connection of connections) connection.close();
      await server.shutdown();
    },
  };
}

function listen(port: number, handler: (request: Request) => Promise<Response>) {
  try {
    return Deno.serve({ hostname: HOSTNAME, port, onListen() {} }, handler);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw devnetError(
      "devnet/port-in-use",
      `listen on ${HOSTNAME}:${port}: another process does, stop that or choose another port`,
      { port },
      error,
    );
  }
}
