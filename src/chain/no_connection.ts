/** Why no node can be used: what each endpoint met, said once, and what to do about it. */
import { isSkeinError, type SkeinError } from "../base/errors.ts";
import { chainError } from "./errors.ts";
import { isOnThisMachine } from "./networks.ts";

const REQUIRED = "a Substrate node's WebSocket is required";
const MAX_COMPLAINT_CHARACTERS = 120;

const REFUSED = "it refuses connections or cannot be reached";

/** What the runtime's own words for a socket that does not open mean. */
const COMPLAINTS: readonly (readonly [RegExp, (found: RegExpExecArray) => string])[] = [
  [/tcp connect error|connection refused|ECONNREFUSED/i, () => REFUSED],
  [/dns error|ENOTFOUND|failed to lookup/i, () => "there is no such host"],
  [/status code: (\d+)/i, ([, code]) => `a web server answers with status ${code}`],
  [/certificate|corrupt message|tls|handshake/i, () => "no secure connection can be made (wss://)"],
];

/** @param event of a WebSocket's `onerror` */
export function complaintOf(event: unknown): string | undefined {
  const message = (event as { message?: unknown } | null)?.message;
  if (typeof message !== "string" || message === "") return undefined;
  for (const [pattern, words] of COMPLAINTS) {
    const found = pattern.exec(message);
    if (found !== null) return words(found);
  }
  // deno-lint-ignore no-control-regex
  return message.replace(/[\u0000-\u001f\u007f-\u009f]/g, " ").slice(0, MAX_COMPLAINT_CHARACTERS);
}

export function cannotConnect(url: string, found: string): SkeinError {
  return chainError(
    "chain/unreachable",
    `connect to ${url}: ${found}, ${REQUIRED}, ${adviceFor(url, found)}`,
    {
      url,
      found,
    },
  );
}

/** @param failures by url, the last of each endpoint */
export function noneReached(failures: ReadonlyMap<string, unknown>): SkeinError {
  const urls = [...failures.keys()];
  const found = [...failures].map(([url, failure]) => ({ url, found: foundIn(failure) }));
  if (found.length === 1) return cannotConnect(found[0].url, found[0].found);
  const list = found.map(({ url, found }) => `${url}: ${found}`).join("; ");
  return chainError(
    "chain/unreachable",
    `connect to a chain: ${list}; ${REQUIRED}, check the addresses and the network`,
    {
      url: urls.join(", "),
      found,
    },
  );
}

function foundIn(failure: unknown): string {
  if (isSkeinError(failure)) {
    return typeof failure.payload.found === "string" ? failure.payload.found : failure.message;
  }
  return failure instanceof Error ? failure.message : String(failure);
}

function adviceFor(url: string, found: string): string {
  const isHere = URL.canParse(url) && isOnThisMachine(url);
  if (!isHere) return "check the address and the network";
  const { port } = new URL(url);
  if (found !== REFUSED || port === "") return "check the address";
  return `check the address, or start a local chain there with: skein chain --port ${port}`;
}
