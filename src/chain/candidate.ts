/**
 * A node that was reached, and what it says of itself before it is used: which chain, how high its head stands, whether it is
 * still catching up with the others. Nothing is decided here.
 */
import { chainError } from "./errors.ts";
import { isSkeinError } from "../base/errors.ts";
import type { Endpoint } from "./endpoints.ts";
import { Link, type LinkDependencies, type LinkOptions } from "./link.ts";
import { cannotConnect } from "./no_connection.ts";

export interface Candidate {
  readonly endpoint: Endpoint;
  readonly link: Link;
  readonly genesisHash: string;
  readonly headNumber: number;
  readonly isSyncing: boolean;
}

export interface CandidateOptions extends Omit<LinkOptions, "url" | "address"> {
  /** For the answers to all first questions; what a mere WebSocket server never gives. */
  readonly greetingTimeoutMs: number;
  /** What its chain must be, where that is known. */
  readonly genesisHash?: string;
}

/** @throws {SkeinError} `chain/unreachable`, `chain/other-chain` */
export async function openCandidate(
  endpoint: Endpoint,
  options: CandidateOptions,
  deps: LinkDependencies,
): Promise<Candidate> {
  const link = await Link.open({ ...options, url: endpoint.url, address: endpoint.address }, deps);
  const cancel = deps.clock.after(
    options.greetingTimeoutMs,
    () => link.drop("it takes the connection and answers nothing"),
  );
  try {
    const [genesisHash, head, health] = await Promise.all([
      link.send("chain_getBlockHash", [0]),
      link.send("chain_getHeader", []),
      // A node that keeps its health to itself is taken to be well.
      link.send("system_health", []).catch((error) => {
        if (isSkeinError(error)) throw error;
        return {};
      }),
    ]);
    if (options.genesisHash !== undefined && genesisHash !== options.genesisHash) {
      throw chainError(
        "chain/other-chain",
        `connect to ${endpoint.url}: genesis ${genesisHash}, ${options.genesisHash} as before is required, ` +
          `restart to use another chain`,
        { url: endpoint.url },
      );
    }
    return {
      endpoint,
      link,
      genesisHash,
      headNumber: Number(head?.number ?? 0),
      isSyncing: health?.isSyncing === true,
    };
  } catch (error) {
    link.drop("not to be used");
    if (isSkeinError(error, "chain/other-chain")) throw error;
    const found = isSkeinError(error)
      ? String(error.payload.found)
      : `it answers ${(error as Error).message}`;
    throw cannotConnect(endpoint.url, found);
  } finally {
    cancel();
  }
}
