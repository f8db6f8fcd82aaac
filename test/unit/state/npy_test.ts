import assert from "node:assert/strict";
import { join } from "node:path";
import { npyHead, NpyWriter, writeNpy } from "../../../src/state/npy.ts";

const text = (bytes: Uint8Array) => String.fromCharCode(...bytes);

Deno.test("a head is what numpy.save writes", () => {
  // numpy.save of a float32 array, whose header numpy pads to a multiple of 64 bytes.
  const head = npyHead([2, 3, 5]);
  assert.equal(head.length, 128);
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 5), }";
  assert.equal(text(head), `\x93NUMPY\x01\x00\x76\x00${header.padEnd(117)}\n`);
  assert.match(text(npyHead([7])), /'shape': \(7,\), }/);
  assert.match(text(npyHead([])), /'shape': \(\), }/);
});

Deno.test("values are appended piece by piece, and the file has its name only when it is whole", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const path = join(directory, "x.npy");
    const writer = await NpyWriter.create(path, [3]);
    await writer.append(Float32Array.of(1, 2));
    await assert.rejects(writer.finish(), /1 values are missing/);
    await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
    await writer.append(Float32Array.of(3));
    await assert.rejects(writer.append(Float32Array.of(4)), /more values/);
    await writer.abandon();
    assert.deepEqual(await Array.fromAsync(Deno.readDir(directory)), []);

    const deeper = join(directory, "new", "y.npy");
    await writeNpy(deeper, [3], Float32Array.of(1, 2, 3));
    const bytes = await Deno.readFile(deeper);
    const refused = (path: string, found: RegExp) =>
      assert.rejects(writeNpy(path, [1], Float32Array.of(1)), (error: Error & { code?: string }) => {
        assert.equal(error.code, "state/io");
        assert.ok(error.message.startsWith(`write ${path}: `), error.message);
        assert.match(error.message, found);
        return true;
      });
    await refused(directory, /it is a directory, a file .* choose another path/);
    await assert.rejects(Deno.stat(`${directory}.tmp`), Deno.errors.NotFound);
    await refused(join(deeper, "z.npy"), /the file system refused/);
    const taken = join(directory, "taken.npy");
    const late = await NpyWriter.create(taken, [0]);
    await Deno.mkdir(taken);
    await assert.rejects(late.finish(), { code: "state/io", message: /taken\.npy: the file system refused/ });
    await late.abandon();
    await assert.rejects(Deno.stat(`${taken}.tmp`), Deno.errors.NotFound);
    await refused("/proc/x/l.npy", /the file system refused/);
    assert.deepEqual(new Float32Array(bytes.slice(npyHead([3]).length).buffer), Float32Array.of(1, 2, 3));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
