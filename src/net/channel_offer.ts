/**
 * What a member says when it is asked how a bulk channel to it is opened, and where that is: on the host at which it is
 * reached already, because an offer could name anybody's.
 */
import { z } from "zod";
import type { Message } from "../base/transport.ts";
import { netError } from "./errors.ts";

/** Type of the request and of its answer. */
export const CHANNEL_REQUEST = "bulk-channel";
export const TOKEN_BYTES = 32;
/** The listener's first byte: the token is good, and there is room. */
export const WELCOME = 1;
const MAX_CERTIFICATE_CHARS = 4096;

const OFFER = z.object({
  /** Ports, by the family of the address under which the member is reached. */
  ip4: z.number().int().min(1).max(65535).optional(),
  ip6: z.number().int().min(1).max(65535).optional(),
  /** PEM: the one that TLS trusts. */
  certificate: z.string().max(MAX_CERTIFICATE_CHARS),
  /** Hex. */
  token: z.string().regex(/^[0-9a-f]{64}$/),
});
export type ChannelOffer = z.infer<typeof OFFER>;
export type Family = "ip4" | "ip6";

/** @throws {SkeinError} `net/frame-malformed` */
export function offerOf({ header }: Pick<Message, "header">): ChannelOffer {
  const parsed = OFFER.safeParse(header);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw netError(
    "net/frame-malformed",
    `read channel offer: field "${issue?.path.join(".")}": ${issue?.message}`,
  );
}

/**
 * Host and family of a multiaddr that is plain TCP, or TCP with something on top; undefined for all others, addresses with
 * a zone too, which no listener of ours has.
 */
export function placeOf(addr: string): { hostname: string; family: Family } | undefined {
  const match = /^\/(?:ip|dns)([46])\/([^/%]+)\/tcp\/\d+(?:\/|$)/.exec(addr);
  if (match === null) return undefined;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(match[2]);
  if (mapped !== null) return { family: "ip4", hostname: mapped[1] };
  return { family: match[1] === "4" ? "ip4" : "ip6", hostname: match[2] };
}
