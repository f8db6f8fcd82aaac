/** Plain readers of the two formats that tensors arrive in: .npy from Skein, safetensors of f32 from PyTorch. */
import { strict as assert } from "node:assert";

export interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** NumPy's format, version 1 or 2: magic, version, length of the header, header, data. */
export async function readNpy(path: string): Promise<Values> {
  const bytes = await Deno.readFile(path);
  const view = new DataView(bytes.buffer);
  assert.equal(String.fromCharCode(...bytes.subarray(1, 6)), "NUMPY", path);
  const start = bytes[6] === 1 ? 10 : 12;
  const headerBytes = bytes[6] === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const header = new TextDecoder().decode(bytes.subarray(start, start + headerBytes));
  assert.match(header, /'descr': '<f4'/);
  assert.match(header, /'fortran_order': False/);
  const shape = header.match(/'shape': \(([^)]*)\)/)![1].split(",").filter((size) => size.trim() !== "");
  return { shape: shape.map(Number), data: new Float32Array(bytes.buffer.slice(start + headerBytes)) };
}

/** Every tensor of a safetensors file, all of them F32. */
export async function readReference(path: string): Promise<Map<string, Values>> {
  const bytes = await Deno.readFile(path);
  const headerBytes = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerBytes)));
  const tensors = new Map<string, Values>();
  for (const [name, entry] of Object.entries<any>(header)) {
    if (name === "__metadata__") continue;
    assert.equal(entry.dtype, "F32");
    const [from, to] = entry.data_offsets.map((offset: number) => 8 + headerBytes + offset);
    tensors.set(name, { shape: entry.shape, data: new Float32Array(bytes.buffer.slice(from, to)) });
  }
  return tensors;
}
