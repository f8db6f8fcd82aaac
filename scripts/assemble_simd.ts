/**
 * Assembles src/codec/simd.wat and writes its bytes, as base64, into src/codec/simd_bytes.ts: browsers and compiled programs read no
 * files, and nobody needs an assembler to run. A test holds the two together.
 *
 *   deno task simd
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import wabt from "wabt";
import { ROOT } from "./run_command.ts";

const SOURCE = "src/codec/simd.wat";
export const SIMD_BYTES = "src/codec/simd_bytes.ts";

/** The text of `SIMD_BYTES`. @throws what the assembler says of a wrong source */
export async function assembleSimd(): Promise<string> {
  const { parseWat } = await wabt();
  const module = parseWat(SOURCE, readFileSync(join(ROOT, SOURCE), "utf8"), { simd: true });
  module.validate();
  const { buffer } = module.toBinary({});
  module.destroy();
  const lines = btoa(String.fromCharCode(...buffer)).match(/.{1,100}/g)!;
  return `/** ${SOURCE} assembled by \`deno task simd\`: ${buffer.length} bytes. */\n` +
    `export const SIMD_BASE64 = [\n${lines.map((line) => `  "${line}",\n`).join("")}].join("");\n`;
}

if (import.meta.main) writeFileSync(join(ROOT, SIMD_BYTES), await assembleSimd());
