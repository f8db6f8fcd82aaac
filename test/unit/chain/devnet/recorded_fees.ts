/** What the recorded session's blocks told of each transaction's weight and fee, decoded by the client's library. */
import { TypeRegistry } from "@polkadot/types";
import { Metadata } from "@polkadot/types/metadata";
import { metadataSpec293, recordedSession } from "../recorded.ts";

const EVENTS_KEY = "0x26aa394eea5630e07c48ae0c9558cef780d41e5e16056765bc8461851072c9d7";

export interface RecordedFee {
  /** Hex with 0x, with its length in front. */
  readonly extrinsic: string;
  readonly weight: { readonly refTime: bigint; readonly proofSize: bigint };
  readonly className: string;
  readonly paysFee: string;
  readonly fee: bigint;
  readonly isSuccess: boolean;
}

/** Only those whose block and events were both asked for. */
export function recordedFees(): RecordedFee[] {
  const registry = new TypeRegistry();
  registry.setMetadata(new Metadata(registry, metadataSpec293() as `0x${string}`));
  return answers().flatMap(({ extrinsics, events }) => {
    // deno-lint-ignore no-explicit-any
    const records = registry.createType("Vec<FrameSystemEventRecord>", events) as any;
    return extrinsics.flatMap((extrinsic, index) => {
      // deno-lint-ignore no-explicit-any
      const own = records.filter(({ phase }: any) => phase.asApplyExtrinsic.toNumber() === index)
        // deno-lint-ignore no-explicit-any
        .map(({ event }: any) => event);
      // deno-lint-ignore no-explicit-any
      const paid = own.find(({ method }: any) => method === "TransactionFeePaid");
      return paid ? [feeOf(extrinsic, own.at(-1), paid)] : [];
    });
  });
}

// deno-lint-ignore no-explicit-any
function feeOf(extrinsic: string, outcome: any, paid: any): RecordedFee {
  const { weight, class: className, paysFee } = outcome.data.dispatchInfo;
  return {
    extrinsic,
    weight: { refTime: weight.refTime.toBigInt(), proofSize: weight.proofSize.toBigInt() },
    className: className.toString(),
    paysFee: paysFee.toString(),
    fee: paid.data.actualFee.toBigInt(),
    isSuccess: outcome.method === "ExtrinsicSuccess",
  };
}

function answers(): { extrinsics: string[]; events: string }[] {
  const asked = new Map<number, { kind: "block" | "events"; hash: string }>();
  const extrinsics = new Map<string, string[]>();
  const events = new Map<string, string>();
  for (const { d, m } of recordedSession()) {
    if (d === ">" && m.method === "chain_getBlock") asked.set(m.id, { kind: "block", hash: m.params[0] });
    if (d === ">" && m.method === "state_getStorage" && m.params[0] === EVENTS_KEY) {
      asked.set(m.id, { kind: "events", hash: m.params[1] });
    }
    const question = d === "<" ? asked.get(m.id) : undefined;
    if (question?.kind === "block") extrinsics.set(question.hash, m.result.block.extrinsics);
    if (question?.kind === "events") events.set(question.hash, m.result);
  }
  return [...extrinsics].flatMap(([hash, each]) =>
    events.has(hash) ? [{ extrinsics: each, events: events.get(hash)! }] : []
  );
}
