/**
 * Multiaddrs between text and their standard binary form, for the protocols that our transports use and for no others:
 * @libp2p stays in `src/net`. Decoding is strict: an unknown protocol, a short value or a value without its canonical
 * spelling is refused.
 */
import { base58Decode, base58Encode, base64Decode, base64Encode } from "@polkadot/util-crypto";
import { concatBytes, fromUtf8, utf8 } from "../base/bytes.ts";
import { formatIp, parseIp4, parseIp6 } from "./ip_address.ts";
import { ByteReader, encodeVarint } from "./byte_reader.ts";

/** How a protocol's value is spelled; undefined when the text, or the bytes, are none. */
interface ValueCodec {
  /** Bytes; "varint" when the length precedes the value; 0 when the protocol has none. */
  readonly size: number | "varint";
  parse(text: string): Uint8Array | undefined;
  format(bytes: Uint8Array): string | undefined;
}

const none: ValueCodec = { size: 0, parse: () => new Uint8Array(0), format: () => "" };
const ip4: ValueCodec = { size: 4, parse: parseIp4, format: formatIp };
const ip6: ValueCodec = { size: 16, parse: parseIp6, format: formatIp };
const port: ValueCodec = {
  size: 2,
  parse: (text) =>
    /^\d{1,5}$/.test(text) && Number(text) <= 65535
      ? Uint8Array.of(Number(text) >> 8, Number(text) & 0xff)
      : undefined,
  format: (bytes) => String((bytes[0] << 8) | bytes[1]),
};
const dnsName: ValueCodec = {
  size: "varint",
  parse: (text) => (/^[0-9a-zA-Z._-]{1,100}$/.test(text) ? utf8(text) : undefined),
  format: (bytes) => (/^[0-9a-zA-Z._-]{1,100}$/.test(fromUtf8(bytes)) ? fromUtf8(bytes) : undefined),
};
/** A multihash in multibase base64url ("u"), as certificate hashes are written. */
const certhash: ValueCodec = {
  size: "varint",
  parse(text) {
    if (!/^u[0-9a-zA-Z_-]{1,100}$/.test(text)) return undefined;
    const base64 = text.slice(1).replaceAll("-", "+").replaceAll("_", "/");
    try {
      return base64Decode(base64.padEnd(4 * Math.ceil(base64.length / 4), "="));
    } catch {
      return undefined;
    }
  },
  format: (bytes) => `u${base64Encode(bytes).replace(/=+$/, "").replaceAll("+", "-").replaceAll("/", "_")}`,
};
const peerId: ValueCodec = {
  size: "varint",
  parse: (text) => (/^[1-9A-HJ-NP-Za-km-z]{1,100}$/.test(text) ? base58Decode(text) : undefined),
  format: (bytes) => base58Encode(bytes),
};

/** Codes of the multiformats table. */
const PROTOCOLS: Readonly<Record<string, readonly [code: number, value: ValueCodec]>> = {
  ip4: [4, ip4],
  tcp: [6, port],
  ip6: [41, ip6],
  dns: [53, dnsName],
  dns4: [54, dnsName],
  dns6: [55, dnsName],
  dnsaddr: [56, dnsName],
  udp: [273, port],
  "webrtc-direct": [280, none],
  webrtc: [281, none],
  "p2p-circuit": [290, none],
  p2p: [421, peerId],
  tls: [448, none],
  "quic-v1": [461, none],
  certhash: [466, certhash],
  ws: [477, none],
  wss: [478, none],
};
const BY_CODE = new Map(Object.entries(PROTOCOLS).map(([name, [code, value]]) => [code, { name, value }]));

/** @returns undefined on anything but `/protocol[/value]…` of known protocols */
export function encodeMultiaddr(text: string): Uint8Array | undefined {
  const words = text.split("/");
  if (words.shift() !== "" || words.length === 0) return undefined;
  const parts: Uint8Array[] = [];
  for (let i = 0; i < words.length;) {
    const protocol = Object.hasOwn(PROTOCOLS, words[i]) ? PROTOCOLS[words[i]] : undefined;
    i++;
    if (protocol === undefined) return undefined;
    const [code, codec] = protocol;
    const value = codec.size === 0 ? new Uint8Array(0) : codec.parse(words[i++] ?? "");
    if (value === undefined || value.byteLength > 127) return undefined;
    parts.push(encodeVarint(code));
    if (codec.size === "varint") parts.push(encodeVarint(value.byteLength));
    parts.push(value);
  }
  return concatBytes(...parts);
}

/** @returns undefined where `encodeMultiaddr` could not have produced the bytes */
export function decodeMultiaddr(bytes: Uint8Array): string | undefined {
  const reader = new ByteReader(bytes);
  let text = "";
  while (!reader.isAtEnd) {
    const protocol = BY_CODE.get(reader.varint() ?? -1);
    if (protocol === undefined) return undefined;
    const { name, value: codec } = protocol;
    text += `/${name}`;
    if (codec.size === 0) continue;
    const value = reader.take(codec.size === "varint" ? reader.varint() ?? -1 : codec.size);
    const spelled = value === undefined ? undefined : codec.format(value);
    if (spelled === undefined) return undefined;
    text += `/${spelled}`;
  }
  return text === "" ? undefined : text;
}
