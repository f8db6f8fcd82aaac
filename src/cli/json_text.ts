/** One JSON object for machines: amounts as decimal strings, bytes as hexadecimal, maps as objects. */
import { toHex } from "../base/bytes.ts";

export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (typeof each === "bigint") return each.toString();
    if (each instanceof Uint8Array) return `0x${toHex(each)}`;
    if (each instanceof Map) return Object.fromEntries(each);
    return each;
  });
}
