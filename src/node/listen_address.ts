/** host:port as people write it, to a multiaddr. */
import { isIP } from "node:net";
import { SkeinError } from "../base/errors.ts";

/**
 * "127.0.0.1:4001" → /ip4/127.0.0.1/tcp/4001, "[::1]:0" → /ip6/::1/tcp/0; a multiaddr stays as it is.
 * @throws {SkeinError} `node/bad-listen-address`
 */
export function listenMultiaddr(text: string): string {
  if (text.startsWith("/")) return text;
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? "";
  const version = isIP(host);
  if (match === null || version === 0 || Number(match[3]) > 65535) {
    throw new SkeinError(
      "node/bad-listen-address",
      `read --listen: "${text}", an address and a port such as 0.0.0.0:4001 or [::]:4001 is required`,
      { text },
    );
  }
  return `/ip${version}/${host}/tcp/${Number(match[3])}`;
}
