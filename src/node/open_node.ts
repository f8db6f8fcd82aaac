/**
 * Builds a running node from options, in the order in which things can go wrong cheaply: keys and text first, then the
 * GPU, the chain, the network, and last the announcement by which others find it. Whatever was opened is closed again in
 * reverse, also when a later part fails.
 */
import { join } from "node:path";
import process from "node:process";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Signer } from "../base/transport.ts";
import { cryptoReady, type HotkeyPair, verifySignature } from "../chain/wallet/wallet.ts";
import { loadDefaultCorpus } from "../data/corpus.ts";
import { loadTextCorpus } from "../data/text_files.ts";
import { openDevice } from "../gpu/mod.ts";
import { type Network, startNetwork } from "../net/network.ts";
import type { NodeContext } from "./context.ts";
import { dataDirectory, holdFreeHome, holdHome } from "./home.ts";
import { loadNamedHotkey, loadOrCreateHotkey, loadOrCreateIdentitySeed } from "./keys.ts";
import { KnownPeers } from "./known_peers.ts";
import { listenMultiaddr } from "./listen_address.ts";
import type { NodeOptions } from "./node_options.ts";
import { openChain } from "./open_chain.ts";
import { openTraining } from "./open_training.ts";
import { PeerDirectory } from "./peer_directory.ts";
import { PeerKeeper } from "./peer_keeper.ts";
import { ensureRegistered } from "./registration.ts";
import { defineRun, type Run } from "./run_config.ts";

export interface NodeDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Asks a person for the password of an encrypted hotkey; absent where there is no terminal. */
  readonly askPassword?: (question: string) => Promise<string>;
}

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
  const hotkey = await openHotkey(options, home, deps);
  const corpus = options.data === undefined ? await loadDefaultCorpus() : await loadTextCorpus(options.data);
  // Mesa's window-system code complains on stderr when this is unset, and it is never needed here.
  process.env.XDG_RUNTIME_DIR ??= home;
  const gpu = await openDevice({ log });
  resources.defer(() => gpu.close());
  const chain = await openChain(options.chain, deps);
  resources.defer(() => chain.close());
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
  const parts = { gpu, options, network, directory, signer, corpus, deps, resources };
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
    precision: training.engine.precision,
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

function openHotkey(
  options: NodeOptions,
  home: string,
  { askPassword, log }: NodeDependencies,
): Promise<HotkeyPair> {
  const { wallet } = options;
  if (wallet === undefined) return loadOrCreateHotkey(home);
  return loadNamedHotkey(
    { ...options, wallet },
    { environment: process.env, ask: askPassword, notify: log.info },
  );
}

async function openHome(options: NodeOptions, resources: AsyncDisposableStack): Promise<string> {
  const held = options.home === undefined
    ? await holdFreeHome(join(dataDirectory(), "local"), options.role)
    : await holdHome(options.home);
  resources.defer(() => held.release());
  return held.path;
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
    bulkPort: options.bulkPort,
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
