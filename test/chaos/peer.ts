/**
 * A member as a process of its own, for killing: real network, keys, round lock file and all-reduce; a tensor in place of a
 * model. It goes from round to round and tells on stdout what happens, one JSON object a line. Its argument is a `PeerPlan`.
 */
import { join } from "node:path";
import { AllReduce, cachedVerify, decodeResult, type RoundOutcome } from "../../src/allreduce/allreduce.ts";
import { fromUtf8, utf8 } from "../../src/base/bytes.ts";
import { systemClock } from "../../src/base/clock.ts";
import { describeError, isSkeinError } from "../../src/base/errors.ts";
import { eventLog, type LogEvent } from "../../src/base/log.ts";
import { Random } from "../../src/base/random.ts";
import type { Hotkey, Message, Transport } from "../../src/base/transport.ts";
import { cryptoReady, loadHotkey, verifySignature } from "../../src/chain/wallet/wallet.ts";
import { codecByName } from "../../src/codec/by_name.ts";
import { CpuReducer } from "../../src/codec/cpu_reducer.ts";
import { type Network, startNetwork } from "../../src/net/network.ts";
import { nativeDigest } from "../../src/node/native_digest.ts";
import { ResultFiles } from "../../src/node/result_files.ts";
import { ed25519RoundKeys } from "../../src/node/round_keys.ts";
import { RoundLockFile } from "../../src/node/round_lock_file.ts";
import {
  advanced,
  type ChainedState,
  loadState,
  membersOf,
  plainState,
  saveState,
  stateFromPlain,
} from "./chained_state.ts";
import { contributionOf, findWrongBlock } from "./contribution.ts";

export interface PeerPlan {
  readonly index: number;
  /** Holds `hotkey.json`, the round lock and the state. */
  readonly home: string;
  /** Hotkey and address of each member, in order of index. */
  readonly members: readonly { readonly hotkey: Hotkey; readonly addr: string }[];
  readonly elementCount: number;
}

const RUN_ID = "c4".repeat(32);
const BLOCK_MS = 1000;
const DEADLINE_BLOCKS = 4;
const STATE_REQUEST = "chaos-state";
const tell = (event: LogEvent) => console.log(JSON.stringify(event));
const block = () => Math.floor(systemClock.nowMs() / BLOCK_MS);

class Peer {
  readonly #plan: PeerPlan;
  readonly #hotkeys: readonly Hotkey[];
  readonly #network: Network;
  readonly #allReduce: AllReduce;
  readonly #lockFile: RoundLockFile;
  readonly #codec = codecByName("u8");
  readonly #values: Float32Array;
  readonly #random: Random;
  #state: ChainedState;

  constructor(
    plan: PeerPlan,
    network: Network,
    signer: ConstructorParameters<typeof AllReduce>[1]["signer"],
  ) {
    this.#plan = plan;
    this.#hotkeys = plan.members.map(({ hotkey }) => hotkey);
    this.#network = network;
    this.#lockFile = new RoundLockFile(plan.home);
    this.#values = contributionOf(plan.index, plan.elementCount);
    this.#random = new Random(plan.index);
    this.#state = loadState(plan.home);
    this.#allReduce = new AllReduce({
      runId: RUN_ID,
      seed: "chaos",
      elementCount: plan.elementCount,
      chunkElements: 64 * 1024,
      minGroup: 2,
      // Never: a group that goes on without a majority of the last one could fork, and nothing here may.
      recoveryBlocks: 1_000_000,
      roundTimeoutMs: 120_000,
      tickMs: 50,
      requestTimeoutMs: 5000,
    }, {
      transport: toldOf(network.transport),
      signer,
      verify: cachedVerify(verifySignature),
      roundKeys: ed25519RoundKeys,
      digest: nativeDigest,
      codec: this.#codec,
      reducer: new CpuReducer(this.#codec),
      resultSpace: new ResultFiles(join(plan.home, "results")),
      clock: systemClock,
      log: eventLog(tell),
      isMember: (hotkey) => this.#hotkeys.includes(hotkey),
    });
  }

  async live(): Promise<never> {
    const { transport } = this.#network;
    transport.onRequest(STATE_REQUEST, async () => ({
      type: STATE_REQUEST,
      header: {},
      body: utf8(JSON.stringify(plainState(this.#state))),
    }));
    if (this.#state.certificate) this.#allReduce.resume(this.#state.certificate);
    const others = this.#plan.members.filter((_, i) => i !== this.#plan.index);
    this.#network.keepConnected(new Map(others.map(({ hotkey, addr }) => [hotkey, [addr]])));
    tell({ event: "started", outerStep: this.#state.outerStep, root: this.#state.root });
    const wanted = this.#state.outerStep === 0 ? others.length : 1;
    while (transport.connected().length < wanted) await systemClock.sleep(20);
    await this.#catchUp();
    for (;;) {
      // Where a miner trains: members are not in step with each other.
      await systemClock.sleep(50 + this.#random.nextBelow(150));
      await this.#playRound();
    }
  }

  async #playRound(): Promise<void> {
    const { outerStep, root } = this.#state;
    tell({ event: "round", outerStep: outerStep + 1 });
    const stored = this.#lockFile.load();
    const outcome = await this.#allReduce.run({
      outerStep: outerStep + 1,
      anchorRoot: root,
      values: this.#values,
      samples: 1,
      innerSteps: 1,
      waypointDigest: "00".repeat(32),
      // Unlike, but so that each has something to reduce.
      bandwidthBytesPerSec: 1e7 * (4 + this.#plan.index % 3),
      previousMembers: membersOf(this.#state, this.#hotkeys),
      deadlineBlock: block() + DEADLINE_BLOCKS,
      block,
      expected: () => [this.#network.transport.self, ...this.#network.transport.connected()],
      lock: stored?.outerStep === outerStep + 1 ? stored : undefined,
      onLock: (lock) => this.#lockFile.save(lock),
    }, new AbortController().signal);
    if (outcome.kind === "committed") return await this.#take(outcome);
    const code = outcome.kind === "superseded" ? "superseded" : outcome.code;
    const reason = outcome.kind === "superseded" ? `at ${outcome.outerStep}` : outcome.reason;
    tell({ event: "aborted", outerStep: outerStep + 1, root, code, reason });
    await this.#catchUp();
  }

  async #take({ certificate, chunks, stats }: Extract<RoundOutcome, { kind: "committed" }>): Promise<void> {
    const previousMembers = membersOf(this.#state, this.#hotkeys);
    this.#allReduce.verify(certificate, { previousMembers, recoveryBlock: Infinity, block: 0, present: [] });
    const values = decodeResult(certificate.origin, chunks, this.#codec);
    const wrong = findWrongBlock(values, this.#hotkeys.length);
    if (wrong !== undefined) tell({ event: "violation", what: `step ${certificate.outerStep}: ${wrong}` });
    this.#adopt(await advanced(this.#state, certificate, values));
    const { outerStep, root } = this.#state;
    const members = certificate.origin.members.length;
    tell({ event: "committed", outerStep, root, members, attempts: stats.attempts, seconds: stats.seconds });
  }

  /** The newest state of those connected, when it is newer than ours. */
  async #catchUp(): Promise<void> {
    const offers = await Promise.all(
      this.#network.transport.connected().map((peer) => this.#ask(peer)),
    );
    const newest = offers.flatMap((state) => state ?? []).sort((a, b) => b.outerStep - a.outerStep)[0];
    if (newest === undefined || newest.outerStep <= this.#state.outerStep) return;
    this.#adopt(newest);
    this.#allReduce.resume(newest.certificate!);
    tell({ event: "fetched", outerStep: newest.outerStep, root: newest.root });
  }

  async #ask(peer: Hotkey): Promise<ChainedState | undefined> {
    try {
      const message = { type: STATE_REQUEST, header: {} };
      const options = { maxBodyBytes: 1 << 20, timeoutMs: 3000 };
      const { body } = await this.#network.transport.request(peer, message, options);
      const state = stateFromPlain(JSON.parse(fromUtf8(body!)));
      if (state.certificate) this.#allReduce.verify(state.certificate);
      return state;
    } catch (error) {
      if (!isSkeinError(error)) throw error;
      tell({ event: "log", message: `ask ${peer} for its state: ${describeError(error)}` });
      return undefined;
    }
  }

  /** Durable before anybody hears of it; the lock of the step that it ends is spent. */
  #adopt(state: ChainedState): void {
    saveState(this.#plan.home, state);
    this.#state = state;
    this.#lockFile.clear();
  }
}

/** The same transport, which tells when this member proposes, begins and sends its first result of a step. */
function toldOf(transport: Transport): Transport {
  const told = new Set<string>();
  const MOMENTS: Readonly<Record<string, string>> = {
    "allreduce/propose/1": "proposes",
    "allreduce/begin/1": "begins",
    "allreduce/result/1": "reduces",
    "allreduce/vote/1": "votes",
  };
  return new Proxy(transport, {
    get(target, property) {
      const value = Reflect.get(target, property);
      if (property !== "send") return typeof value === "function" ? value.bind(target) : value;
      return (to: Hotkey, message: Message, signal?: AbortSignal) => {
        const moment = MOMENTS[message.type];
        const key = `${moment} ${JSON.stringify(message.header.proposalDigest ?? message.header.signature)}`;
        if (moment !== undefined && !told.has(key)) {
          told.add(key);
          tell({ event: "moment", moment });
        }
        return target.send(to, message, signal);
      };
    },
  });
}

const plan: PeerPlan = JSON.parse(Deno.args[0]);
await cryptoReady();
const hotkey = await loadHotkey(`${plan.home}/hotkey.json`);
const hotkeys = plan.members.map((member) => member.hotkey);
const network = await startNetwork({
  identitySeed: new Uint8Array(32).fill(plan.index + 1),
  listen: [plan.members[plan.index].addr],
  runId: RUN_ID,
  runDescription: "chaos",
  role: "miner",
  netuid: 1,
}, {
  signer: hotkey,
  verify: verifySignature,
  isRegistered: (each) => hotkeys.includes(each),
  clock: systemClock,
  log: eventLog(tell),
});
await new Peer(plan, network, hotkey).live();
