/**
 * The runtime's metadata in the newest form that it has. What `state_getMetadata` answers is an old form, without the runtime's own
 * functions; @polkadot/api asks for it when the runtime is upgraded, and would take it that the new one has none.
 */
import { TypeRegistry } from "@polkadot/types";
import { fromHex } from "../base/bytes.ts";
import type { ChainRequest } from "./storage.ts";

/** Those that @polkadot/api can read; a runtime tells others that are not finished. */
const KNOWN_VERSIONS = [15, 16];

/** @returns hex with 0x, or undefined for a runtime that has none of these forms @throws the node's `RpcError` */
export async function newestMetadata(request: ChainRequest): Promise<string | undefined> {
  const registry = new TypeRegistry();
  const ask = async (name: string, input: string) => fromHex(await request("state_call", [name, input]));
  const versions = registry.createType("Vec<u32>", await ask("Metadata_metadata_versions", "0x"));
  const newest = Math.max(...versions.map(Number).filter((version) => KNOWN_VERSIONS.includes(version)));
  if (!Number.isFinite(newest)) return undefined;
  const input = registry.createType("u32", newest).toHex(true);
  const answer = registry.createType(
    "Option<OpaqueMetadata>",
    await ask("Metadata_metadata_at_version", input),
  );
  return answer.isSome ? answer.unwrap().toHex() : undefined;
}
