/** Bytes that are not SCALE of the expected type: what a stranger sent, or a store that was altered. */
import { SkeinError } from "../../base/errors.ts";

export type ScaleErrorCode = "scale/undecodable";

export function undecodable(found: string): SkeinError<ScaleErrorCode> {
  return new SkeinError("scale/undecodable", `decode SCALE: ${found}`, {});
}
