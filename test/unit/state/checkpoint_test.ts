import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Checkpoint, decodeIndex, writeCheckpoint } from "../../../src/state/checkpoint.ts";
import { writeSafetensors } from "../../../src/state/safetensors_file.ts";

function checkpointTest(name: string, body: (directory: string) => Promise<void>): void {
  Deno.test(name, async () => {
    const directory = await Deno.makeTempDir();
    try {
      await body(directory);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}

const A = { name: "a", shape: [2], values: Float32Array.of(1, 2) };
const B = { name: "b", shape: [1, 1], values: Float32Array.of(3) };

async function writeShards(directory: string, weightMap: Record<string, string>): Promise<void> {
  await writeFile(join(directory, "config.json"), "{}");
  await writeSafetensors(join(directory, "one.safetensors"), [A]);
  await writeSafetensors(join(directory, "two.safetensors"), [B]);
  await writeFile(
    join(directory, "model.safetensors.index.json"),
    JSON.stringify({ metadata: { total_size: 12 }, weight_map: weightMap }),
  );
}

checkpointTest("what was written is read back", async (directory) => {
  await writeCheckpoint(join(directory, "new"), { model_type: "x" }, [A, B]);
  const checkpoint = await Checkpoint.open(join(directory, "new"));
  assert.deepEqual(checkpoint.config, { model_type: "x" });
  assert.deepEqual(checkpoint.names, ["a", "b"]);
  assert.deepEqual(checkpoint.tensor("b")!.shape, [1, 1]);
  const values = new Float32Array(2);
  await checkpoint.read("a", values);
  assert.deepEqual(values, A.values);
  await assert.rejects(checkpoint.read("c", values), {
    code: "state/bad-checkpoint",
    message: /no tensor c/,
  });
  await checkpoint.close();
});

checkpointTest("tensors are found in whichever shard holds them", async (directory) => {
  await writeShards(directory, { a: "one.safetensors", b: "two.safetensors" });
  const checkpoint = await Checkpoint.open(directory);
  const values = new Float32Array(1);
  await checkpoint.read("b", values);
  assert.deepEqual(values, B.values);
  const others = new Float32Array(2);
  await checkpoint.read("a", others);
  assert.deepEqual(others, A.values);
  await checkpoint.close();
});

checkpointTest("an index that disagrees with its files is refused by tensor", async (directory) => {
  await writeShards(directory, { a: "one.safetensors", b: "one.safetensors" });
  await assert.rejects(Checkpoint.open(directory), { code: "state/bad-checkpoint", message: /no tensor b/ });
  await writeShards(directory, { b: "two.safetensors", c: "one.safetensors" });
  await assert.rejects(Checkpoint.open(directory), { code: "state/bad-checkpoint", message: /holds a/ });
  await writeShards(directory, { a: "three.safetensors" });
  await assert.rejects(Checkpoint.open(directory), { code: "state/no-checkpoint", message: /three/ });
});

checkpointTest("a directory without a checkpoint says what is missing", async (directory) => {
  await assert.rejects(Checkpoint.open(directory), { code: "state/no-checkpoint", message: /config\.json/ });
  await writeFile(join(directory, "config.json"), "{}");
  await assert.rejects(Checkpoint.open(directory), {
    code: "state/no-checkpoint",
    message: /model\.safetensors/,
  });
  await writeFile(join(directory, "config.json"), "{");
  await assert.rejects(Checkpoint.open(directory), { code: "state/corrupt", message: /no JSON/ });
});

checkpointTest("a path that is no directory or cannot be read is named", async (directory) => {
  const file = join(directory, "README.md");
  await writeFile(file, "x");
  await assert.rejects(Checkpoint.open(file), {
    code: "state/no-checkpoint",
    message: /README\.md: no config/,
  });
  // Longer than any file system takes: refused even to root, whom no permission stops.
  const long = join(directory, "x".repeat(300));
  await assert.rejects(Checkpoint.open(long), {
    code: "state/io",
    message: /xxx.*check the path and its perm/,
  });
});

Deno.test("an index of more files than any model has is refused", () => {
  const map = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, `m-${i}.safetensors`]));
  assert.equal(decodeIndex({ weight_map: map(1024) }).size, 1024);
  assert.throws(() => decodeIndex({ weight_map: map(1025) }), {
    code: "state/corrupt",
    message: /1025 files named, at most 1024/,
  });
});

Deno.test("an index names files beside it and no others", () => {
  assert.deepEqual([...decodeIndex({ weight_map: { a: "x-1.safetensors" } })], [["a", "x-1.safetensors"]]);
  for (
    const name of ["../x.safetensors", "/x.safetensors", ".x.safetensors", "x.bin", "a/x.safetensors", ""]
  ) {
    assert.throws(() => decodeIndex({ weight_map: { a: name } }), { code: "state/corrupt" }, name);
  }
  for (const index of [null, {}, { weight_map: { a: 1 } }, []]) {
    assert.throws(() => decodeIndex(index), { code: "state/corrupt" });
  }
});
