/**
 * Rates of the codecs on one CPU core. First each codec on as many elements as a chunk of u8 has, which stay in the
 * cache. Then the SIMD loops of u8 against their scalar twin (codec_twin.ts) on a tensor that does not.
 * The best of many runs counts, so that a busy machine tells less.
 *
 *   deno run -A --no-check bench/codec_bench.ts
 */
import { Random } from "../src/base/random.ts";
import { CHUNK_BYTES, chunkElementsFor } from "../src/allreduce/result.ts";
import { codecByName, codecNames } from "../src/codec/by_name.ts";
import { bestMs, compareWithTwin } from "./codec_twin.ts";

const CHUNK_ELEMENTS = chunkElementsFor(codecByName("u8"), CHUNK_BYTES);
const CHUNK_RUNS = 200;
const TENSOR_ELEMENTS = 25_000_000;
const TENSOR_RUNS = 10;

function rate(work: () => void): string {
  return `${Math.round(CHUNK_ELEMENTS / bestMs(CHUNK_RUNS, work) / 1e3)}`.padStart(8);
}

const random = new Random(20);
const values = Float32Array.from({ length: CHUNK_ELEMENTS }, () => random.nextNormal() * 1e-3);
console.log(`${Deno.version.deno}, V8 ${Deno.version.v8}; million elements a second`);
console.log("codec     encode     add   check  decode  decode result   bytes an element");
for (const name of codecNames) {
  const codec = codecByName(name);
  const encoded = codec.encode(values);
  const decoded = codec.decode(encoded, CHUNK_ELEMENTS);
  const result = codec.result.encode(decoded);
  const sum = new Float32Array(CHUNK_ELEMENTS);
  const rates = [
    () => codec.encode(values),
    () => codec.accumulate(encoded, 0.25, sum),
    () => codec.check(encoded, CHUNK_ELEMENTS),
    () => codec.decodeInto(encoded, sum),
    () => codec.result.decodeInto(result, sum),
  ].map(rate);
  const checksum = sum.reduce((total, value) => total + Math.abs(value), 0);
  console.log(
    name.padEnd(8),
    ...rates,
    (encoded.byteLength / CHUNK_ELEMENTS).toFixed(4).padStart(16),
    ` checksum ${checksum.toFixed(3)}`,
  );
}

console.log(
  `\nu8 on ${TENSOR_ELEMENTS / 1e6} M elements in chunks, the same bits as the twin; ns an element`,
);
console.log("loop                             twin    SIMD   ratio    copying as many bytes, share of it");
for (const row of compareWithTwin(TENSOR_ELEMENTS, CHUNK_ELEMENTS, TENSOR_RUNS)) {
  const { loop, nanoseconds, twinNanoseconds, copyNanoseconds } = row;
  console.log(
    loop.padEnd(28),
    twinNanoseconds.toFixed(3).padStart(8),
    nanoseconds.toFixed(3).padStart(7),
    (twinNanoseconds / nanoseconds).toFixed(1).padStart(7),
    copyNanoseconds.toFixed(3).padStart(13),
    `${(100 * copyNanoseconds / nanoseconds).toFixed(0)} %`.padStart(8),
  );
}
