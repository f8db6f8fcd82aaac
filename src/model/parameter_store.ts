/**
 * One flat vector of a layout on the device: parameters, or a copy of them in f16, or their gradients, or a moment. Owns no memory of its own: the arena
 * does. Model code asks for tensors by their Hugging Face name; flat kernels run over `ranges`. Reading and writing the
 * whole vector hides how it is cut: offsets are the layout's.
 */
import { assert } from "../base/assert.ts";
import {
  type Allocator,
  type Binding,
  ELEMENT_BYTES,
  type Gpu,
  type GpuBuffer,
  gpuError,
  type Precision,
} from "../gpu/mod.ts";
import type { ParameterPartition } from "./parameter_partition.ts";

/** Rows of a matrix: binding is [rowCount, columns]. */
export interface Shard {
  readonly firstRow: number;
  readonly rowCount: number;
  readonly binding: Binding;
}

/** A part of the flat vector that one binding holds. */
export interface FlatRange {
  /** First element in the vector. */
  readonly offset: number;
  readonly elementCount: number;
  readonly binding: Binding;
}

/** Read back or written at a time: what the host's side of the device then has to hold. */
const PIECE_ELEMENTS = 16 * 1024 * 1024;

export class ParameterStore {
  readonly #partition: ParameterPartition;
  readonly #buffers: readonly GpuBuffer[];

  constructor(label: string, partition: ParameterPartition, arena: Allocator, type: Precision = "f32") {
    this.#partition = partition;
    this.#buffers = partition.segments.map(({ elementCount }, i) =>
      arena.allocate(partition.segments.length === 1 ? label : `${label}.${i}`, elementCount, { type })
    );
  }

  /**
   * The whole tensor, which must lie in one segment.
   * @throws `gpu/too-large` when the adapter binds less: of matrices of linear layers and of tokens ask for `shards`
   */
  tensor(name: string): Binding {
    const shards = this.shards(name);
    if (shards.length === 1) return shards[0].binding;
    const bytes = shards.reduce((sum, { binding }) => sum + binding.byteLength, 0);
    const limitBytes = Math.max(...shards.map(({ binding }) => binding.byteLength));
    throw gpuError(
      "gpu/too-large",
      `bind ${name}: ${bytes} bytes lie in ${shards.length} shards of at most ${limitBytes}, one is required, ` +
        "use a smaller preset or another GPU",
      { label: name, bytes, limitBytes },
    );
  }

  /** The tensor's rows, in order, in as many bindings as it takes, each of at most `maxRows` rows. */
  shards(name: string, maxRows = Infinity): Shard[] {
    const places = this.#partition.shards.get(name);
    assert(places !== undefined, `no parameter named ${name}`);
    return places.flatMap(({ segmentIndex, offset, firstRow, rowCount, rowElements }) => {
      const shards: Shard[] = [];
      for (let row = 0; row < rowCount; row += maxRows) {
        const count = Math.min(maxRows, rowCount - row);
        const binding = this.#buffers[segmentIndex].slice(offset + row * rowElements, count * rowElements);
        shards.push({ firstRow: firstRow + row, rowCount: count, binding });
      }
      return shards;
    });
  }

  /** The whole vector in order. */
  ranges(): FlatRange[] {
    return this.#partition.segments.map(({ offset, elementCount }, i) => ({
      offset,
      elementCount,
      binding: this.#buffers[i].slice(0, elementCount),
    }));
  }

  /**
   * In pieces, each submitted: a device stages what is written until the next submission, so the vector would be held twice.
   * @param vector [elementCount of the layout]
   */
  write(gpu: Pick<Gpu, "write" | "submit">, vector: Float32Array): void {
    for (const [i, { offset, elementCount }] of this.#partition.segments.entries()) {
      const buffer = this.#buffers[i];
      for (const { from, count } of pieces(elementCount)) {
        const piece = vector.subarray(offset + from, offset + from + count);
        gpu.write(buffer, piece, from * ELEMENT_BYTES[buffer.type]);
        gpu.submit();
      }
    }
  }

  clear(gpu: Gpu): void {
    gpu.clear(...this.#buffers);
  }

  /** A copy of the whole vector. Nothing that changes it may be submitted until the promise resolves. */
  async read(gpu: Gpu): Promise<Float32Array<ArrayBuffer>> {
    const { segments } = this.#partition;
    const last = segments[segments.length - 1];
    const vector = new Float32Array(last.offset + last.elementCount);
    for (const [i, { offset, elementCount }] of segments.entries()) {
      for (const { from, count } of pieces(elementCount)) {
        vector.set(await gpu.readF32(this.#buffers[i].slice(from, count)), offset + from);
      }
    }
    return vector;
  }
}

function* pieces(elementCount: number): Generator<{ from: number; count: number }> {
  for (let from = 0; from < elementCount; from += PIECE_ELEMENTS) {
    yield { from, count: Math.min(PIECE_ELEMENTS, elementCount - from) };
  }
}
