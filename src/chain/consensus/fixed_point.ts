/**
 * The chain's fixed-point numbers as big integers: a value is its raw bits, 32 of 64 behind the point (I32F32). A
 * product is rounded down, a quotient towards zero, and what does not fit stops at the end of the range: so every node
 * of the chain comes to the same bits. Dividing by zero yields zero, as the runtime's safe_div does.
 */
export type Fixed = bigint;

const FRACTION_BITS = 32n;
const U16_MAX = 0xffffn;
export const ONE: Fixed = 1n << FRACTION_BITS;
export const FIXED_MAX: Fixed = (1n << 63n) - 1n;
export const FIXED_MIN: Fixed = -(1n << 63n);

export const fixed = (integer: number): Fixed => saturate(BigInt(integer) << FRACTION_BITS);

export function saturate(raw: bigint): Fixed {
  return raw > FIXED_MAX ? FIXED_MAX : raw < FIXED_MIN ? FIXED_MIN : raw;
}

export const add = (a: Fixed, b: Fixed): Fixed => saturate(a + b);
export const subtract = (a: Fixed, b: Fixed): Fixed => saturate(a - b);
export const multiply = (a: Fixed, b: Fixed): Fixed => saturate((a * b) >> FRACTION_BITS);
export const divide = (a: Fixed, b: Fixed): Fixed => b === 0n ? 0n : saturate((a << FRACTION_BITS) / b);
export const clamp = (value: Fixed, low: Fixed, high: Fixed): Fixed =>
  value > high ? high : value < low ? low : value;

/** What a u16 says of a whole: 65535 is one. */
export const proportion = (part: number): Fixed => (BigInt(part) << FRACTION_BITS) / U16_MAX;

export const toU16Proportion = (value: Fixed): number => toU16(multiply(value, U16_MAX << FRACTION_BITS));

/** The integer below, within 0…65535. */
export function toU16(value: Fixed): number {
  const integer = value >> FRACTION_BITS;
  return Number(integer < 0n ? 0n : integer > U16_MAX ? U16_MAX : integer);
}

/** A millionth, by way of 64 bits behind the point as on chain. */
export const millionths = (count: bigint): Fixed => saturate(((count << 64n) / 1_000_000n) >> FRACTION_BITS);

/** An amount times a proportion, in whole units: with 96 bits before the point nothing saturates here. */
export function shareOf(amount: bigint, share: Fixed): bigint {
  const part = (share * amount) >> FRACTION_BITS;
  return part < 0n ? 0n : part;
}

export function sum(values: readonly Fixed[]): Fixed {
  let total = 0n;
  for (const value of values) total += value;
  return total;
}

/** Divides by the sum, so that the values come to one; all zero they stay. */
export function normalize(values: readonly Fixed[], total: Fixed = sum(values)): Fixed[] {
  return total === 0n ? [...values] : values.map((value) => divide(value, total));
}

/** Amounts without a fraction, normalised with 64 bits behind the point (I64F64), of which 32 stay. */
export function normalizeAmounts(amounts: readonly bigint[]): Fixed[] {
  const total = sum(amounts);
  if (total === 0n) return amounts.map(() => 0n);
  return amounts.map((amount) => saturate(((amount << 64n) / total) >> FRACTION_BITS));
}

/** The largest becomes 65535. A maximum above 32768 would overflow first: there the factor is rounded instead. */
export function maxUpscale(values: readonly Fixed[]): number[] {
  const largest = values.reduce((a, b) => b > a ? b : a, 0n);
  const whole = U16_MAX << FRACTION_BITS;
  if (largest === 0n) return values.map((value) => toU16(multiply(value, whole)));
  if (largest > fixed(0x8000)) {
    const factor = divide(whole, largest);
    return values.map((value) => toU16(round(multiply(value, factor))));
  }
  return values.map((value) => toU16(round(divide(multiply(value, whole), largest))));
}

/** Halves go up; only values above zero come here. */
const round = (value: Fixed): Fixed => saturate(((value + ONE / 2n) >> FRACTION_BITS) << FRACTION_BITS);

/**
 * eˣ, x cut to −20…20, by the runtime's series: thirty terms, and for a negative x the inverse. Exactly one yields e
 * with only 23 bits behind the point: the runtime takes a constant there.
 */
export function exponential(x: Fixed): Fixed {
  const operand = clamp(x, fixed(-20), fixed(20));
  if (operand === 0n) return ONE;
  if (operand === ONE) return E_23 << (FRACTION_BITS - 23n);
  const magnitude = operand < 0n ? -operand : operand;
  let term = magnitude;
  let result = magnitude + ONE;
  for (let i = 2; i < Number(FRACTION_BITS); i++) {
    const product = (term * magnitude) >> FRACTION_BITS;
    term = product / BigInt(i);
    result += term;
    if (product > FIXED_MAX || result > FIXED_MAX) return operand < 0n ? 0n : FIXED_MAX;
  }
  return operand < 0n ? divide(ONE, result) : result;
}

const E_23 = 22802600n;
