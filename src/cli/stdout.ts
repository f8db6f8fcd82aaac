/**
 * Stdout is the program's own: one JSON object a line with `--json`. Libraries that report something by `console.log`, as
 * polkadot-js does of a new runtime, go to stderr.
 */
const log = console.log;

export function printLine(text: string): void {
  log(text);
}

export function keepStdoutOurs(): void {
  console.log = console.info = console.debug = console.error;
}
