/**
 * The one answer of STUN (RFC 8489) that WebRTC needs to get through a NAT: "this is the address from which I see you". A
 * relay gives it by UDP on the ports on which it listens by TCP, so that no stranger's server has to be asked.
 */
import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import type { Log } from "../base/log.ts";

const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const XOR_MAPPED_ADDRESS = 0x0020;
const MAGIC_COOKIE = 0x2112a442;
const HEADER_BYTES = 20;
const TRANSACTION_OFFSET = 8;

/** @returns undefined when `request` is no binding request: silence is the answer to everything else */
export function stunAnswer(
  request: Uint8Array,
  from: { address: string; port: number },
): Uint8Array<ArrayBuffer> | undefined {
  if (request.length < HEADER_BYTES) return undefined;
  const asked = new DataView(request.buffer, request.byteOffset, HEADER_BYTES);
  const isRequest = asked.getUint16(0) === BINDING_REQUEST && asked.getUint32(4) === MAGIC_COOKIE &&
    asked.getUint16(2) === request.length - HEADER_BYTES;
  const ip = ipBytes(from.address);
  if (!isRequest || ip === undefined) return undefined;
  const answer = new Uint8Array(HEADER_BYTES + 8 + ip.length);
  const view = new DataView(answer.buffer);
  view.setUint16(0, BINDING_SUCCESS);
  view.setUint16(2, answer.length - HEADER_BYTES);
  answer.set(request.subarray(4, HEADER_BYTES), 4); // cookie and transaction id
  view.setUint16(HEADER_BYTES, XOR_MAPPED_ADDRESS);
  view.setUint16(HEADER_BYTES + 2, 4 + ip.length);
  view.setUint16(HEADER_BYTES + 4, ip.length === 4 ? 1 : 2);
  view.setUint16(HEADER_BYTES + 6, from.port ^ (MAGIC_COOKIE >>> 16));
  // Address bytes are masked with the cookie and then the transaction id, which follow each other in the header.
  ip.forEach((byte, i) => answer[HEADER_BYTES + TRANSACTION_OFFSET + i] = byte ^ answer[4 + i]);
  return answer;
}

function ipBytes(address: string): number[] | undefined {
  if (!isIPv6(address)) return address.split(".").map(Number);
  const plain = address.split("%")[0];
  const [head, tail] = plain.includes("::") ? plain.split("::") : [plain, undefined];
  const words = (text: string) => text === "" ? [] : text.split(":").map((word) => parseInt(word, 16));
  const before = words(head), after = words(tail ?? "");
  const all = [...before, ...Array(8 - before.length - after.length).fill(0), ...after];
  return all.some(Number.isNaN) ? undefined : all.flatMap((word) => [word >> 8, word & 0xff]);
}

/**
 * Serves at the TCP addresses among `addrs`, which are this machine's own. A port that is taken is told and left out.
 * @returns stop
 */
export async function serveStun(addrs: readonly string[], log: Log): Promise<() => void> {
  const sockets = await Promise.all(addrs.map(async (addr) => {
    const match = /^\/(ip[46])\/([^/]+)\/tcp\/(\d+)(?:\/p2p\/[^/]+)?$/.exec(addr);
    if (match === null) return undefined;
    const socket = createSocket(match[1] === "ip4" ? "udp4" : "udp6");
    return await bound(socket, match[2], Number(match[3])).catch((error) => {
      socket.close();
      log.warn(
        `serve STUN at UDP ${match[2]}:${match[3]}: ${error.message}, free the port; relaying works without`,
      );
      return undefined;
    });
  }));
  return () => sockets.forEach((socket) => socket?.close());
}

function bound(socket: Socket, address: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("message", (request, from) => {
      const answer = stunAnswer(request, from);
      if (answer !== undefined) socket.send(answer, from.port, from.address);
    });
    socket.bind(port, address, () => resolve(socket));
  });
}

/** Where the relay at `addr` answers, as WebRTC names it; undefined when that cannot be told from it. */
export function stunUrlOf(addr: string): string | undefined {
  const match = /^\/(ip4|ip6|dns|dns4|dns6)\/([^/]+)\/tcp\/(\d+)\/p2p\/[^/]+$/.exec(addr);
  if (match === null) return undefined;
  return `stun:${match[1] === "ip6" ? `[${match[2]}]` : match[2]}:${match[3]}`;
}
