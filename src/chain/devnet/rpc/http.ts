/**
 * JSON-RPC by HTTP POST, for tools that ask once. There is nobody to notify, so what subscribes is refused. Web pages of
 * any origin may ask, as they may connect by WebSocket: the chain keeps nothing from anybody on this machine.
 */
import type { Log } from "../../../base/log.ts";
import { RpcError } from "../pool/refusal.ts";
import { MAX_MESSAGE_BYTES } from "./connection.ts";
import { answerMessage } from "./json_rpc.ts";
import type { NodeParts, Subscriber } from "./method.ts";

const HEADERS = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "POST",
  "access-control-allow-headers": "content-type",
};

const nobody: Subscriber = {
  subscribe() {
    throw new RpcError(-32000, "Subscriptions need a WebSocket");
  },
  unsubscribe: () => false,
};

export async function answerHttp(request: Request, parts: NodeParts, log: Log): Promise<Response> {
  if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: HEADERS });
  if (request.method !== "POST") {
    return new Response("This is a chain's RPC: connect by WebSocket, or POST JSON-RPC\n", { status: 426 });
  }
  const text = await boundedText(request.body);
  if (text === undefined) return new Response("The message is too big\n", { status: 413, headers: HEADERS });
  const answer = answerMessage(text, parts, nobody, log);
  return new Response(answer ?? "", { headers: { ...HEADERS, "content-type": "application/json" } });
}

/** undefined for a body that is longer than a message may be. */
async function boundedText(body: ReadableStream<Uint8Array> | null): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = "";
  let byteCount = 0;
  for await (const chunk of body ?? []) {
    byteCount += chunk.byteLength;
    if (byteCount > MAX_MESSAGE_BYTES) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
