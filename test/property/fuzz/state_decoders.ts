/** State files and records from the disk, answers and requests of the state download, waypoint ranges. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { encode } from "cborg";
import { concatBytes, sha256Sync, toHex, utf8 } from "../../../src/base/bytes.ts";
import { SkeinError } from "../../../src/base/errors.ts";
import { silentLog } from "../../../src/base/log.ts";
import type { Message, Transport } from "../../../src/base/transport.ts";
import { fetchWaypoint, WaypointShelf } from "../../../src/node/waypoints.ts";
import { downloadHead } from "../../../src/state/download_state.ts";
import { askHeads } from "../../../src/state/heads.ts";
import { leavesOf, rootOfLeaves, shapeOf } from "../../../src/state/merkle.ts";
import { bytesOf } from "../../../src/state/model_state.ts";
import { serveState } from "../../../src/state/serve_state.ts";
import { readStateFile } from "../../../src/state/state_file.ts";
import { StateStore } from "../../../src/state/store.ts";
import { makeState, RUN_ID } from "../../unit/state/make_state.ts";
import { cborExamples, type Decoder, flatBound, jsonExamples, structuredBound } from "./decoder.ts";
import { messageIn } from "./message_in.ts";

const ELEMENTS = 40;
const STATE = makeState(3, ELEMENTS);
/** Files cost a hundred times what bytes in memory cost. */
const FILE_SHARE = 0.005;

type Handler = (from: string, message: Message) => Promise<Message>;

/** A peer that answers everything with one message, and a place to put request handlers. */
function answering(
  answer: (message: Message) => Message,
): { transport: Transport; handlers: Map<string, Handler> } {
  const handlers = new Map<string, Handler>();
  const transport = {
    self: "us",
    connected: () => ["peer"],
    request: async (_to: string, message: Message, options: { maxBodyBytes: number }) => {
      const reply = answer(message);
      if ((reply.body?.byteLength ?? 0) > options.maxBodyBytes) {
        throw new SkeinError("net/frame-oversized", "read frame: the body is above the limit of the request");
      }
      return reply;
    },
    onRequest: (type: string, handler: Handler) => {
      handlers.set(type, handler);
      return () => {};
    },
    penalise: () => {},
  };
  return { transport: transport as unknown as Transport, handlers };
}

function stateFile(certificate: unknown): Uint8Array {
  const { runId, outerStep } = STATE;
  const header = encode({ runId, outerStep, elementCount: ELEMENTS, certificate });
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, header.length, true);
  return concatBytes(utf8("SKEINST1"), length, header, bytesOf(STATE.parameters), bytesOf(STATE.momentum));
}

const sealed = (bytes: Uint8Array) => concatBytes(bytes, sha256Sync(bytes));

async function fileDecoders(directory: string): Promise<Decoder[]> {
  const path = join(directory, "state-3.bin");
  const store = await StateStore.open(directory, { log: silentLog });
  const files = [stateFile(null), stateFile({ votes: ["x"], outerStep: 3 })];
  const read = (bytes: Uint8Array) => {
    writeFileSync(path, bytes);
    return readStateFile(path);
  };
  const readRecord = (bytes: Uint8Array) => {
    writeFileSync(join(directory, "record-fuzzed.json"), bytes);
    return store.loadRecord("fuzzed");
  };
  const record = (text: Uint8Array) => concatBytes(utf8(`${toHex(sha256Sync(text))}\n`), text, utf8("\n"));
  const shared = { format: "bytes", allocationBytes: structuredBound(), share: FILE_SHARE } as const;
  const scores = [{ scores: { alice: 1.5 }, list: [1, 2, null] }];
  return [
    { ...shared, name: "state: file", examples: files.map(sealed), decode: read },
    {
      ...shared,
      name: "state: file with the right digest",
      examples: files,
      decode: (input) => read(sealed(input)),
    },
    { ...shared, name: "state: record", examples: jsonExamples(scores).map(record), decode: readRecord },
    {
      ...shared,
      name: "state: record with the right digest",
      format: "json",
      examples: jsonExamples(scores),
      decode: (input) => readRecord(record(input)),
    },
  ];
}

function headsDecoder(): Decoder {
  const heads = [{ outerStep: 3, root: "5e".repeat(32) }, { outerStep: 2, root: "5f".repeat(32) }];
  return {
    name: "state: answer about heads",
    format: "cbor",
    examples: cborExamples([
      { type: "state-head", header: { heads }, body: encode([{ outerStep: 3 }, null]) },
      { type: "state-head", header: { heads: [] } },
    ]),
    decode(input) {
      const message = messageIn(input);
      const { transport } = answering(() => message);
      return askHeads(["peer"], { timeoutMs: 1000 }, { transport, log: silentLog });
    },
    allocationBytes: structuredBound(),
    share: 0.5,
  };
}

/** Input: one byte that says which answer it replaces, and the answer's body. */
async function downloadDecoder(): Promise<Decoder> {
  const leaves = await leavesOf(STATE);
  const root = rootOfLeaves(shapeOf(STATE), leaves);
  const leaf = concatBytes(bytesOf(STATE.parameters), bytesOf(STATE.momentum));
  const honest: Record<string, Message> = {
    "state-leaves": { type: "", header: {}, body: concatBytes(...leaves) },
    "state-leaf": { type: "", header: {}, body: leaf },
  };
  return {
    name: "state: answers with leaves",
    format: "bytes",
    examples: [concatBytes(Uint8Array.of(0), ...leaves), concatBytes(Uint8Array.of(1), leaf)],
    decode(input) {
      const replaced = (input[0] ?? 0) % 2 === 0 ? "state-leaves" : "state-leaf";
      const { transport } = answering(({ type }) =>
        type === replaced ? { ...honest[type], body: input.slice(1) } : honest[type]
      );
      const head = { outerStep: 3, root, certificate: null, peers: ["peer"] };
      return downloadHead(transport, head, { runId: RUN_ID, elementCount: ELEMENTS, log: silentLog });
    },
    allocationBytes: flatBound(64 * 1024),
    share: 0.05,
  };
}

async function requestDecoders(): Promise<Decoder[]> {
  const { transport, handlers } = answering(() => ({ type: "", header: {} }));
  serveState(transport, () => STATE);
  const shelf = new WaypointShelf();
  await shelf.put(3, new Uint8Array(100));
  shelf.serve(transport);
  const root = rootOfLeaves(shapeOf(STATE), await leavesOf(STATE));
  const waypoint = { outerStep: 3, encodedBytes: 100, digest: toHex(sha256Sync(new Uint8Array(100))) };
  return [
    {
      name: "state and waypoints: requests",
      format: "cbor",
      examples: cborExamples([
        { type: "state-head", header: {} },
        { type: "state-leaves", header: { root } },
        { type: "state-leaf", header: { root, index: 0 } },
        { type: "waypoint-range", header: { outerStep: 3, offset: 10, length: 50 } },
      ]),
      async decode(input) {
        const message = messageIn(input);
        const handler = handlers.get(message.type);
        if (handler === undefined) throw new SkeinError("net/no-handler", "answer a request: no handler");
        await handler("peer", message);
      },
      allocationBytes: structuredBound(),
      share: 0.5,
    },
    {
      name: "waypoints: answer with a range",
      format: "bytes",
      examples: [new Uint8Array(100)],
      decode(input) {
        const peer = answering(() => ({ type: "", header: {}, body: input }));
        return fetchWaypoint(peer.transport, "peer", waypoint, new AbortController().signal);
      },
      allocationBytes: flatBound(),
      share: 0.2,
    },
  ];
}

/** @param directory for the files; its own */
export async function stateDecoders(directory: string): Promise<Decoder[]> {
  return [
    headsDecoder(),
    await downloadDecoder(),
    ...await requestDecoders(),
    ...await fileDecoders(directory),
  ];
}
