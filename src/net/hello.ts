/** The hello both sides of a connection exchange before anything else, and the rules it must meet. */
import { z } from "zod";
import type { Hotkey, VerifySignature } from "../base/transport.ts";
import { isMultiaddr, MAX_ADDR_CHARS, MAX_ADDRS } from "./addresses.ts";
import { type Binding, checkBinding, MAX_PEER_ID_CHARS, SIGNATURE_BYTES } from "./binding.ts";
import { netError } from "./errors.ts";

export const HELLO_PROTOCOL = "/skein/hello/1";
export const PROTOCOL_VERSION = 2;

export interface Hello {
  readonly protocolVersion: number;
  /** Hex. */
  readonly runId: string;
  /** For people, when runs differ. */
  readonly runDescription: string;
  readonly hotkey: Hotkey;
  readonly role: string;
  /** Multiaddrs on which the sender listens. What is none, to this version of libp2p, is left out when a hello is read. */
  readonly listenAddrs: readonly string[];
  readonly binding: Binding;
}

const SCHEMA = z.object({
  protocolVersion: z.number().int(),
  runId: z.string().regex(/^[0-9a-f]{1,128}$/),
  runDescription: z.string().max(512),
  hotkey: z.string().min(1).max(64),
  role: z.string().max(32),
  listenAddrs: z.array(z.string().max(MAX_ADDR_CHARS)).max(MAX_ADDRS)
    .transform((addrs) => addrs.filter(isMultiaddr)),
  binding: z.object({
    peerId: z.string().max(MAX_PEER_ID_CHARS),
    netuid: z.number().int().min(0).max(65535),
    notAfterMs: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
    signature: z.instanceof(Uint8Array).refine((bytes) => bytes.length === SIGNATURE_BYTES),
  }),
});

/** zod measures the `length` of maps too, and throws where one cannot be compared. */
function safeParse(header: unknown) {
  try {
    return SCHEMA.safeParse(header);
  } catch {
    const issues = [{ path: ["listenAddrs"], message: "cannot be compared" }];
    return { success: false, error: { issues } } as const;
  }
}

/** @throws {SkeinError} `net/frame-malformed` */
export function parseHello(header: Readonly<Record<string, unknown>>): Hello {
  const parsed = safeParse(header);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw netError("net/frame-malformed", `read hello: field "${issue?.path.join(".")}": ${issue?.message}`);
}

export interface HelloRules {
  readonly self: Hotkey;
  readonly runId: string;
  readonly runDescription: string;
  readonly netuid: number;
  readonly verify: VerifySignature;
  isRegistered(hotkey: Hotkey, role: string): boolean | Promise<boolean>;
  isCutOff(hotkey: Hotkey): boolean;
}

/**
 * Cheap tests first; the signature last.
 * @throws {SkeinError} `net/other-version`, `net/other-run`, `net/cut-off`, `net/unregistered-hotkey`, `net/bad-binding`;
 * `net/registry-unavailable` when it cannot be known whether the hotkey is registered: no fault of the peer
 */
export async function checkHello(
  hello: Hello,
  remotePeerId: string,
  rules: HelloRules,
  nowMs: number,
): Promise<void> {
  if (hello.protocolVersion !== PROTOCOL_VERSION) {
    throw netError(
      "net/other-version",
      `greet peer: it speaks protocol ${hello.protocolVersion}, ${PROTOCOL_VERSION} is required, update the older`,
    );
  }
  if (hello.runId !== rules.runId) {
    throw netError(
      "net/other-run",
      `greet peer: it is on run ${hello.runId.slice(0, 12)} (${hello.runDescription}), ` +
        `run ${
          rules.runId.slice(0, 12)
        } (${rules.runDescription}) is required, start both with the same settings`,
      {
        runs: [
          { runId: rules.runId, description: rules.runDescription },
          { runId: hello.runId, description: hello.runDescription },
        ],
      },
    );
  }
  if (rules.isCutOff(hello.hotkey)) {
    throw netError("net/cut-off", `greet peer: ${hello.hotkey} is cut off for its offences, wait`);
  }
  if (hello.hotkey === rules.self) {
    throw netError("net/bad-binding", `greet peer: it calls itself ${hello.hotkey}, our own hotkey`, {
      reason: "own-hotkey",
    });
  }
  let isRegistered: boolean;
  try {
    isRegistered = await rules.isRegistered(hello.hotkey, hello.role);
  } catch (cause) {
    throw netError(
      "net/registry-unavailable",
      `greet peer: whether ${hello.hotkey} is registered cannot be read from the chain now, dial again later`,
      { hotkey: hello.hotkey, role: hello.role },
      cause,
    );
  }
  if (!isRegistered) {
    throw netError(
      "net/unregistered-hotkey",
      `greet peer: ${hello.hotkey} is not registered as ${hello.role} on netuid ${rules.netuid}, register it`,
      { hotkey: hello.hotkey, role: hello.role },
    );
  }
  const { hotkey, binding } = hello;
  checkBinding(binding, { hotkey, remotePeerId, netuid: rules.netuid, nowMs, verify: rules.verify });
}
