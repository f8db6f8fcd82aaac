/** Flag values: parsed once, with errors that name the rule and the value. */
import { InvalidArgumentError } from "@commander-js/extra-typings";

/** A parser of whole numbers from `low` to `high`. */
export function integerFlag(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isInteger(value) || value < low || value > high) {
      throw new InvalidArgumentError(`a whole number from ${low} to ${high} is needed.`);
    }
    return value;
  };
}

/** A chain endpoint: `local`, ws:// or wss://. */
export function chainFlag(text: string): string {
  if (text === "local") return text;
  try {
    const url = new URL(text);
    if (url.protocol === "ws:" || url.protocol === "wss:") return text;
  } catch {
    // falls through to the one message
  }
  throw new InvalidArgumentError('"local" or an address like ws://127.0.0.1:9944 is needed.');
}

export function oneOfFlag(names: readonly string[]): (text: string) => string {
  return (text) => {
    if (!names.includes(text)) throw new InvalidArgumentError(`one of ${names.join(", ")} is needed.`);
    return text;
  };
}
