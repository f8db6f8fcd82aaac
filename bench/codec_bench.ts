/**
 * Rates of the codecs on one CPU core, in elements: encode, check, add to a sum, decode the result.
 * Half a million elements, as many as a chunk of u8 has; the best of many runs counts, so that a busy machine tells less.
 *
 *   deno run -A --no-check bench/codec_bench.ts
 */
import { codecByName, codecNames } from "../src/codec/by_name.ts";
import { Random } from "../src/base/random.ts";

const ELEMENTS = 1 << 19;
const RUNS = 200;

function bestRate(work: () => void): string {
  let best = Infinity;
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    work();
    if (run > RUNS / 4) best = Math.min(best, performance.now() - start);
  }
  return `${Math.round(ELEMENTS / best / 1e3)}`.padStart(8);
}

const random = new Random(20);
const values = Float32Array.from({ length: ELEMENTS }, () => random.nextNormal() * 1e-3);
console.log(`${Deno.version.deno}, V8 ${Deno.version.v8}; million elements a second`);
console.log("codec     encode     add   check  decode  decode result   bytes an element");
for (const name of codecNames) {
  const codec = codecByName(name);
  const encoded = codec.encode(values);
  const decoded = codec.decode(encoded, ELEMENTS);
  const result = codec.result.encode(decoded);
  const sum = new Float32Array(ELEMENTS);
  const rates = [
    () => codec.encode(values),
    () => codec.accumulate(encoded, 0.25, sum),
    () => codec.check(encoded, ELEMENTS),
    () => codec.decodeInto(encoded, sum),
    () => codec.result.decodeInto(result, sum),
  ].map(bestRate);
  const checksum = sum.reduce((total, value) => total + Math.abs(value), 0);
  console.log(
    name.padEnd(8),
    ...rates,
    (encoded.byteLength / ELEMENTS).toFixed(4).padStart(16),
    ` checksum ${checksum.toFixed(3)}`,
  );
}
