/**
 * JSON-RPC 2.0: from the text of a message to the text of the answer. Garbage is answered with an error, never with
 * silence or a crash.
 */
import { describeError } from "../../../base/errors.ts";
import type { Log } from "../../../base/log.ts";
import { RpcError } from "../pool/refusal.ts";
import { authorMethods } from "./author_methods.ts";
import { chainMethods } from "./chain_methods.ts";
import { devMethods } from "./dev_methods.ts";
import type { Methods, NodeParts, Subscriber } from "./method.ts";
import { Params } from "./params.ts";
import { paymentMethods } from "./payment_methods.ts";
import { stateMethods } from "./state_methods.ts";
import { systemMethods } from "./system_methods.ts";

const MAX_BATCH = 128;

const METHODS: ReadonlyMap<string, Methods[string]> = new Map(Object.entries<Methods[string]>({
  ...authorMethods,
  ...chainMethods,
  ...devMethods,
  ...paymentMethods,
  ...stateMethods,
  ...systemMethods,
  rpc_methods: () => ({ version: 1, methods: [...METHODS.keys()].sort() }),
}));

type Id = string | number | null;

/** @returns the answer, or undefined when none is due */
export function answerMessage(
  text: string,
  parts: NodeParts,
  subscriber: Subscriber,
  log: Log,
): string | undefined {
  const parsed = parseJson(text);
  if (parsed === undefined) return JSON.stringify(errorAnswer(null, new RpcError(-32700, "Parse error")));
  if (!Array.isArray(parsed)) {
    const answer = answerRequest(parsed, parts, subscriber, log);
    return answer && JSON.stringify(answer);
  }
  if (parsed.length === 0 || parsed.length > MAX_BATCH) {
    const why = new RpcError(
      -32600,
      `Invalid Request: a batch of ${parsed.length}, 1 to ${MAX_BATCH} required`,
    );
    return JSON.stringify(errorAnswer(null, why));
  }
  const answers = parsed.map((each) => answerRequest(each, parts, subscriber, log));
  const due = answers.filter((answer) => answer !== undefined);
  return due.length > 0 ? JSON.stringify(due) : undefined;
}

function answerRequest(request: unknown, parts: NodeParts, subscriber: Subscriber, log: Log) {
  const { id, method, params = [] } = (request ?? {}) as Record<string, unknown>;
  const isNotification = id === undefined && typeof method === "string";
  const knownId = typeof id === "string" || typeof id === "number" ? id : null;
  try {
    if (typeof method !== "string") throw new RpcError(-32600, "Invalid Request");
    if (!Array.isArray(params)) throw new RpcError(-32602, "Invalid params: a list required");
    const run = METHODS.get(method);
    if (!run) throw new RpcError(-32601, "Method not found");
    const result = run(new Params(params), parts, subscriber);
    return isNotification ? undefined : { jsonrpc: "2.0", id: knownId, result };
  } catch (error) {
    if (!(error instanceof RpcError)) log.warn(`answer ${method}: ${describeError(error)}`);
    const why = error instanceof RpcError ? error : new RpcError(-32603, "Internal error");
    return isNotification ? undefined : errorAnswer(knownId, why);
  }
}

function errorAnswer(id: Id, { code, message, data }: RpcError) {
  return { jsonrpc: "2.0", id, error: { code, message, ...(data === undefined ? {} : { data }) } };
}

/** undefined for what is not JSON; JSON itself never yields it. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
