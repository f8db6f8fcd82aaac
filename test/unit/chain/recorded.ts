/** What was recorded from chains that execute the real subtensor runtime, for tests to hold ours against. */
import { gunzipSync } from "node:zlib";

const FIXTURES = new URL("../../fixtures/chain/", import.meta.url);

function fixture(name: string): string {
  return new TextDecoder().decode(gunzipSync(Deno.readFileSync(new URL(name, FIXTURES))));
}

/** Hex with 0x. */
export const metadataSpec293 = (): string => fromMagic(fixture("subtensor_spec293_metadata_v15.hex.gz"));
/** Hex with 0x. */
export const metadataSpec393 = (): string => fromMagic(fixture("finney_spec393_metadata_v16.hex.gz"));

export interface RecordedFrame {
  readonly d: "<" | ">";
  // deno-lint-ignore no-explicit-any
  readonly m: any;
}

/** The frames of the session on spec 293, in order. */
export function recordedSession(): RecordedFrame[] {
  return fixture("subtensor_spec293_session.jsonl.gz").trim().split("\n").map((line) => JSON.parse(line));
}

/** Recorded as a runtime API answers, perhaps with an Option and a length in front: from the magic number on. */
function fromMagic(text: string): string {
  const at = text.indexOf("6d657461");
  if (at < 0) throw new Error("read recorded metadata: no magic number");
  return `0x${text.slice(at).trim()}`;
}
