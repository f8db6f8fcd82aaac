/** Errors of the command line itself: what a person did not say, or took back. */
import { SkeinError } from "../base/errors.ts";

export type CliErrorCode =
  /** A person broke off at a question. */
  | "cli/cancelled"
  /** Something must be asked and there is no terminal to ask at. */
  | "cli/no-terminal"
  /** Flags that do not go together, or lack another. */
  | "cli/bad-flags"
  /** The two entries of a new password differ too often. */
  | "cli/passwords-differ";

export function cliError(code: CliErrorCode, message: string, cause?: unknown): SkeinError<CliErrorCode> {
  return new SkeinError(code, message, {}, cause);
}
