/** What a node reads from its own disk and its children: the round lock, and lines of events. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { concatBytes, sha256Sync, toHex, utf8 } from "../../../src/base/bytes.ts";
import { silentLog } from "../../../src/base/log.ts";
import type { RoundLock } from "../../../src/allreduce/allreduce.ts";
import { KnownPeers } from "../../../src/node/known_peers.ts";
import { parseEventLine } from "../../../src/node/events.ts";
import { RoundLockFile } from "../../../src/node/round_lock_file.ts";
import { type Decoder, jsonExamples, structuredBound } from "./decoder.ts";

const LOCK: RoundLock = {
  runId: "5e".repeat(32),
  outerStep: 3,
  anchorRoot: "22".repeat(32),
  promised: 1,
  groups: [{ attempt: 0, members: ["alice", "bob"] }, { attempt: 1, members: ["bob", "carol"] }],
  lock: null,
};

const withDigest = (text: Uint8Array) => concatBytes(utf8(`${toHex(sha256Sync(text))}\n`), text, utf8("\n"));

/** @param directory for the lock; its own */
export function nodeDecoders(directory: string): Decoder[] {
  const file = new RoundLockFile(directory);
  const read = (whole: Uint8Array) => {
    writeFileSync(join(directory, "round-lock.json"), whole);
    return file.load();
  };
  const shared = { allocationBytes: structuredBound(), share: 0.005 };
  const step = { event: "step", hotkey: "alice", outerStep: 1, innerStep: 2, loss: 3.5, tokensPerSec: 100 };
  return [
    {
      ...shared,
      name: "node: round lock",
      format: "bytes",
      examples: jsonExamples([LOCK]).map(withDigest),
      decode: read,
    },
    {
      ...shared,
      name: "node: round lock with the right digest",
      format: "json",
      examples: jsonExamples([LOCK]),
      decode: (input) => read(withDigest(input)),
    },
    {
      ...shared,
      name: "node: known peers",
      format: "json",
      examples: jsonExamples([{ version: 1, peers: [{ hotkey: "alice", addrs: ["/ip4/10.0.0.1/tcp/1"] }] }]),
      decode(input) {
        writeFileSync(join(directory, "peers.json"), input);
        return KnownPeers.open(directory, silentLog);
      },
    },
    {
      name: "node: line of events",
      format: "json",
      examples: jsonExamples([step, {
        event: "weights-set",
        hotkey: "v",
        outerStep: 1,
        scores: { alice: 1 },
      }]),
      decode: (input) => parseEventLine(new TextDecoder().decode(input)),
      allocationBytes: structuredBound(),
    },
  ];
}
