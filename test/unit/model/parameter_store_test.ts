import { strict as assert } from "node:assert";
import { type Gpu, type GpuBuffer, MemoryLedger, openDevice } from "../../../src/gpu/mod.ts";
import {
  gpt2Config,
  MODEL_PRESETS,
  parameterLayout,
  ParameterStore,
  partitionParameters,
} from "../../../src/model/mod.ts";

const MIB = 1024 * 1024;
const TINY = gpt2Config({ vocabSize: 301, contextLength: 5, layerCount: 1, headCount: 3, width: 9 });

function limits(bytes: number) {
  return { maxBufferBytes: 4 * bytes, maxBindingBytes: bytes };
}

Deno.test("segments cover the flat vector without a gap and none is over the limit", () => {
  for (const config of [TINY, MODEL_PRESETS.pico, MODEL_PRESETS["gpt2-124m"]]) {
    const layout = parameterLayout(config);
    const largest = Math.max(...layout.entries.map(({ shape }) => 4 * shape[shape.length - 1] * 128));
    for (const bytes of [largest, 8 * largest, 128 * MIB, 4096 * MIB]) {
      const { segments } = partitionParameters(layout, limits(bytes));
      let next = 0;
      for (const { offset, elementCount } of segments) {
        assert.equal(offset, next);
        assert.ok(elementCount > 0 && elementCount * 4 <= bytes);
        next = offset + elementCount;
      }
      assert.equal(next, layout.elementCount);
    }
  }
});

Deno.test("the embedding of gpt2-124m takes two shards of one size under 128 MiB, and no other tensor is cut", () => {
  const layout = parameterLayout(MODEL_PRESETS["gpt2-124m"]);
  const { segments, shards } = partitionParameters(layout, limits(128 * MIB));
  for (const { name, shape, offset } of layout.entries) {
    const places = shards.get(name)!;
    assert.equal(places.length, name === "transformer.wte.weight" ? 2 : 1, name);
    let row = 0;
    for (const place of places) {
      assert.equal(place.firstRow, row);
      const first = segments[place.segmentIndex].offset + place.offset;
      assert.equal(first, offset + row * place.rowElements, "an offset in the layout stays what it was");
      row += place.rowCount;
    }
    assert.equal(row, shape.length < 2 ? 1 : shape[0]);
  }
  const [first, second] = shards.get("transformer.wte.weight")!;
  assert.ok(Math.abs(first.rowCount - second.rowCount) <= 128);
});

Deno.test("a row that no binding holds is refused by name", () => {
  const layout = parameterLayout(MODEL_PRESETS.pico);
  assert.throws(() => partitionParameters(layout, limits(256)), { code: "gpu/too-large" });
});

Deno.test("a vector in many segments is written, read, found by name and cleared as one", async () => {
  const gpu = await openDevice();
  const arena = gpu.arena("test");
  try {
    const layout = parameterLayout(TINY);
    const partition = partitionParameters(layout, limits(128 * 9 * 4));
    assert.ok(partition.segments.length > 3);
    const store = new ParameterStore("p", partition, arena);
    const vector = Float32Array.from({ length: layout.elementCount }, (_, i) => i);
    store.write(gpu, vector);
    assert.deepEqual(await store.read(gpu), vector);
    for (const { name, offset, elementCount } of layout.entries) {
      for (const maxRows of [Infinity, 128]) {
        const parts = store.shards(name, maxRows).map(({ binding }) => gpu.readF32(binding));
        const values = (await Promise.all(parts)).flatMap((part) => [...part]);
        assert.deepEqual(values, [...vector.subarray(offset, offset + elementCount)], name);
      }
    }
    assert.throws(() => store.tensor("transformer.wte.weight"), /shards/);
    assert.throws(() => store.tensor("transformer.wxe.weight"), /no parameter named/);
    store.clear(gpu);
    assert.deepEqual(await store.read(gpu), new Float32Array(layout.elementCount));
  } finally {
    arena.destroy();
    gpu.close();
  }
});

Deno.test("a long vector is written in pieces of 64 MiB, each submitted before the next is staged", () => {
  const config = gpt2Config({ vocabSize: 34_000, contextLength: 5, layerCount: 1, headCount: 4, width: 512 });
  const layout = parameterLayout(config);
  const partition = partitionParameters(layout, limits(4 * layout.elementCount));
  const store = new ParameterStore("p", partition, new MemoryLedger("test", limits(4 * layout.elementCount)));
  const vector = new Float32Array(layout.elementCount);
  let [staged, written, submitted] = [0, 0, 0];
  const gpu: Pick<Gpu, "write" | "submit"> = {
    write: (_: GpuBuffer, piece, offsetBytes = 0) => {
      assert.equal(offsetBytes, written);
      assert.equal(piece.byteOffset, written);
      written += piece.byteLength;
      staged += piece.byteLength;
      assert.ok(staged <= 64 * MIB);
    },
    submit: () => {
      staged = 0;
      submitted++;
    },
  };
  store.write(gpu, vector);
  assert.equal(partition.segments.length, 1);
  assert.equal(written, vector.byteLength);
  assert.equal(staged, 0);
  assert.equal(submitted, Math.ceil(vector.byteLength / (64 * MIB)));
  assert.ok(submitted > 1);
});
