/**
 * One member of a bench, in a process of its own: a real network, real keys, a real all-reduce; only the chain is absent
 * (membership is a list, the block never changes). Commands: connect, fill, run, check; see allreduce_swarm.ts.
 *
 * Memory: one f32 tensor, which the caller of a round lends and which the decoded result overwrites afterwards.
 */
import { AllReduce, cachedVerify, decodeResultInto, type RoundOutcome } from "../src/allreduce/allreduce.ts";
import type { RoundTimeouts } from "../src/allreduce/round_types.ts";
import { sha256Bulk, sha256Sync, toHex, utf8 } from "../src/base/bytes.ts";
import { systemClock } from "../src/base/clock.ts";
import { isSkeinError } from "../src/base/errors.ts";
import { eventLog } from "../src/base/log.ts";
import type { Signer } from "../src/base/transport.ts";
import { accountFromSeed, cryptoReady, verifySignature } from "../src/chain/sr25519_signature.ts";
import { codecByName } from "../src/codec/by_name.ts";
import { CpuReducer } from "../src/codec/cpu_reducer.ts";
import { startNetwork } from "../src/net/network.ts";
import { nativeDigest } from "../src/node/native_digest.ts";
import { ResultFiles } from "../src/node/result_files.ts";
import { collectGarbage } from "../src/node/v8_memory.ts";
import { ed25519RoundKeys } from "../src/node/round_keys.ts";
import { commands, tell } from "./allreduce_process.ts";
import { fillValues, resultFault, samplesOf } from "./allreduce_values.ts";

export interface MemberOptions {
  readonly member: number;
  readonly members: number;
  readonly elementCount: number;
  readonly codec: string;
  /** Of its results' files. */
  readonly directory: string;
  /** Multiaddr. */
  readonly listen: string;
  readonly bandwidthBytesPerSec: number;
  readonly chunkElements?: number;
  readonly timeouts?: Partial<RoundTimeouts>;
}

const RUN_ID = "be".repeat(32);
/** Of the largest chunk of any codec and size. */
const MAX_CHUNK_BYTES = 4 << 20;
const ZERO_DIGEST = "00".repeat(32);

const options: MemberOptions = JSON.parse(Deno.args[0]);
await cryptoReady();
const accounts = Array.from(
  { length: options.members },
  (_, i) => accountFromSeed(sha256Sync(utf8(`bench/${i}`))),
);
const hotkeys = accounts.map((account) => account.address);
const own = accounts[options.member];
const signer: Signer = { hotkey: own.address, sign: (message) => own.sign(message) };
const isVerbose = Deno.env.has("SKEIN_BENCH_VERBOSE");
/** Contributions that this reducer left out: a round without them is faster, and no measurement. */
let leftOutCount = 0;
const log = eventLog((event) => {
  if (event.event === "sender-excluded") leftOutCount++;
  if (isVerbose) console.error(options.member, JSON.stringify(event));
});
const network = await startNetwork({
  identitySeed: new Uint8Array(32).fill(options.member + 1),
  listen: [options.listen],
  runId: RUN_ID,
  runDescription: "bench",
  role: "miner",
  netuid: 1,
}, {
  signer,
  verify: verifySignature,
  isRegistered: (hotkey) => hotkeys.includes(hotkey),
  clock: systemClock,
  log,
});
const codec = codecByName(options.codec);
const { elementCount, chunkElements, timeouts } = options;
const allReduce = new AllReduce({
  runId: RUN_ID,
  seed: "bench",
  elementCount,
  minGroup: options.members,
  ...(chunkElements === undefined ? {} : { chunkElements }),
  timeouts,
  roundTimeoutMs: 120_000,
}, {
  transport: network.transport,
  signer,
  verify: cachedVerify(verifySignature),
  roundKeys: ed25519RoundKeys,
  digest: nativeDigest,
  codec,
  reducer: new CpuReducer(codec),
  resultSpace: new ResultFiles(options.directory),
  clock: systemClock,
  log,
  isMember: (hotkey) => hotkeys.includes(hotkey),
});
const values = new Float32Array(elementCount);

tell("listening", { addrs: network.listenAddrs, hotkey: own.address });
for await (const command of commands()) {
  if (command.do === "connect") await connect(command.addrs as string[]);
  else if (command.do === "fill") fillValues(values, options.member, command.round as number);
  else if (command.do === "run") {
    await run(command.round as number, command.isChecked as boolean, command.bandwidth as number);
    continue;
  }
  tell("done");
}

async function connect(addrs: readonly string[]): Promise<void> {
  for (const addr of addrs) await dialed(addr);
  while (network.transport.connected().length < options.members - 1) await systemClock.sleep(5);
}

/** On a machine that starts sixteen of us at once, a first handshake may come too late. */
async function dialed(addr: string): Promise<void> {
  for (let tries = 1;; tries++) {
    try {
      return void await network.dial(addr);
    } catch (error) {
      if (!isSkeinError(error) || tries === 5) throw error;
      await systemClock.sleep(100 * tries);
    }
  }
}

async function run(round: number, isChecked: boolean, bandwidthBytesPerSec: number): Promise<void> {
  leftOutCount = 0;
  const outcome = await allReduce.run({
    outerStep: round + 1,
    anchorRoot: ZERO_DIGEST,
    values,
    samples: samplesOf(options.member),
    innerSteps: samplesOf(options.member),
    waypointDigest: ZERO_DIGEST,
    bandwidthBytesPerSec,
    previousMembers: hotkeys,
    deadlineBlock: 1_000_000,
    block: () => 1,
    expected: () => hotkeys,
  }, new AbortController().signal);
  tell("finished", { kind: outcome.kind });
  if (outcome.kind !== "committed") return tell("result", { fault: JSON.stringify(outcome) });
  const digest = await digestOf(outcome);
  const leftOut = leftOutCount > 0 ? `${leftOutCount} senders were left out` : undefined;
  const fault = leftOut ?? (isChecked ? faultOf(outcome, round) : undefined);
  const startMs = systemClock.monotonicMs();
  decodeResultInto(outcome.certificate.origin, outcome.chunks, codec, values);
  tell("result", {
    fault,
    digest,
    decodeSeconds: (systemClock.monotonicMs() - startMs) / 1000,
    ...outcome.stats,
  });
  collectGarbage(); // as a node does between rounds
}

type Committed = RoundOutcome & { kind: "committed" };

/** Of the bytes this member holds, not of what it was told. */
async function digestOf({ chunks }: Committed): Promise<string> {
  const digests: string[] = [];
  const room = new Uint8Array(MAX_CHUNK_BYTES);
  for (let chunk = 0; chunk < chunks.length; chunk++) {
    const bytes = chunks.read(chunk, room) as Uint8Array<ArrayBuffer>;
    digests.push(toHex(await nativeDigest(bytes)));
  }
  return toHex(await sha256Bulk(new TextEncoder().encode(digests.join(""))));
}

/** Every member holds the same bytes, so each checks its share of the chunks. */
function faultOf({ chunks, plan, certificate }: Committed, round: number): string | undefined {
  const group = certificate.origin.members.map(({ hotkey }) => hotkeys.indexOf(hotkey));
  const { member, members } = options;
  const room = new Uint8Array(MAX_CHUNK_BYTES);
  for (const chunk of plan.chunks) {
    if (chunk.index % members !== member) continue;
    const contributors = group.filter((_, i) => plan.contributes(i, chunk.index));
    const fault = resultFault(chunks.read(chunk.index, room), chunk, codec, contributors, round);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
