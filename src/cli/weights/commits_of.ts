/** Where a hotkey's commits wait for their reveal, held while a command uses it. */
import { join } from "node:path";
import { CommitFile } from "../../node/commit_file.ts";
import { dataDirectory, holdHome } from "../../node/home.ts";
import type { ChainSession } from "../chain_session.ts";

/** @throws {SkeinError} `node/home-in-use`, `node/commits-damaged` before anything is sent */
export async function withCommits<T>(
  { home }: { readonly home?: string },
  hotkey: string,
  { terminal }: ChainSession,
  task: (commits: CommitFile) => Promise<T>,
): Promise<T> {
  const held = await holdHome(home ?? join(dataDirectory(terminal.environment), "weights", hotkey));
  try {
    const commits = new CommitFile(held.path);
    await commits.load();
    return await task(commits);
  } finally {
    await held.release();
  }
}
