/** Addresses as people write them, to multiaddrs. */
import { isIP } from "node:net";
import { SkeinError } from "../base/errors.ts";

/**
 * "127.0.0.1:4001" → /ip4/127.0.0.1/tcp/4001, "[::1]:0" → /ip6/::1/tcp/0, "ws://0.0.0.0:4002" → /ip4/0.0.0.0/tcp/4002/ws,
 * "webrtc://0.0.0.0:4003" → /ip4/0.0.0.0/udp/4003/webrtc-direct; a multiaddr stays as it is.
 * @throws {SkeinError} `node/bad-listen-address`
 */
export function listenMultiaddr(text: string): string {
  if (text.startsWith("/")) return text;
  const match = /^(ws:\/\/|webrtc:\/\/)?(?:\[([^\]]+)\]|([^:/]+)):(\d{1,5})$/.exec(text);
  const host = match?.[2] ?? match?.[3] ?? "";
  const version = isIP(host);
  if (match === null || version === 0 || Number(match[4]) > 65535) {
    throw new SkeinError(
      "node/bad-listen-address",
      `read --listen: "${text}", an address and a port such as 0.0.0.0:4001, [::]:4001 or ws://0.0.0.0:4002 is required`,
      { text },
    );
  }
  const ip = `/ip${version}/${host}`;
  const port = Number(match[4]);
  if (match[1] === "webrtc://") return `${ip}/udp/${port}/webrtc-direct`;
  return `${ip}/tcp/${port}${match[1] === undefined ? "" : "/ws"}`;
}
