/** `skein weights set`: costs nothing but the hotkey's turn. */
import type { WeightsSent } from "../../chain/weight_setter.ts";
import { type AccountFlags, loadKey } from "../chain_flags.ts";
import { answer, type ChainSession } from "../chain_session.ts";
import { withCommits } from "./commits_of.ts";
import { type Scores, scoresFrom } from "./scores.ts";

export interface SetWeightsFlags extends AccountFlags {
  readonly netuid: number;
  readonly uid?: Scores;
  readonly file?: string;
  readonly home?: string;
  readonly json: boolean;
}

/** @throws {SkeinError} `cli/bad-flags`, those of `loadKey`, `withCommits` and `ChainClient.setWeights` */
export async function setWeights(flags: SetWeightsFlags, session: ChainSession): Promise<void> {
  const { chain, terminal } = session;
  const { netuid } = flags;
  const scores = await scoresFrom(flags);
  const hotkey = await loadKey("hotkey", flags, terminal);
  const sent = await withCommits(
    flags,
    hotkey.ss58,
    session,
    (commits) => chain.setWeights(netuid, hotkey.pair, scores, commits),
  );
  answer(session, flags, { netuid, hotkey: hotkey.ss58, ...sent }, describeSent(netuid, sent));
}

export function describeSent(netuid: number, sent: WeightsSent): string {
  const count = sent.uids.length;
  const what = `${count} weight${count === 1 ? "" : "s"} in subnet ${netuid}`;
  switch (sent.kind) {
    case "set":
      return `set ${what}`;
    case "timelocked":
      return `sent ${what}, locked: the chain opens them by itself, at block ${sent.revealBlock} or later`;
    case "committed":
      return `committed ${what}; reveal them from block ${sent.revealBlock} on with: skein weights reveal --wait`;
  }
}
