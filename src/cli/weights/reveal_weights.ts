/** `skein weights reveal`: what was committed by hash, in its time. */
import type { CommitStore, PendingReveal } from "../../chain/weight_commits.ts";
import { type AccountFlags, loadKey } from "../chain_flags.ts";
import { answer, type ChainSession, reachBlock } from "../chain_session.ts";
import { withCommits } from "./commits_of.ts";

const BLOCKS_BETWEEN_TRIES = 3;

/** @throws {SkeinError} those of `loadKey`, `withCommits` and `ChainClient.revealWeights` */
export async function revealWeights(
  flags: AccountFlags & { wait: boolean; home?: string; json: boolean },
  session: ChainSession,
): Promise<void> {
  const { chain, terminal } = session;
  const hotkey = await loadKey("hotkey", flags, terminal);
  const outcome = await withCommits(flags, hotkey.ss58, session, async (commits) => {
    const revealed: PendingReveal[] = [];
    for (let left = await waiting(commits, hotkey.ss58, chain.genesisHash); left.length > 0;) {
      revealed.push(...await chain.revealWeights(hotkey.pair, commits));
      left = await waiting(commits, hotkey.ss58, chain.genesisHash);
      if (!flags.wait || left.length === 0) break;
      terminal.tell(`block ${chain.block()}: ${left.length} to reveal`);
      await reachBlock(session, chain.block() + BLOCKS_BETWEEN_TRIES);
    }
    return { revealed, waiting: await waiting(commits, hotkey.ss58, chain.genesisHash) };
  });
  const brief = ({ netuid, uids, values, commitBlock }: PendingReveal) => ({
    netuid,
    uids,
    values,
    commitBlock,
  });
  answer(
    session,
    flags,
    {
      hotkey: hotkey.ss58,
      revealed: outcome.revealed.map(brief),
      // What is secret yet stays so.
      waiting: outcome.waiting.map(({ netuid, commitBlock }) => ({ netuid, commitBlock })),
    },
    `revealed ${outcome.revealed.length}, ${outcome.waiting.length} wait for their time`,
  );
}

async function waiting(commits: CommitStore, hotkey: string, genesisHash: string) {
  return (await commits.load()).filter((each) => each.hotkey === hotkey && each.genesisHash === genesisHash);
}
