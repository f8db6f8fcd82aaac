/**
 * Builds a running node from options, in the order in which things can go wrong cheaply: keys and text first, then the
 * GPU, the chain, the network, and last the announcement by which others find it. Whatever was opened is closed again in
 * reverse, also when a later part fails.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { AllReduce, cachedVerify } from "../allreduce/allreduce.ts";
import type { Clock } from "../base/clock.ts";
import { SkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Signer } from "../base/transport.ts";
import { type ChainClient, connectChain } from "../chain/client.ts";
import { cryptoReady, verifySignature } from "../chain/wallet.ts";
import { codecByName } from "../codec/by_name.ts";
import { type Corpus, loadDefaultCorpus } from "../data/corpus.ts";
import { loadTextCorpus } from "../data/text_files.ts";
import { type Gpu, openDevice } from "../gpu/mod.ts";
import { initialParameters } from "../model/mod.ts";
import { type Network, startNetwork } from "../net/network.ts";
import { StateStore } from "../state/store.ts";
import { TrainEngine } from "../train/engine.ts";
import { chunkReducer } from "../train/gpu_reducer.ts";
import { BandwidthMeter } from "./bandwidth.ts";
import type { NodeContext } from "./context.ts";
import { dataDirectory, holdFreeHome, holdHome } from "./home.ts";
import { loadNamedHotkey, loadOrCreateHotkey, loadOrCreateIdentitySeed } from "./keys.ts";
import { validationTokensFor } from "./evaluation.ts";
import { KnownPeers } from "./known_peers.ts";
import { listenMultiaddr } from "./listen_address.ts";
import { findOrStartLocalChain } from "./local_chain.ts";
import type { NodeOptions } from "./node_options.ts";
import { PeerDirectory } from "./peer_directory.ts";
import { PeerKeeper } from "./peer_keeper.ts";
import { ensureRegistered } from "./registration.ts";
import { nativeDigest } from "./native_digest.ts";
import { ed25519RoundKeys } from "./round_keys.ts";
import { RoundLockFile } from "./round_lock_file.ts";
import { defineRun, maxInnerSteps, RECOVERY_BLOCKS, type Run } from "./run_config.ts";
import { StateKeeper } from "./state_keeper.ts";
import { WaypointShelf } from "./waypoints.ts";

export interface NodeDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** A node may go on alone: continuity with the last group is what keeps halves of a partition from both doing so. */
const MIN_GROUP = 1;

const MAX_SOFTWARE_LOOPS = 65_535;
const MAX_SOFTWARE_CONTEXT = 480;

/** @param resources closes what was opened when it is disposed of */
export async function openNode(
  options: NodeOptions,
  deps: NodeDependencies,
  resources: AsyncDisposableStack,
): Promise<NodeContext> {
  const { clock, log, signal } = deps;
  options.listen.forEach(listenMultiaddr); // an address that cannot be read is told at once
  await cryptoReady();
  const home = await openHome(options, resources);
  const hotkey = options.wallet === undefined
    ? await loadOrCreateHotkey(home)
    : await loadNamedHotkey({ ...options, wallet: options.wallet });
  const corpus = options.data === undefined ? await loadDefaultCorpus() : await loadTextCorpus(options.data);
  // Mesa's window-system code complains on stderr when this is unset, and it is never needed here.
  process.env.XDG_RUNTIME_DIR ??= home;
  const gpu = await openDevice({ log });
  resources.defer(() => gpu.close());
  const chain = await openChain(options, deps, resources);
  const uid = await ensureRegistered(chain, { ...options, hotkey, home }, { log });
  const run = defineRun({
    genesisHash: chain.genesisHash,
    netuid: options.netuid,
    preset: options.preset,
    corpusDigest: corpus.digest,
    codec: options.codec,
  });
  const directory = new PeerDirectory(chain, options.netuid, log);
  await directory.refresh();
  const signer: Signer = { hotkey: hotkey.ss58, sign: (message) => hotkey.sign(message) };
  const network = await openNetwork(run, home, { options, directory, signer, deps, resources });
  const parts = { gpu, network, directory, signer, corpus, deps, resources };
  const training = await openTraining(run, home, parts);
  const peers = new PeerKeeper(hotkey, {
    chain,
    directory,
    network,
    knownPeers: await KnownPeers.open(home, log),
    options,
    clock,
    log,
    signal,
  });
  resources.defer(() => peers.stop());
  await peers.start();
  log.emit({
    event: "started",
    role: options.role,
    hotkey: hotkey.ss58,
    uid,
    adapter: gpu.adapterName,
    backend: gpu.backendKind,
    preset: options.preset,
    outerStep: training.states.current.outerStep,
    runId: run.runId,
    home,
    listen: network.listenAddrs,
  });
  return {
    ...{ options, home, run, signer, hotkey, chain, directory, network, corpus, ...training, ...deps },
    // A hotkey that lost its place and registered again has another.
    get uid() {
      return directory.uidOf(hotkey.ss58) ?? uid;
    },
  };
}

async function openHome(options: NodeOptions, resources: AsyncDisposableStack): Promise<string> {
  const held = options.home === undefined
    ? await holdFreeHome(join(dataDirectory(), "local"), options.role)
    : await holdHome(options.home);
  resources.defer(() => held.release());
  return held.path;
}

async function openChain(
  options: NodeOptions,
  deps: NodeDependencies,
  resources: AsyncDisposableStack,
): Promise<ChainClient> {
  const url = options.chain === "local" ? await findOrStartLocalChain(dataDirectory(), deps) : options.chain;
  const chain = await connectChain(url, deps);
  resources.defer(() => chain.close());
  return chain;
}

async function openNetwork(
  run: Run,
  home: string,
  parts: {
    options: NodeOptions;
    directory: PeerDirectory;
    signer: Signer;
    deps: NodeDependencies;
    resources: AsyncDisposableStack;
  },
): Promise<Network> {
  const { options, directory, signer, resources } = parts;
  const { clock, log } = parts.deps;
  const network = await startNetwork({
    identitySeed: await loadOrCreateIdentitySeed(home),
    listen: options.isClient ? [] : options.listen.map(listenMultiaddr),
    announce: options.announce,
    relays: options.relays,
    bootstrap: options.bootstrap,
    isDhtClient: options.isClient,
    webrtc: options.webrtc,
    mdns: options.mdns,
    runId: run.runId,
    runDescription: run.description,
    role: options.role,
    netuid: options.netuid,
  }, {
    signer,
    verify: verifySignature,
    isRegistered: (hotkey, role) => directory.isRegistered(hotkey, role),
    clock,
    log,
  });
  resources.defer(() => network.stop());
  return network;
}

/**
 * Mesa's llvmpipe ends an invocation's loops after about 65535 passes in all, silently (measured: cross-entropy over 50257
 * columns is wrong from the second pass on, attention at head size 64 beyond 480 positions): refuse, not compute nonsense.
 */
function assertAdapterBears({ backendKind, adapterName }: Gpu, { config: { model, preset } }: Run): void {
  if (backendKind !== "software") return;
  if (2 * model.vocabSize < MAX_SOFTWARE_LOOPS && model.contextLength <= MAX_SOFTWARE_CONTEXT) return;
  throw new SkeinError(
    "node/adapter-too-weak",
    `train preset ${preset} on ${adapterName}: a software adapter computes models of this size wrongly, a GPU ` +
      `is required, take preset pico or nano here`,
    { preset, adapter: adapterName },
  );
}

/** The model, what trains it, and what agrees on it. */
async function openTraining(
  run: Run,
  home: string,
  parts: {
    gpu: Gpu;
    network: Network;
    directory: PeerDirectory;
    signer: Signer;
    corpus: Corpus;
    deps: NodeDependencies;
    resources: AsyncDisposableStack;
  },
) {
  const { gpu, network: { transport }, directory, signer, corpus, resources } = parts;
  const { clock, log } = parts.deps;
  const { model, training } = run.config;
  const validationTokens = validationTokensFor(run, corpus);
  assertAdapterBears(gpu, run);
  const engine = await TrainEngine.create(gpu, model, {
    batchSize: training.batchSize,
    adamw: training.adamw,
  });
  resources.defer(() => engine.destroy());
  const codec = codecByName(run.config.exchange.codec);
  const untrained = initialParameters(model, run.seed);
  const reducer = chunkReducer(gpu, codec, { clip: run.config.exchange.clip });
  resources.defer(() => reducer.destroy());
  const allReduce = new AllReduce({
    runId: run.runId,
    seed: String(run.seed),
    elementCount: untrained.length,
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
    codec,
    reducer,
    clock,
    log,
    isMember: (hotkey) => directory.isMiner(hotkey),
    wasMember: (hotkey) => directory.wasMiner(hotkey),
  });
  resources.defer(() => allReduce.close());

  const runHome = join(home, "runs", run.runId.slice(0, 16));
  await mkdir(runHome, { recursive: true, mode: 0o700 });
  const store = await StateStore.open(runHome, { log });
  const states = await StateKeeper.open(run, untrained, { transport, allReduce, store, codec, log });
  const waypoints = new WaypointShelf();
  const bandwidth = new BandwidthMeter({ transport, clock, log });
  for (const stop of [states.serve(), waypoints.serve(transport), bandwidth.serve()]) resources.defer(stop);
  const lockFile = new RoundLockFile(runHome);
  return {
    runHome,
    allReduce,
    codec,
    engine,
    store,
    states,
    waypoints,
    bandwidth,
    lockFile,
    validationTokens,
  };
}
