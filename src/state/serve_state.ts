/**
 * The serving side of state download: heads, leaf lists, leaves. Answers name the root they are of, and the state that was
 * newest when somebody asked for it stays to be had after the next outer step: a download that has begun can end.
 *
 *   state-head   {}                    → {outerStep, root}[] newest first; body: CBOR of the certificates, in order
 *   state-leaves {root}                → body: 32 bytes a leaf
 *   state-leaf   {root, index}         → body: the leaf, at most 1 MiB
 */
import { encode } from "cborg";
import { z } from "zod";
import { concatBytes } from "../base/bytes.ts";
import type { Message, Transport } from "../base/transport.ts";
import { StateError } from "./errors.ts";
import { leafBytes, leafCount, leavesOf, rootOfLeaves, shapeOf } from "./merkle.ts";
import type { ModelState } from "./model_state.ts";

const KEPT_STATES = 2;

const rootRequest = z.object({ root: z.string().regex(/^[0-9a-f]{64}$/) });
const leafRequest = rootRequest.extend({ index: z.number().int().nonnegative() });

interface Snapshot {
  readonly state: ModelState;
  readonly leaves: readonly Uint8Array[];
  readonly root: string;
}

/**
 * @param current the newest state, or undefined while there is none; its arrays must not change
 * @returns stop serving
 */
export function serveState(transport: Transport, current: () => ModelState | undefined): () => void {
  /** Newest first. Promises, so that two requests at once hash a state once. */
  let kept: { state: ModelState; snapshot: Promise<Snapshot> }[] = [];

  const snapshots = (): Promise<Snapshot[]> => {
    const state = current();
    if (state !== undefined && kept[0]?.state !== state) {
      kept = [
        { state, snapshot: snapshotOf(state) },
        ...kept.filter((old) => old.state.outerStep < state.outerStep),
      ]
        .slice(0, KEPT_STATES);
    }
    return Promise.all(kept.map(({ snapshot }) => snapshot));
  };
  const byRoot = async (root: string): Promise<Snapshot> => {
    const found = (await snapshots()).find((snapshot) => snapshot.root === root);
    if (found === undefined) {
      throw new StateError(
        "state/not-kept",
        `serve state: root ${root.slice(0, 12)} is not kept, ask for the head`,
      );
    }
    return found;
  };

  const stops = [
    transport.onRequest("state-head", async () => {
      const all = await snapshots();
      return {
        type: "state-head",
        header: { heads: all.map(({ state, root }) => ({ outerStep: state.outerStep, root })) },
        body: encode(all.map(({ state }) => state.certificate ?? null)),
      };
    }),
    transport.onRequest("state-leaves", async (_from, message) => {
      const { leaves } = await byRoot(parse(rootRequest, message).root);
      return { type: "state-leaves", header: {}, body: concatBytes(...leaves) };
    }),
    transport.onRequest("state-leaf", async (_from, message) => {
      const { root, index } = parse(leafRequest, message);
      const { state } = await byRoot(root);
      if (index >= leafCount(state.parameters.length)) {
        throw new StateError(
          "state/bad-request",
          `serve state: leaf ${index}, one of ${root.slice(0, 12)} required`,
        );
      }
      return { type: "state-leaf", header: {}, body: leafBytes(state, index) };
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

async function snapshotOf(state: ModelState): Promise<Snapshot> {
  const leaves = await leavesOf(state);
  return { state, leaves, root: rootOfLeaves(shapeOf(state), leaves) };
}

function parse<T>(shape: z.ZodType<T>, message: Message): T {
  const parsed = shape.safeParse(message.header);
  if (!parsed.success) {
    throw new StateError("state/bad-request", `serve state: malformed ${message.type} request`);
  }
  return parsed.data;
}
