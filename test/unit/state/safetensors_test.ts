import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { concatBytes, utf8 } from "../../../src/base/bytes.ts";
import { SafetensorsFile, writeSafetensors } from "../../../src/state/safetensors_file.ts";
import { decodeHeader, decodeHeaderLength, encodeHeader } from "../../../src/state/safetensors_header.ts";

async function inDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A file as others write it: no padding, tensors in the order of their offsets. */
function fileOf(header: unknown, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const json = utf8(JSON.stringify(header));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(json.byteLength), true);
  return concatBytes(length, json, data);
}

async function readAll(path: string): Promise<Record<string, number[]>> {
  const file = await SafetensorsFile.open(path);
  try {
    const values: Record<string, number[]> = {};
    for (const [name, { shape }] of file.tensors) {
      const into = new Float32Array(shape.reduce((product, size) => product * size, 1));
      await file.read(name, into);
      values[name] = [...into];
    }
    return values;
  } finally {
    await file.close();
  }
}

Deno.test("tensors that were written are read back, scalars and empty ones too", async () => {
  await inDirectory(async (directory) => {
    const path = join(directory, "model.safetensors");
    const tensors = [
      { name: "a", shape: [2, 3], values: Float32Array.of(1, -0, 3, NaN, 5, 1e-40) },
      { name: "scalar", shape: [], values: Float32Array.of(7) },
      { name: "empty", shape: [0, 4], values: new Float32Array(0) },
      { name: "b", shape: [1], values: Float32Array.of(Infinity) },
    ];
    await writeSafetensors(path, tensors);
    const read = await readAll(path);
    for (const { name, values } of tensors) assert.deepEqual(read[name], [...values], name);
    assert.equal((await Deno.readFile(path)).indexOf(0x7b), 8);
  });
});

Deno.test("halves, bfloats and doubles are widened or rounded to f32", async () => {
  await inDirectory(async (directory) => {
    const path = join(directory, "model.safetensors");
    const halves = new Uint8Array(Float16Array.of(1.5, -65504, 2 ** -24).buffer);
    // 1.0, -2.0 and the smallest bfloat above 1.
    const bfloats = new Uint8Array(Uint16Array.of(0x3f80, 0xc000, 0x3f81).buffer);
    const doubles = new Uint8Array(Float64Array.of(Math.PI, -1e300).buffer);
    const header = {
      h: { dtype: "F16", shape: [3], data_offsets: [0, 6] },
      b: { dtype: "BF16", shape: [3, 1], data_offsets: [6, 12] },
      d: { dtype: "F64", shape: [2], data_offsets: [12, 28] },
    };
    await writeFile(path, fileOf(header, concatBytes(halves, bfloats, doubles)));
    assert.deepEqual(await readAll(path), {
      h: [1.5, -65504, 2 ** -24],
      b: [1, -2, 1 + 2 ** -7],
      d: [Math.fround(Math.PI), -Infinity],
    });
  });
});

Deno.test("a tensor longer than the buffer it passes through arrives whole", async () => {
  await inDirectory(async (directory) => {
    const path = join(directory, "model.safetensors");
    const count = 3_000_001;
    const halves = new Uint16Array(count).map((_, i) => 0x3c00 + i % 1024);
    const header = { x: { dtype: "F16", shape: [count], data_offsets: [0, 2 * count] } };
    await writeFile(path, fileOf(header, new Uint8Array(halves.buffer)));
    const { x } = await readAll(path);
    assert.ok(x.every((value, i) => value === 1 + (i % 1024) / 1024));
  });
});

Deno.test("a tensor that is missing, of another size or no float is refused by name", async () => {
  await inDirectory(async (directory) => {
    const path = join(directory, "model.safetensors");
    await writeFile(
      path,
      fileOf({ i: { dtype: "I64", shape: [1], data_offsets: [0, 8] } }, new Uint8Array(8)),
    );
    const file = await SafetensorsFile.open(path);
    const refused = (name: string, count: number, message: RegExp) =>
      assert.rejects(file.read(name, new Float32Array(count)), { code: "state/bad-checkpoint", message });
    await refused("j", 1, /no tensor j/);
    await refused("i", 2, /i of 1 elements found, 2 are/);
    await refused("i", 1, /i of I64/);
    await file.close();
  });
});

const TENSOR = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
const DAMAGES: Record<string, [header: unknown, dataBytes: number, message: RegExp]> = {
  "is a list": [[TENSOR], 8, /another kind/],
  "has a tensor without a shape": [{ a: { dtype: "F32", data_offsets: [0, 8] } }, 8, /malformed tensor "a"/],
  "has an unknown dtype": [{ a: { ...TENSOR, dtype: "F31" } }, 8, /malformed tensor "a"/],
  "has a negative size": [{ a: { ...TENSOR, shape: [-2] } }, 8, /malformed tensor "a"/],
  "has a size beyond all numbers": [{ a: { ...TENSOR, shape: [2 ** 40, 2 ** 40, 0.5] } }, 8, /malformed/],
  "has an offset beyond its size": [{ a: { ...TENSOR, data_offsets: [0, 12] } }, 12, /from byte 0 to 12/],
  "has offsets in reverse": [{ a: { ...TENSOR, data_offsets: [8, 0] } }, 8, /from byte 8 to 0/],
  "has overlapping tensors": [{ a: TENSOR, b: { ...TENSOR, data_offsets: [4, 12] } }, 12, /"b" .* overlaps/],
  "leaves a gap": [{ a: TENSOR, b: { ...TENSOR, data_offsets: [12, 20] } }, 20, /"b" .* gap/],
  "claims less than there is": [{ a: TENSOR }, 12, /12 bytes of data, 8 by the header/],
  "claims more than there is": [{ a: TENSOR }, 4, /4 bytes of data, 8 by the header/],
  "has metadata of numbers": [{ __metadata__: { n: 1 }, a: TENSOR }, 8, /__metadata__/],
};
for (const [damage, [header, dataBytes, message]] of Object.entries(DAMAGES)) {
  Deno.test(`a header that ${damage} is refused`, () => {
    assert.throws(() => decodeHeader(utf8(JSON.stringify(header)), dataBytes), {
      code: "state/corrupt",
      message,
    });
  });
}

Deno.test("a header that is no JSON, too long or outside the file is refused", async () => {
  assert.throws(() => decodeHeader(utf8("{"), 0), { code: "state/corrupt", message: /no JSON/ });
  assert.throws(() => decodeHeaderLength(new Uint8Array(7), 7), { code: "state/corrupt" });
  const claims = (length: bigint) => {
    const start = new Uint8Array(8);
    new DataView(start.buffer).setBigUint64(0, length, true);
    return start;
  };
  assert.equal(decodeHeaderLength(claims(92n), 100), 92);
  for (const [length, fileBytes] of [[93n, 100], [1n << 63n, 100], [(64n << 20n) + 1n, 2 ** 40]] as const) {
    assert.throws(() => decodeHeaderLength(claims(length), fileBytes), { code: "state/corrupt" });
  }
  await inDirectory(async (directory) => {
    const path = join(directory, "model.safetensors");
    const { head } = encodeHeader([{ name: "a", shape: [4], dtype: "F32" }], {});
    await writeFile(path, concatBytes(head, new Uint8Array(15)));
    await assert.rejects(SafetensorsFile.open(path), {
      code: "state/corrupt",
      message: /model\.safetensors/,
    });
  });
});
