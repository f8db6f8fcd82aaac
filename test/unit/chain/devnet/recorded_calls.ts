/**
 * The transactions of the recorded session as calls that can be made again: decoded by the recorded metadata, with what
 * became of each. Only //Alice's key is known; the other accounts get keys of ours, and take their places in the calls.
 */
import { Metadata, TypeRegistry } from "@polkadot/types";
import type { KeyringPair } from "@polkadot/keyring/types";
import { fromHex, toHex } from "../../../../src/base/bytes.ts";
import { eraType } from "../../../../src/chain/devnet/runtime/era.ts";
import { ScaleReader } from "../../../../src/chain/scale/scale_bytes.ts";
import { metadataSpec293, type RecordedFrame, recordedSession } from "../recorded.ts";
import { alice, keyring } from "./devnet_harness.ts";

export interface RecordedCall {
  /** `Pallet.call`, for sudo that of the call inside. */
  readonly name: string;
  readonly signer: KeyringPair;
  /** SCALE of the call by the recorded metadata, hex with 0x, ours in place of the recorded accounts. */
  readonly call: string;
  /** undefined for success, `Pallet.Error`, or `refused` by the pool. */
  readonly outcome: string | undefined;
  /** Height at which it stood in a block; the last one's for what never did. */
  readonly block: number;
}

export function realRegistry(): TypeRegistry {
  const registry = new TypeRegistry();
  const metadata = new Metadata(registry, metadataSpec293() as `0x${string}`);
  registry.setMetadata(metadata);
  return registry;
}

/** Recorded account, hex without 0x → ours. */
export class Accounts {
  readonly #pairs = new Map<string, KeyringPair>([[toHex(alice().publicKey), alice()]]);

  pairOf(recorded: string): KeyringPair {
    const known = this.#pairs.get(recorded);
    if (known) return known;
    const pair = keyring.addFromUri(`//recorded//${recorded.slice(0, 8)}`);
    this.#pairs.set(recorded, pair);
    return pair;
  }

  /** @param andMore replaces what else in the text follows from the account */
  replaceIn(
    text: string,
    andMore: (text: string, recorded: string, ours: string) => string = (text) => text,
  ): string {
    let replaced = text;
    for (const [recorded, { publicKey }] of this.#pairs) {
      const ours = toHex(publicKey);
      replaced = andMore(replaced, recorded, ours).replaceAll(recorded, ours);
    }
    return replaced;
  }
}

export function recordedCalls(registry: TypeRegistry, accounts: Accounts): RecordedCall[] {
  const frames = recordedSession();
  const sent = frames.flatMap(({ d, m }, at) =>
    d === ">" && m.method === "author_submitAndWatchExtrinsic"
      ? [{ at, id: m.id, hex: m.params[0], extrinsic: registry.createType("Extrinsic", m.params[0]) as any }]
      : []
  );
  for (const { extrinsic } of sent) {
    accounts.pairOf(keyIn(extrinsic.signer));
    for (const arg of extrinsic.method.args) {
      if (arg.toRawType() === "AccountId") accounts.pairOf(keyIn(arg));
    }
  }
  let block = 0;
  return sent.map(({ at, id, hex, extrinsic }) => {
    const { signer, method } = extrinsic;
    const inner = method.section === "sudo" ? method.args[0] : method;
    const found = outcomeOf(frames.slice(at), id, extrinsic, registry);
    block = found.block ?? block;
    return {
      name: `${inner.section}.${inner.method}`,
      signer: accounts.pairOf(keyIn(signer)),
      call: accounts.replaceIn(`0x${callBytes(hex)}`),
      outcome: found.outcome,
      block,
    };
  });
}

/** Of an account, or of an address that holds one. */
const keyIn = (value: any): string => value.toHex().slice(-64);

/** The call's bytes stand behind length, version, signer, signature, era, nonce, tip and the metadata hash's mode. */
function callBytes(extrinsic: string): string {
  const reader = new ScaleReader(fromHex(extrinsic));
  reader.compact();
  reader.raw(1 + 33 + 65);
  eraType.decode(reader);
  reader.compact();
  reader.compact();
  reader.raw(1);
  return toHex(reader.raw(reader.remainingBytes));
}

function outcomeOf(frames: RecordedFrame[], id: number, extrinsic: any, registry: TypeRegistry) {
  const taken = frames.find(({ d, m }) => d === "<" && m.id === id)!.m;
  if (taken.error) return { outcome: "refused" };
  const update =
    frames.find(({ d, m }) =>
      d === "<" && m.method === "author_extrinsicUpdate" && m.params.subscription === taken.result &&
      m.params.result.inBlock
    )!.m;
  const hash = update.params.result.inBlock;
  const { block } = answerTo(frames, "chain_getBlock", hash);
  const index = block.extrinsics.indexOf(extrinsic.toHex());
  const bytes = answerTo(frames, "state_getStorage", hash);
  const events = registry.createType("Vec<FrameSystemEventRecord>", bytes) as any;
  const own = events.filter(({ phase }: any) => phase.isApplyExtrinsic && phase.asApplyExtrinsic.eq(index))
    .map(({ event }: any) => event);
  const failed = own.find(({ method }: any) => method === "ExtrinsicFailed")?.data[0] ??
    own.find(({ method, data }: any) => method === "Sudid" && data[0].isErr)?.data[0].asErr;
  return { outcome: failed && describeFailure(registry, failed), block: Number(block.header.number) };
}

export function describeFailure(registry: any, error: any): string {
  if (!error.isModule) return error.toString();
  const { section, name } = registry.findMetaError(error.asModule);
  return `${section}.${name}`;
}

/** To the next request of that method about that block. */
function answerTo(frames: RecordedFrame[], method: string, hash: string): any {
  const asked = frames.find(({ d, m }) => d === ">" && m.method === method && m.params.includes(hash))!;
  return frames.find(({ d, m }) => d === "<" && m.id === asked.m.id)!.m.result;
}
