/** Shares as people write them: per cent with at most six decimals; and as the chain has them, rounded down, so that a limit holds. */
import { InvalidArgumentError } from "@commander-js/extra-typings";
import type { Child } from "../../chain/operator/operator_client.ts";

const WHOLE_TAKE = 65535n;
const WHOLE_SHARE = (1n << 64n) - 1n;
const MICRO = 1_000_000n;
const HUNDRED_MICRO = 100n * MICRO;
const PERCENT = /^(\d{1,3})(?:\.(\d{1,6}))?%?$/;

/** @returns millionths of a per cent, or undefined for what is none from 0 to 100 */
function microPercent(text: string): bigint | undefined {
  const parts = PERCENT.exec(text);
  if (parts === null) return undefined;
  const micro = BigInt(parts[1]) * MICRO + BigInt((parts[2] ?? "").padEnd(6, "0"));
  return micro <= HUNDRED_MICRO ? micro : undefined;
}

/** @returns 65535ths */
export function takeFlag(text: string): number {
  const micro = microPercent(text);
  if (micro === undefined) {
    throw new InvalidArgumentError("per cent from 0 to 100 are needed, like 9 or 12.5.");
  }
  return Number(micro * WHOLE_TAKE / HUNDRED_MICRO);
}

/** `5F…=50`, collected: per cent of the stake; no child twice, not more than all. The address is looked at by the chain's own check. */
export function childFlag(text: string, before: readonly Child[] | undefined): readonly Child[] {
  const at = text.indexOf("=");
  const hotkey = text.slice(0, Math.max(0, at));
  const micro = microPercent(text.slice(at + 1));
  if (hotkey === "" || micro === undefined || micro === 0n) {
    throw new InvalidArgumentError("a hotkey's address and per cent above 0 are needed, like 5F…=50.");
  }
  if (before?.some((child) => child.hotkey === hotkey)) {
    throw new InvalidArgumentError(`${hotkey.slice(0, 64)} was given before.`);
  }
  const children = [...before ?? [], { hotkey, share: micro * WHOLE_SHARE / HUNDRED_MICRO }];
  if (children.reduce((sum, { share }) => sum + share, 0n) > WHOLE_SHARE) {
    throw new InvalidArgumentError("shares of more than 100 per cent in all were given.");
  }
  return children;
}

export const takeText = (take: number): string => `${rounded(BigInt(take), WHOLE_TAKE)} %`;
export const shareText = (share: bigint): string => `${rounded(share, WHOLE_SHARE)} %`;

/** Two decimals, rounded to the nearest: what was cut off on the way in does not show. */
function rounded(part: bigint, whole: bigint): string {
  const hundredths = (part * 10_000n + whole / 2n) / whole;
  return String(Number(hundredths) / 100);
}
