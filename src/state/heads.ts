/** What there is to fetch: peers say which states they have, with certificates that are the caller's to check and to weigh. */
import { decode } from "cborg";
import { z } from "zod";
import { describeError } from "../base/errors.ts";
import type { Hotkey } from "../base/transport.ts";
import type { PoolDependencies, PoolOptions } from "./source_pool.ts";

const MAXIMUM_CERTIFICATE_BYTES = 4 << 20;

const headShape = z.object({
  heads: z.array(z.object({
    outerStep: z.number().int().nonnegative(),
    root: z.string().regex(/^[0-9a-f]{64}$/),
  })).max(4),
});

/** One state on offer. */
export interface Head {
  readonly outerStep: number;
  readonly root: string;
  /** From one of `peers`, which passed the caller's check. */
  readonly certificate: unknown;
  readonly peers: readonly Hotkey[];
}

/** False for a head that this node cannot judge. @throws when the certificate does not belong to a state of that step and run */
export type VerifyHead = (head: Omit<Head, "peers">) => boolean | Promise<boolean>;

/** @returns each state on offer once, in no order; peers that answer nonsense are penalised, silent ones left out */
export async function askHeads(
  peers: readonly Hotkey[],
  options: PoolOptions & { readonly verifyHead?: VerifyHead },
  { transport, log }: PoolDependencies,
): Promise<Head[]> {
  const offers = new Map<string, { -readonly [K in keyof Head]: Head[K] }>();
  await Promise.all(peers.map(async (peer) => {
    const answer = await transport.request(
      peer,
      { type: "state-head", header: {} },
      { maxBodyBytes: MAXIMUM_CERTIFICATE_BYTES, timeoutMs: options.timeoutMs, signal: options.signal },
    ).catch((error) => log.debug(`ask ${peer} for its state: ${describeError(error)}`));
    if (answer === undefined) return;
    try {
      const { heads } = headShape.parse(answer.header);
      const certificates: unknown = answer.body?.byteLength ? decode(answer.body) : [];
      for (const [i, { outerStep, root }] of heads.entries()) {
        const head = { outerStep, root, certificate: (certificates as unknown[])[i] };
        if (options.verifyHead && !await options.verifyHead(head)) continue;
        const key = `${outerStep}/${root}`;
        const known = offers.get(key);
        if (known) known.peers = [...new Set([...known.peers, peer])];
        else offers.set(key, { ...head, peers: [peer] });
      }
    } catch (error) {
      transport.penalise(peer, "state/bad-answer");
      log.warn(`ask ${peer} for its state: ${describeError(error)}`);
    }
  }));
  options.signal?.throwIfAborted();
  return [...offers.values()];
}
