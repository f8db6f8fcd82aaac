/** Amounts as people write them: TAO with at most nine decimals, exact in rao, of which 10⁹ make one TAO. */
import { InvalidArgumentError } from "@commander-js/extra-typings";

const DECIMALS = 9;
const RAO_PER_TAO = 10n ** BigInt(DECIMALS);
/** Balances are u64. */
const MAX_RAO = 2n ** 64n - 1n;

/** @returns rao, or undefined for anything but digits with a point and one to nine digits after it, within a u64 */
export function parseTao(text: string): bigint | undefined {
  const parts = /^([0-9]{1,20})(?:\.([0-9]{1,9}))?$/.exec(text);
  if (parts === null) return undefined;
  const rao = BigInt(parts[1]) * RAO_PER_TAO + BigInt((parts[2] ?? "").padEnd(DECIMALS, "0"));
  return rao <= MAX_RAO ? rao : undefined;
}

/** As `parseTao`, above zero. */
export function amountFlag(text: string): bigint {
  const rao = parseTao(text);
  if (rao !== undefined && rao > 0n) return rao;
  throw new InvalidArgumentError(
    `TAO above zero are needed, with at most ${DECIMALS} decimals after a point, no sign and no exponent.`,
  );
}

/** Exact: 1500000000 → "1.5". */
export function formatTao(rao: bigint): string {
  const size = rao < 0n ? -rao : rao;
  const fraction = String(size % RAO_PER_TAO).padStart(DECIMALS, "0").replace(/0+$/, "");
  return `${rao < 0n ? "-" : ""}${size / RAO_PER_TAO}${fraction === "" ? "" : `.${fraction}`}`;
}

/** For tables: four decimals, cut off, so that nothing looks more than it is; what is below them shows as such. */
export function formatTaoShort(rao: bigint): string {
  if (rao > 0n && rao < RAO_PER_TAO / 10_000n) return "<0.0001";
  return `${rao / RAO_PER_TAO}.${String(rao % RAO_PER_TAO).padStart(DECIMALS, "0").slice(0, 4)}`;
}
