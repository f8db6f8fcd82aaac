/**
 * Structured events. A node emits an `Event` for everything worth telling; a `Log` carries it to wherever the
 * process was told to (one JSON object a line, or text for people). Rooms take a `Log`, never the console.
 */
export interface LogEvent {
  readonly event: string;
  readonly [key: string]: unknown;
}

export interface Log {
  /** A fact for machines and people: `{event, …}`. */
  emit(event: LogEvent): void;
  /** Free text for people; `level` orders by weight. */
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
}

export const silentLog: Log = { emit() {}, debug() {}, info() {}, warn() {} };

/** A log that hands each event, and each text as `{event: "log", level, message, …}`, to `write`. */
export function eventLog(write: (event: LogEvent) => void, options: { debug?: boolean } = {}): Log {
  const text = (level: string) => (message: string, fields: Record<string, unknown> = {}) =>
    write({ event: "log", level, message, ...fields });
  return {
    emit: write,
    debug: options.debug ? text("debug") : () => {},
    info: text("info"),
    warn: text("warn"),
  };
}
