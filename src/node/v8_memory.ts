/**
 * How V8 is to keep a node's memory; deno.json's tasks, `./skein` and `deno compile` start it with the same flags.
 *
 * Much of what a round makes lives as long as the round, so a young generation of 32 MB, which V8 grows to on a busy machine,
 * only fills memory: with halves of 2 MB an all-reduce of 100 MB takes 40 MB less and no more time. And what a round made, its
 * tensors above all, is dead when the next begins, minutes later; V8 would notice much later than that.
 */
export const V8_FLAGS = "--max-semi-space-size=2,--expose-gc";

/** Between rounds: takes about 20 ms, and gives back what the last one made. Without the flags it does nothing. */
export function collectGarbage(): void {
  (globalThis as { gc?: () => void }).gc?.();
}
