/** One file out of a shell head and a payload; the head is `self_extracting_head.sh` with its blanks filled in. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, readFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { ROOT } from "./run_command.ts";

/**
 * Writes `output` from the tree under `directory`, which has `bin/deno` and `program/`. Dates, owners and order are fixed,
 * so that the same program gives the same hash, and is not unpacked twice.
 */
export async function writeSelfExtracting(directory: string, output: string, version: string): Promise<void> {
  const payload = `${output}.payload`;
  const pack = 'tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - -C "$1" bin program | ' +
    'gzip -9n > "$2"';
  const { code } = await new Deno.Command("sh", { args: ["-ec", pack, "sh", directory, payload] }).spawn()
    .status;
  if (code !== 0) throw new Error(`pack ${directory}: tar or gzip failed with code ${code}`);
  try {
    const hash = createHash("sha256");
    await pipeline(createReadStream(payload), hash);
    const head = new TextEncoder().encode(fillHead(hash.digest("hex"), version));
    Deno.writeFileSync(output, head);
    await pipeline(createReadStream(payload), createWriteStream(output, { flags: "a" }));
    Deno.chmodSync(output, 0o755);
  } finally {
    Deno.removeSync(payload);
  }
}

/** The head's own length is part of it: the number is padded with zeros to a fixed width, which `tail -c +N` accepts. */
export function fillHead(hash: string, version: string): string {
  const text = readFileSync(join(ROOT, "scripts/self_extracting_head.sh"), "utf8")
    .replace("@VERSION@", version)
    .replace("@TARGET@", Deno.build.target)
    .replace("@HASH@", hash)
    .replace("@VULKAN@", () => readFileSync(join(ROOT, "scripts/vulkan_adapter.sh"), "utf8").trimEnd());
  const start = new TextEncoder().encode(text).length - "@START@".length + 7 + 1;
  return text.replace("@START@", String(start).padStart(7, "0"));
}
