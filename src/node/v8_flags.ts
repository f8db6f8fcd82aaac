/**
 * How V8 is to keep a node's memory; deno.json's tasks, `./skein` and `deno compile` say the same. Much of what a round makes
 * lives as long as the round, so a young generation of 32 MB, which V8 grows to on a busy machine, only fills memory: with
 * 2 MB halves an all-reduce of 100 MB takes 40 MB less and no more time.
 */
export const V8_FLAGS = "--max-semi-space-size=2";
