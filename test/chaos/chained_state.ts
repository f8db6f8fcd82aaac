/**
 * A member's state on disk, as small as it can be and still tell two histories apart: the root after step s is the SHA-256
 * of the root after step s − 1 and the committed bytes. Written whole or not at all, by rename.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type Certificate, certificateFromPlain, plainCertificate } from "../../src/allreduce/allreduce.ts";
import { concatBytes, fromHex, sha256Bulk, toHex, utf8 } from "../../src/base/bytes.ts";
import type { Hotkey } from "../../src/base/transport.ts";

export interface ChainedState {
  readonly outerStep: number;
  readonly root: string;
  /** What led here; undefined at step 0. */
  readonly certificate?: Certificate;
}

const GENESIS: ChainedState = { outerStep: 0, root: "22".repeat(32) };

export async function advanced(
  state: ChainedState,
  certificate: Certificate,
  values: Float32Array<ArrayBuffer>,
): Promise<ChainedState> {
  const root = await sha256Bulk(concatBytes(fromHex(state.root), new Uint8Array(values.buffer)));
  return { outerStep: certificate.outerStep, root: toHex(root), certificate };
}

/** The group whose contributions made the state; before the first step all who may take part. */
export function membersOf(state: ChainedState, registered: readonly Hotkey[]): readonly Hotkey[] {
  return state.certificate?.origin.members.map(({ hotkey }) => hotkey) ?? registered;
}

export function plainState(state: ChainedState): Record<string, unknown> {
  const certificate = state.certificate === undefined ? null : plainCertificate(state.certificate);
  return { outerStep: state.outerStep, root: state.root, certificate };
}

export function stateFromPlain(plain: Record<string, unknown>): ChainedState {
  const { outerStep, root, certificate } = plain;
  if (certificate === null) return GENESIS;
  return { outerStep: Number(outerStep), root: String(root), certificate: certificateFromPlain(certificate) };
}

const pathIn = (home: string) => join(home, "state.json");

export function loadState(home: string): ChainedState {
  try {
    return stateFromPlain(JSON.parse(readFileSync(pathIn(home), "utf8")));
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOENT") throw error;
    return GENESIS;
  }
}

/** Durable when it returns. */
export function saveState(home: string, state: ChainedState): void {
  const whole = utf8(JSON.stringify(plainState(state)));
  const temporary = `${pathIn(home)}.tmp`;
  const file = openSync(temporary, "w");
  try {
    for (let at = 0; at < whole.byteLength;) at += writeSync(file, whole, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, pathIn(home));
}
