/**
 * What a validator does with a committed step: replays each member's waypoint from the anchor on the pages that were its to
 * train on, compares the changes, rates, writes receipts, and sets weights. Ratings survive a restart.
 */
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Certificate } from "../allreduce/allreduce.ts";
import { describeError, isSkeinError } from "../base/errors.ts";
import { compareDeltas } from "../score/comparison.ts";
import { normalisedScores, type Observation, rateStep, type Rating, type Receipt } from "../score/ratings.ts";
import type { ModelState } from "../state/model_state.ts";
import { InnerRun } from "../train/inner_steps.ts";
import { CommitFile } from "./commit_file.ts";
import type { NodeContext } from "./context.ts";
import { innerPlan } from "./inner_plan.ts";
import type { WaypointCollector } from "./waypoint_collector.ts";
import { waypointCodec } from "./waypoints.ts";
import { WeightRevealer } from "./weight_revealer.ts";
import { WeightWriter } from "./weight_writer.ts";

const RATINGS = "ratings";
/** A round that failed at first goes on with more steps; what is above twice the usual counts no more. */
const MAX_SAMPLES_FACTOR = 2;

const savedRatings = z.array(z.object({ hotkey: z.string().max(64), value: z.number() })).max(65536);

export class Scorer {
  readonly #node: NodeContext;
  readonly #waypoints: WaypointCollector;
  readonly #revealer: WeightRevealer;
  readonly #writer: WeightWriter;
  #ratings: Rating[];

  private constructor(
    node: NodeContext,
    waypoints: WaypointCollector,
    parts: { ratings: Rating[]; revealer: WeightRevealer; commits: CommitFile },
  ) {
    const { directory, options: { netuid } } = node;
    this.#node = node;
    this.#waypoints = waypoints;
    this.#ratings = parts.ratings;
    this.#revealer = parts.revealer;
    this.#writer = new WeightWriter({
      ...{ chain: node.chain, hotkey: node.hotkey, log: node.log, signal: node.signal },
      netuid,
      commits: parts.commits,
      hotkeyOf: (uid) => directory.entries().find((entry) => entry.uid === uid)?.hotkey,
      onCommitted: (revealBlock) => parts.revealer.expect(revealBlock),
    });
  }

  /** To be closed. @throws {SkeinError} `node/commits-damaged` */
  static async open(node: NodeContext, waypoints: WaypointCollector): Promise<Scorer> {
    const saved = savedRatings.safeParse(await node.store.loadRecord(RATINGS));
    const commits = new CommitFile(node.home);
    const revealer = await WeightRevealer.open({ ...node, commits });
    return new Scorer(node, waypoints, { ratings: saved.success ? saved.data : [], revealer, commits });
  }

  /** @param anchor the state that the committed step started from */
  async score(anchor: ModelState, certificate: Certificate): Promise<void> {
    const { run, store, log, directory, home, signer } = this.#node;
    const { outerStep } = certificate;
    const observations = await this.#observe(anchor, certificate);
    const { batchSize, innerSteps } = run.config.training;
    const maxSamples = MAX_SAMPLES_FACTOR * batchSize * innerSteps;
    const { ratings, receipts } = rateStep(this.#ratings, outerStep, observations, { maxSamples });
    this.#ratings = ratings;
    await store.saveRecord(RATINGS, ratings);
    await this.#keepReceipts(join(home, "receipts.jsonl"), receipts);
    for (const receipt of receipts) {
      log.emit({ event: "receipt", validator: signer.hotkey, ...receipt });
    }
    const scores = normalisedScores(ratings, (hotkey) => directory.uidOf(hotkey));
    this.#writer.write(outerStep, scores);
  }

  /** Resolves when no weights are on their way. */
  async settled(): Promise<void> {
    await this.#writer.settled();
  }

  /** What is committed and not revealed by then is revealed after the next start. */
  async close(): Promise<void> {
    this.#writer.close();
    await this.#revealer.close();
  }

  async #observe(anchor: ModelState, certificate: Certificate): Promise<Observation[]> {
    const { directory, signal } = this.#node;
    const observations: Observation[] = [];
    const members = new Map(certificate.proposal.members.map((offer) => [offer.hotkey, offer]));
    for (const offer of members.values()) {
      signal.throwIfAborted();
      const evidence = await this.#replay(anchor, certificate.outerStep, offer);
      observations.push({ hotkey: offer.hotkey, isCommitted: true, samples: offer.samples, evidence });
    }
    for (const { hotkey } of directory.miners()) {
      if (!members.has(hotkey)) {
        observations.push({ hotkey, isCommitted: false, samples: 0, evidence: undefined });
      }
    }
    return observations;
  }

  async #replay(
    anchor: ModelState,
    outerStep: number,
    offer: { hotkey: string; waypointDigest: string },
  ): Promise<Observation["evidence"]> {
    const { run, corpus, engine, directory } = this.#node;
    const uid = directory.uidOf(offer.hotkey);
    if (uid === undefined) return { verdict: "unchecked", reason: "no longer registered" };
    const encoded = await this.#waypoints.get(offer.hotkey, outerStep, offer.waypointDigest);
    if (encoded === undefined) return undefined;
    let claimed: Float32Array;
    try {
      claimed = waypointCodec.decode(encoded, anchor.parameters.length);
    } catch (error) {
      if (!isSkeinError(error)) throw error;
      return { verdict: "non-finite", reason: describeError(error) };
    }
    const replay = new InnerRun(
      engine,
      innerPlan(run, corpus, { anchor: anchor.parameters, outerStep, uid }),
    );
    while (replay.waypoint === undefined) {
      await replay.step();
      this.#node.profile?.stepped();
    }
    return compareDeltas(claimed, replay.waypoint);
  }

  async #keepReceipts(path: string, receipts: readonly Receipt[]): Promise<void> {
    const lines = receipts.map((receipt) => JSON.stringify(receipt) + "\n").join("");
    await appendFile(path, lines, { mode: 0o600 }).catch((error) =>
      this.#node.log.warn(`keep receipts in ${path}: ${describeError(error)}`)
    );
  }
}
