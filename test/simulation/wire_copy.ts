/**
 * What stands for the wire: messages arrive as deep copies, so no node can see another change an object. A message to many
 * is copied once and the copy frozen; receivers parse it into objects of their own. Of bodies only results go to many: the
 * buffer of another is used again for the next. Digests of bodies are remembered by their copy.
 */
import { sha256Sync } from "../../src/base/bytes.ts";
import type { Message } from "../../src/base/transport.ts";

const headers = new WeakMap<object, Message["header"]>();
const bodies = new WeakMap<Uint8Array, Uint8Array>();
const digests = new WeakMap<Uint8Array, Uint8Array<ArrayBuffer>>();

export function copyMessage(message: Message): Message {
  const header = remembered(headers, message.header, () => frozenCopy(message.header) as Message["header"]);
  const { body } = message;
  if (!body) return { type: message.type, header };
  const isToMany = message.type.includes("/result/");
  return {
    type: message.type,
    header,
    body: isToMany ? remembered(bodies, body, () => body.slice()) : body.slice(),
  };
}

function frozenCopy(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return value.slice();
  if (Array.isArray(value)) return Object.freeze(value.map(frozenCopy));
  const copy: Record<string, unknown> = {};
  for (const key in value) copy[key] = frozenCopy((value as Record<string, unknown>)[key]);
  return Object.freeze(copy);
}

/** For `AllReduceDeps.digest`: SHA-256 without leaving virtual time. */
export async function rememberedDigest(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return remembered(digests, bytes, () => sha256Sync(bytes));
}

function remembered<K extends object, V>(memory: WeakMap<K, V>, key: K, make: () => V): V {
  let value = memory.get(key);
  if (value === undefined) memory.set(key, value = make());
  return value;
}
