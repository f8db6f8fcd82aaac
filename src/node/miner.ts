/**
 * The life of a miner: train from the anchor, join the round, take the outer step, again. A round that fails leaves the
 * anchor and the local parameters as they are, and training goes on from them; a round that was decided without this
 * node is followed instead.
 */
import type { RoundOutcome } from "../allreduce/allreduce.ts";
import { describeError, isSkeinError } from "../base/errors.ts";
import { InnerRun } from "../train/inner_steps.ts";
import type { NodeContext } from "./context.ts";
import { tellStartingLoss } from "./evaluation.ts";
import { CommitWatch, followCommit } from "./follow.ts";
import { innerPlan } from "./inner_plan.ts";
import { RoundMeter } from "./round_report.ts";
import { maxInnerSteps } from "./run_config.ts";
import { ResidualKeeper } from "./residual_keeper.ts";
import { StepTicker } from "./step_ticker.ts";
import { collectGarbage } from "./v8_memory.ts";
import { waypointCodec } from "./waypoints.ts";

const POLL_MS = 100;
/** After a failed round: a pause that lets the others notice, too. */
const RETRY_PAUSE_MS = 500;

export async function runMiner(node: NodeContext): Promise<void> {
  const { states, signal, options } = node;
  const residual = await ResidualKeeper.open(node);
  await states.catchUp(signal);
  await residual.moved(states);
  await tellStartingLoss(node);
  await waitForMiners(node);
  await node.bandwidth.measured(signal);
  const watch = new CommitWatch(node.allReduce);
  const meter = new RoundMeter(node);
  const startedAt = states.current.outerStep;
  try {
    while (!signal.aborted) {
      await playOuterStep(node, watch, residual);
      if (signal.aborted) return;
      await residual.moved(states);
      await meter.report();
      if (options.rounds !== undefined && states.current.outerStep - startedAt >= options.rounds) return;
    }
  } finally {
    watch.close();
  }
}

/** Holds the very first round until enough miners are connected, so that a swarm that starts together is one group. */
async function waitForMiners(node: NodeContext): Promise<void> {
  const { options, states, directory, network, clock, log, signal } = node;
  const wanted = options.waitFor - 1;
  if (states.current.outerStep > 0 || wanted <= 0) return;
  let isTold = false;
  while (!signal.aborted) {
    const found = network.transport.connected().filter((hotkey) => directory.isMiner(hotkey)).length;
    if (found >= wanted) return;
    if (!isTold) log.info(`waiting for ${wanted} other miners, ${found} connected`);
    isTold = true;
    await clock.sleep(POLL_MS, signal).catch(() => {});
  }
}

/** Resolves when the state has moved on, or the signal has aborted. */
async function playOuterStep(node: NodeContext, watch: CommitWatch, residual: ResidualKeeper): Promise<void> {
  const { states, chain, run, corpus, uid, engine, signal, clock, log } = node;
  const anchor = states.current;
  const outerStep = anchor.outerStep + 1;
  const { roundBlocks } = run.config.training;
  // From our own height, not the certificate's block: that one is its leader's word.
  const deadlineBlock = chain.block() + roundBlocks;
  // Empty before the first step: who is registered may be long gone, and two halves that both begin have nothing to
  // lose yet; the later to hear of the other's certificate takes over its state.
  const previousMembers = states.members();
  const plan = innerPlan(run, corpus, { anchor: anchor.parameters, outerStep, uid });
  let inner = new InnerRun(engine, plan);
  const ticker = new StepTicker(node, outerStep);

  for (let attempt = 0; !signal.aborted; attempt++) {
    const isFinite = await train(node, inner, { watch, ticker, attempt, deadlineBlock });
    if (signal.aborted) return;
    const decided = watch.newest(anchor.outerStep);
    if (decided !== undefined) {
      if (await followCommit(node, decided)) return;
      watch.dismiss(decided);
    } else if (!isFinite) {
      log.warn(`outer step ${outerStep}: the loss is not finite, starting over from the anchor`);
      inner = new InnerRun(engine, plan);
      continue;
    } else {
      const outcome = await joinRound(node, inner, residual, { outerStep, previousMembers, deadlineBlock });
      if (await settle(node, outcome)) return;
    }
    await clock.sleep(RETRY_PAUSE_MS, signal).catch(() => {});
  }
}

interface TrainingUntil {
  readonly watch: CommitWatch;
  readonly ticker: StepTicker;
  readonly attempt: number;
  readonly deadlineBlock: number;
}

/**
 * Inner steps until there are enough, the deadline has come, or the step was committed without us; at least as many as
 * the waypoint needs. @returns false when the loss is not finite
 */
async function train(node: NodeContext, inner: InnerRun, until: TrainingUntil): Promise<boolean> {
  const { run, states, chain, signal, waypoints } = node;
  const { innerSteps, waypointSteps } = run.config.training;
  const { outerStep } = states.current;
  // A retried round goes on with half as many steps again: time is not wasted, and the others do not wait long.
  const wish = innerSteps + until.attempt * Math.ceil(innerSteps / 2);
  const target = Math.min(maxInnerSteps(innerSteps), wish);
  while (inner.stepCount < target && !signal.aborted) {
    if (until.watch.newest(outerStep) !== undefined) return true;
    if (inner.stepCount >= waypointSteps && chain.block() >= until.deadlineBlock) return true;
    const loss = await inner.step();
    node.profile?.stepped();
    if (!Number.isFinite(loss)) return false;
    until.ticker.tick(inner.stepCount, loss, inner.stepCount >= target);
    if (inner.stepCount === waypointSteps) {
      try {
        await waypoints.put(outerStep + 1, waypointCodec.encode(inner.waypoint!));
      } catch (error) {
        if (!isSkeinError(error)) throw error;
        return false;
      }
    }
  }
  return true;
}

async function joinRound(
  node: NodeContext,
  inner: InnerRun,
  residual: ResidualKeeper,
  round: { outerStep: number; previousMembers: readonly string[]; deadlineBlock: number },
): Promise<RoundOutcome> {
  const { allReduce, states, run, waypoints, network, directory, chain, lockFile, bandwidth, signal } = node;
  const { batchSize } = run.config.training;
  const stored = lockFile.load();
  return await allReduce.run({
    ...round,
    anchorRoot: states.root,
    values: residual.offer(await inner.pseudoGradient(), {
      outerStep: round.outerStep,
      anchorRoot: states.root,
      innerSteps: inner.stepCount,
    }),
    samples: inner.stepCount * batchSize,
    innerSteps: inner.stepCount,
    waypointDigest: waypoints.digest(round.outerStep),
    // Whoever cannot be dialed contributes and reduces nothing, unless nobody else can either.
    bandwidthBytesPerSec: node.options.isClient ? 0 : await bandwidth.measured(signal),
    block: () => chain.block(),
    expected: () => [
      network.transport.self,
      ...network.transport.connected().filter((hotkey) => directory.isMiner(hotkey)),
    ],
    lock: stored?.runId === run.runId && stored.outerStep === round.outerStep ? stored : undefined,
    onLock: (lock) => lockFile.save(lock),
  }, signal);
}

/** @returns whether the state has moved on */
async function settle(node: NodeContext, outcome: RoundOutcome): Promise<boolean> {
  const { states, log, signal, signer, lockFile } = node;
  if (outcome.kind === "committed") {
    await states.advance(outcome.certificate, outcome.chunks);
    lockFile.clear();
    collectGarbage();
    return true;
  }
  const isElsewhere = outcome.kind === "superseded" || outcome.code === "allreduce/root-mismatch";
  if (!isElsewhere && signal.aborted) return false;
  log.emit({
    event: "round-aborted",
    hotkey: signer.hotkey,
    outerStep: states.current.outerStep + 1,
    code: outcome.kind === "superseded" ? "superseded" : outcome.code,
    reason: outcome.kind === "superseded"
      ? `the others are at outer step ${outcome.outerStep}, fetching their state`
      : outcome.reason,
  });
  try {
    return await states.catchUp(signal);
  } catch (error) {
    if (!isSkeinError(error)) throw error;
    log.warn(describeError(error));
    return false;
  }
}
