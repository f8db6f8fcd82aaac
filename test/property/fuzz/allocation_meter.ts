/**
 * Measures what a decoder allocates. Typed arrays are counted one by one, before they are made, through proxies in
 * place of the global constructors; one that would pass the limit is refused, so that a lie about a length costs the
 * fuzzer nothing. Everything else is V8's own count of bytes allocated so far, garbage included, which moves in steps of
 * its allocation buffers: `HEAP_STEP_BYTES` is how far off two readings may be.
 */
import { getHeapStatistics } from "node:v8";

export const HEAP_STEP_BYTES = 1024 * 1024;

const ARRAY_TYPES = [
  "ArrayBuffer",
  "Uint8Array",
  "Int8Array",
  "Uint16Array",
  "Int16Array",
  "Uint32Array",
  "Int32Array",
  "Float32Array",
  "Float64Array",
  "BigUint64Array",
  "BigInt64Array",
] as const;

class AllocationRefused extends Error {
  override name = "AllocationRefused";
}

export class AllocationMeter {
  /** Asked for since `reset`, refused or not. */
  askedBytes = 0;
  #limitBytes = Infinity;

  /** Replaces the constructors of this realm, for good: only for a worker of its own. */
  install(): void {
    const globals = globalThis as unknown as Record<string, new (...args: unknown[]) => object>;
    for (const name of ARRAY_TYPES) {
      const original = globals[name];
      const elementBytes = (original as unknown as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1;
      const proxy: typeof original = new Proxy(original, {
        construct: (target, args, newTarget) => {
          const [size] = args;
          if (typeof size === "number") this.#ask(size * elementBytes);
          else if (size !== null && typeof size === "object" && !(size instanceof ArrayBuffer)) {
            this.#ask((Number((size as ArrayLike<unknown>).length) || 0) * elementBytes);
          }
          return Reflect.construct(target, args, newTarget === proxy ? target : newTarget);
        },
      });
      globals[name] = proxy;
    }
  }

  reset(limitBytes: number): void {
    this.askedBytes = 0;
    this.#limitBytes = limitBytes;
  }

  get isExceeded(): boolean {
    return this.askedBytes > this.#limitBytes;
  }

  /** Bytes that this isolate has put on its heap since it began. */
  heapBytes(): number {
    return (getHeapStatistics() as unknown as { total_allocated_bytes: number }).total_allocated_bytes;
  }

  #ask(bytes: number): void {
    this.askedBytes += bytes;
    if (this.askedBytes > this.#limitBytes) {
      throw new AllocationRefused(`${this.askedBytes} bytes asked for, ${this.#limitBytes} allowed`);
    }
  }
}
