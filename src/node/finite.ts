/** Results that are no numbers are no results: they are refused by name, before anything of them is written. */
import { SkeinError } from "../base/errors.ts";
import type { Precision } from "../gpu/mod.ts";

/**
 * @param what "the loss", "the gradient of …"
 * @throws {SkeinError} `node/not-finite`. Payload: value, element.
 */
export function checkFinite(values: Float32Array, what: string, precision: Precision): void {
  const element = values.findIndex((value) => !Number.isFinite(value));
  if (element < 0) return;
  const advice = "check the checkpoint's own values for NaN and infinities";
  const other = precision === "f16" ? ", and use precision f32: halves end at 65504" : "";
  const at = values.length === 1 ? "" : ` at element ${element}`;
  throw new SkeinError(
    "node/not-finite",
    `compute ${what} in ${precision}: ${
      values[element]
    }${at}, a finite number is required, ${advice}${other}`,
    { value: values[element], element },
  );
}
