/**
 * Sets a hotkey's weights as its subnet wants them: plainly, locked to a round of drand's beacon, or by hash with a reveal to
 * follow. One hotkey's calls are made one after another.
 */
import { describeError, isSkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { commitWeightsCall, revealWeightsCall, setWeightsCall } from "./calls.ts";
import type { Call } from "./calls.ts";
import type { BlockRef, ChainView } from "./chain_view.ts";
import type { KeyringPair } from "./sr25519.ts";
import {
  commitHashOf,
  type CommitStore,
  newSalt,
  noWayToCommit,
  type PendingReveal,
  readLock,
  revealWindow,
  timelockedWeights,
} from "./weight_commits.ts";
import type { WeightValues } from "./weights.ts";
import { planWeights, readSubnetRules, type SubnetRules } from "./weights_rules.ts";

/** How weights went on their way. `revealBlock`: the first block in which they can count, by present knowledge. */
export type WeightsSent =
  & WeightValues
  & (
    | { readonly kind: "set" }
    | { readonly kind: "timelocked"; readonly revealRound: number; readonly revealBlock: number }
    | { readonly kind: "committed"; readonly revealBlock: number }
  );

export interface WeightSetterDependencies {
  /** At the newest head. */
  read<T>(task: (view: ChainView) => Promise<T>): Promise<T>;
  monotonicMs(): number;
  submit(what: string, account: KeyringPair, build: () => Call): Promise<BlockRef>;
  random(byteCount: number): Uint8Array;
  readonly genesisHash: string;
  readonly log: Log;
}

/** Five blocks: what may pass between planning a locked message and signing it. */
const FRESH_MS = 60_000;

class StalePlan extends Error {
  override name = "StalePlan";

  constructor() {
    super("the locked weights are too old to be sent");
  }
}

export class WeightSetter {
  readonly #deps: WeightSetterDependencies;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: WeightSetterDependencies) {
    this.#deps = deps;
  }

  /**
   * @param scores uid → score at any scale
   * @param commits needed where only a commit by hash is possible
   * @throws {SkeinError} `chain/bad-weights`, `chain/not-registered`, `chain/no-permit`, `chain/too-soon`, those of calls
   */
  set(
    netuid: number,
    hotkey: KeyringPair,
    scores: ReadonlyMap<number, number>,
    commits?: CommitStore,
  ): Promise<WeightsSent> {
    return this.#alone(() => this.#untilFresh(() => this.#setOnce(netuid, hotkey, scores, commits)));
  }

  async #setOnce(
    netuid: number,
    hotkey: KeyringPair,
    scores: ReadonlyMap<number, number>,
    commits?: CommitStore,
  ): Promise<WeightsSent> {
    const plan = await this.#deps.read((view) => this.#plan(view, netuid, hotkey, scores));
    const { weights, rules } = plan;
    const what = `set ${weights.uids.length} weights in subnet ${netuid}`;
    if (!rules.isCommitReveal) {
      const build = () => setWeightsCall(plan.view.api, netuid, weights, rules.versionKey);
      await this.#deps.submit(what, hotkey, build);
      return { kind: "set", ...weights };
    }
    if (plan.timelocked === undefined) {
      return await this.#commit(what, { ...plan, netuid, hotkey, commits });
    }
    const { build, revealRound, revealBlock } = plan.timelocked;
    await this.#deps.submit(`${what}, locked to round ${revealRound}`, hotkey, () => {
      // Signed only after an outage, the round could be out already and the weights no secret.
      if (this.#deps.monotonicMs() - plan.madeMs > FRESH_MS) throw new StalePlan();
      return build();
    });
    return { kind: "timelocked", ...weights, revealRound, revealBlock };
  }

  /** Plans again what waited for too long before it was signed. */
  async #untilFresh<T>(attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof StalePlan)) throw error;
        this.#deps.log.debug("chain: weights waited for too long, planned again");
      }
    }
  }

  /** Reveals what is due. @returns the revealed, in order */
  revealDue(hotkey: KeyringPair, commits: CommitStore): Promise<PendingReveal[]> {
    return this.#alone(async () => {
      const revealed: PendingReveal[] = [];
      for (const pending of await commits.load()) {
        const isOurs = pending.genesisHash === this.#deps.genesisHash && pending.hotkey === hotkey.address;
        if (!isOurs) continue;
        const outcome = await this.#reveal(pending, hotkey);
        if (outcome === "waiting") continue;
        if (outcome === "revealed") revealed.push(pending);
        await commits.save((await commits.load()).filter((each) => !isSame(each, pending)));
      }
      return revealed;
    });
  }

  async #plan(view: ChainView, netuid: number, hotkey: KeyringPair, scores: ReadonlyMap<number, number>) {
    const rules = await readSubnetRules(view, netuid, hotkey.address);
    const weights = planWeights(view, netuid, scores, rules);
    const lock = rules.isCommitReveal ? await readLock(view) : undefined;
    const options = { rules, hotkey: hotkey.publicKey, random: this.#deps.random };
    const timelocked = lock && await timelockedWeights(view, netuid, weights, { ...options, lock });
    return { view, rules, weights, timelocked, madeMs: this.#deps.monotonicMs() };
  }

  async #commit(
    what: string,
    { view, netuid, hotkey, weights, rules, commits }: Planned,
  ): Promise<WeightsSent> {
    if (commits === undefined) throw noWayToCommit(netuid);
    const salt = newSalt(this.#deps.random);
    const pending: PendingReveal = {
      genesisHash: this.#deps.genesisHash,
      netuid,
      hotkey: hotkey.address,
      ...weights,
      salt,
      versionKey: rules.versionKey.toString(),
      commitBlock: view.block.number,
    };
    const hash = commitHashOf(pending);
    await commits.save([...await commits.load(), pending]);
    try {
      const commitBlock = (await this.#deps.submit(
        `${what} by a commit`,
        hotkey,
        () => commitWeightsCall(view.api, netuid, hash),
      )).number;
      const known = { ...pending, commitBlock: commitBlock - 1 };
      await commits.save((await commits.load()).map((each) => isSame(each, pending) ? known : each));
      return { kind: "committed", ...weights, revealBlock: await this.#firstReveal(known, rules) };
    } catch (error) {
      // A call that the chain refused leaves nothing to reveal; one whose end is unknown may.
      if (isSkeinError(error, "chain/call-failed") || isSkeinError(error, "chain/call-refused")) {
        await commits.save((await commits.load()).filter((each) => !isSame(each, pending)));
      }
      throw error;
    }
  }

  /** A chain that cannot be read undoes no commit: it is asked again from the next block on. */
  async #firstReveal(pending: PendingReveal, rules: SubnetRules): Promise<number> {
    try {
      return (await this.#deps.read((view) => revealWindow(view, pending, rules))).first;
    } catch (error) {
      if (!isSkeinError(error)) throw error;
      return pending.commitBlock + 2;
    }
  }

  async #reveal(pending: PendingReveal, hotkey: KeyringPair): Promise<"revealed" | "waiting" | "lost"> {
    const { netuid, uids, values, salt } = pending;
    const { view, window, gone } = await this.#deps.read(async (view) => {
      try {
        const rules = await readSubnetRules(view, netuid, pending.hotkey);
        return { view, window: await revealWindow(view, pending, rules) };
      } catch (error) {
        const isGone = isSkeinError(error, "chain/not-registered") ||
          isSkeinError(error, "chain/subnet-missing");
        // A node that is behind does not know the hotkey yet.
        if (!isGone || view.block.number <= pending.commitBlock) throw error;
        return { view, gone: error };
      }
    });
    // For good: it must not hold up what waits in other subnets.
    if (window === undefined) return this.#lost(gone);
    if (view.block.number + 1 < window.first) return "waiting";
    const versionKey = BigInt(pending.versionKey);
    const what = `reveal ${uids.length} weights of block ${pending.commitBlock} in subnet ${netuid}`;
    try {
      await this.#deps.submit(
        what,
        hotkey,
        () => revealWeightsCall(view.api, netuid, { uids, values, salt, versionKey }),
      );
      return "revealed";
    } catch (error) {
      if (!isSkeinError(error, "chain/call-failed") && !isSkeinError(error, "chain/call-refused")) {
        throw error;
      }
      if (view.block.number <= window.last) {
        this.#deps.log.debug(`chain: ${describeError(error)}, trying again`);
        return "waiting";
      }
      return this.#lost(error);
    }
  }

  #lost(error: unknown): "lost" {
    this.#deps.log.warn(`chain: ${describeError(error)}, these weights are lost`);
    return "lost";
  }

  #alone<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(task);
    this.#turn = turn.catch(() => {});
    return turn;
  }
}

interface Planned {
  readonly view: ChainView;
  readonly commits: CommitStore | undefined;
  readonly netuid: number;
  readonly hotkey: KeyringPair;
  readonly weights: WeightValues;
  readonly rules: SubnetRules;
}

/** The salt is random: no two commits share it. */
function isSame(a: PendingReveal, b: PendingReveal): boolean {
  return a.salt.join() === b.salt.join() && a.hotkey === b.hotkey;
}
