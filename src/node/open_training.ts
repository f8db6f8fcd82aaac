/** The part of a node that trains: the model, what trains it, and what agrees on it with others. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AllReduce, cachedVerify, type ResultSpace } from "../allreduce/allreduce.ts";
import type { StepCodec, WarmUp } from "../allreduce/step_form.ts";
import type { Clock } from "../base/clock.ts";
import { describeError, isSkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Signer } from "../base/transport.ts";
import { verifySignature } from "../chain/wallet/wallet.ts";
import { codecByName } from "../codec/by_name.ts";
import type { Corpus } from "../data/corpus.ts";
import type { Gpu } from "../gpu/mod.ts";
import { initialParameters } from "../model/mod.ts";
import type { Network } from "../net/network.ts";
import { StateStore } from "../state/store.ts";
import { TrainEngine } from "../train/engine.ts";
import { chunkReducer } from "../train/gpu_reducer.ts";
import { BandwidthMeter } from "./bandwidth.ts";
import { validationTokensFor } from "./evaluation.ts";
import { exchangeAt } from "./exchange_plan.ts";
import { assertDivides } from "./micro_batches.ts";
import type { NodeOptions } from "./node_options.ts";
import { nativeDigest } from "./native_digest.ts";
import type { PeerDirectory } from "./peer_directory.ts";
import { ProfileSession } from "./profile_session.ts";
import { ResultFiles } from "./result_files.ts";
import { ed25519RoundKeys } from "./round_keys.ts";
import { RoundLockFile } from "./round_lock_file.ts";
import { openTuning } from "./kernel_tuning.ts";
import { maxInnerSteps, RECOVERY_BLOCKS, type Run } from "./run_config.ts";
import { StateKeeper } from "./state_keeper.ts";
import { WaypointShelf } from "./waypoints.ts";

/** A node may go on alone: continuity with the last group is what keeps halves of a partition from both doing so. */
const MIN_GROUP = 1;

export interface TrainingParts {
  readonly gpu: Gpu;
  readonly options: Pick<NodeOptions, "precision" | "autotune" | "recompute" | "microBatches" | "profile">;
  readonly network: Network;
  readonly directory: PeerDirectory;
  readonly signer: Signer;
  readonly corpus: Corpus;
  readonly deps: { readonly clock: Clock; readonly log: Log };
  readonly resources: AsyncDisposableStack;
}

/** The model, what trains it, and what agrees on it. */
export async function openTraining(
  run: Run,
  home: string,
  parts: TrainingParts,
) {
  const { gpu, options, network: { transport }, corpus, resources } = parts;
  const { clock, log } = parts.deps;
  const { model, training } = run.config;
  const validationTokens = validationTokensFor(run, corpus);
  if (options.microBatches !== undefined) assertDivides(options.microBatches, training.batchSize);
  const engine = await TrainEngine.create(gpu, model, {
    batchSize: training.batchSize,
    adamw: training.adamw,
    precision: options.precision,
    recompute: options.recompute ? "layers" : "none",
    microBatches: options.microBatches,
    tuning: await openTuning(gpu, home, { flag: options.autotune }, { clock, log }),
    log,
  });
  resources.defer(() => engine.destroy());
  const profile = options.profile === undefined ? undefined : await openProfile(options.profile, parts);
  const untrained = initialParameters(model, run.seed);
  const exchange = openExchange(gpu, run, resources);
  const runHome = join(home, "runs", run.runId.slice(0, 16));
  await mkdir(runHome, { recursive: true, mode: 0o700 });
  const resultSpace = resources.use(new ResultFiles(join(runHome, "results")));
  const allReduce = openAllReduce(run, untrained.length, { ...exchange, resultSpace }, parts);
  resources.defer(() => allReduce.close());

  const store = await StateStore.open(runHome, { log });
  const states = await StateKeeper.open(run, untrained, { transport, allReduce, store, log });
  const waypoints = new WaypointShelf();
  const bandwidth = new BandwidthMeter({ transport, clock, log });
  for (const stop of [states.serve(), waypoints.serve(transport), bandwidth.serve()]) resources.defer(stop);
  const lockFile = new RoundLockFile(runHome);
  return {
    runHome,
    allReduce,
    codec: exchange.codec,
    engine,
    profile,
    store,
    states,
    waypoints,
    bandwidth,
    lockFile,
    validationTokens,
  };
}

async function openProfile(
  profile: string | true,
  { gpu, deps, resources }: TrainingParts,
): Promise<ProfileSession> {
  const session = await ProfileSession.start(gpu, { tracePath: profile === true ? undefined : profile }, {
    ...deps,
    writeText: (path, text) => writeFile(path, text),
  });
  resources.defer(async () => {
    try {
      await session.tell();
      await session.end();
    } catch (error) {
      // What ended the node, a lost device for instance, is worth more than the profile of its end.
      if (!isSkeinError(error)) throw error;
      deps.log.warn(describeError(error));
    }
  });
  return session;
}

/** What rounds encode and reduce with, from the first step on and after the dense ones. */
function openExchange(gpu: Gpu, run: Run, resources: AsyncDisposableStack): StepCodec & { warmUp?: WarmUp } {
  const open = (outerStep: number) => {
    const { codec: name, clip } = exchangeAt(run.config, outerStep);
    const codec = codecByName(name);
    const reducer = chunkReducer(gpu, codec, { clip });
    resources.defer(() => reducer.destroy());
    return { codec, reducer };
  };
  const { denseSteps: lastStep } = run.config.exchange;
  return { ...open(lastStep + 1), ...(lastStep > 0 ? { warmUp: { lastStep, ...open(1) } } : {}) };
}

function openAllReduce(
  run: Run,
  elementCount: number,
  exchange: StepCodec & { warmUp?: WarmUp; resultSpace: ResultSpace },
  { network: { transport }, directory, signer, deps: { clock, log } }: TrainingParts,
): AllReduce {
  const { training } = run.config;
  return new AllReduce({
    runId: run.runId,
    seed: String(run.seed),
    elementCount,
    minGroup: MIN_GROUP,
    recoveryBlocks: RECOVERY_BLOCKS,
    samplesPerInnerStep: training.batchSize,
    maxInnerSteps: maxInnerSteps(training.innerSteps),
  }, {
    transport,
    signer,
    verify: cachedVerify(verifySignature),
    roundKeys: ed25519RoundKeys,
    digest: nativeDigest,
    ...exchange,
    clock,
    log,
    isMember: (hotkey) => directory.isMiner(hotkey),
    wasMember: (hotkey) => directory.wasMiner(hotkey),
  });
}
