/**
 * Operating errors: something outside the program went wrong and the caller may act on it.
 * Each room declares a union of codes with payloads in its own `errors.ts` and throws `SkeinError` of it.
 *
 * Message grammar: what was tried, colon, the value found, the value required, what to do. No full stop.
 */
export class SkeinError<C extends string = string> extends Error {
  override name = "SkeinError";
  readonly code: C;
  readonly payload: Readonly<Record<string, unknown>>;

  constructor(code: C, message: string, payload: Record<string, unknown> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.payload = payload;
  }
}

export function isSkeinError(error: unknown, code?: string): error is SkeinError {
  return error instanceof SkeinError && (code === undefined || error.code === code);
}

/** One line for people: message, and the chain of causes behind it. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  for (
    let at: unknown = error;
    at !== undefined && parts.length < 5;
    at = at instanceof Error ? at.cause : undefined
  ) {
    parts.push(at instanceof Error ? at.message : String(at));
  }
  return parts.join(": ");
}
