/**
 * The signs of subnets' tokens, in subtensor's order: the root network's, then one for each netuid as long as it is free,
 * else the first that is. Letters of many scripts, written as runs of code points: first, and how many follow.
 */
import { equalBytes, utf8 } from "../../../../base/bytes.ts";
import type { TypedState } from "../typed_state.ts";
import { TokenSymbol } from "./subnet_storage.ts";
import { allNetuids } from "./subnets.ts";

const RUNS = `
  3a4 3b1+16 3c3 74 3c5+4 5d0+26 627+1 62a+16 641+7 64a 649 16a0 16a2 16a6 16a8 16b1 16b3 42b 16c9
  16d2 1680+5 169b 10d0+5 531+5 55e 400+5 44a 2c80+5 11000+3 11005 db1 db3+4 2c00+32 e01+34 e25 e27+7
  3131 3134 3137 3139 3141+1 3145 3147+1 314a+25 12a0+7 12c8+6 12b0+6 1310+2 1218 1314+2 905+6 90f+1
  913+21 92a+6 932 935+4 30a2 30a4 30a6 30a8 30aa+1 30ad 30af 30b1 30b3 30b5 30b7 30b9 30bb 30bd 30bf
  30c1 30c4 30c6 30c8 30ca+5 30d2 30d5 30d8 30db 30de+4 30e4 30e6 30e8+5 30ef 30f2+1 2d30+35 d85+1
  d89+13 d9a+4 da0+4 da7 da5+1 da9 da8 daa+6
`;

const SYMBOLS: readonly Uint8Array[] = RUNS.trim().split(/\s+/).flatMap((run) => {
  const [first, more] = run.split("+");
  const start = parseInt(first, 16);
  return Array.from({ length: 1 + Number(more ?? 0) }, (_, i) => utf8(String.fromCodePoint(start + i)));
});
const [ROOT_SYMBOL, ...SUBNET_SYMBOLS] = SYMBOLS;

export function freeSymbol(state: TypedState, netuid: number): Uint8Array {
  const own = SYMBOLS[netuid] ?? ROOT_SYMBOL;
  if (!isSymbolUsed(state, own)) return own;
  return SUBNET_SYMBOLS.find((symbol) => !isSymbolUsed(state, symbol)) ?? ROOT_SYMBOL;
}

export function isSymbol(bytes: Uint8Array): boolean {
  return SUBNET_SYMBOLS.some((symbol) => equalBytes(symbol, bytes));
}

export function isSymbolUsed(state: TypedState, symbol: Uint8Array): boolean {
  return allNetuids(state).some((netuid) =>
    state.has(TokenSymbol, netuid) && equalBytes(state.get(TokenSymbol, netuid), symbol)
  );
}
