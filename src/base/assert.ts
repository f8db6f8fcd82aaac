/** Programmer errors. Kept in production: a node that has lost an invariant must stop, not guess. */
export class AssertionError extends Error {
  override name = "AssertionError";
}

/** @throws {AssertionError} when `condition` is false */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
