/** A subnet's life after its registration: start, token symbol, end; and hotkeys that a coldkey takes for its own. */
import { bytes, u16, u64 } from "../../../scale/primitive_types.ts";
import { accountId } from "../common_types.ts";
import { call, type CallContext, type PalletPart, signerOf } from "../pallet.ts";
import { dissolveNetwork } from "./dissolve.ts";
import { refuse, SUBTENSOR } from "./failure.ts";
import { createHotkey } from "./hotkeys.ts";
import * as network from "./network_storage.ts";
import * as at from "./storage.ts";
import * as subnet from "./subnet_storage.ts";
import { requireOwner, requireOwnerOrRoot, requireSubnet } from "./subnets.ts";
import { isSymbol, isSymbolUsed } from "./symbols.ts";

/** A subnet may start so many blocks after its registration. */
export const START_DELAY_BLOCKS = 10n;

function startCall({ netuid }: { netuid: number }, context: CallContext): void {
  const { state } = context;
  requireSubnet(context, netuid);
  requireOwner(context, netuid);
  if (state.has(network.FirstEmissionBlockNumber, netuid)) throw refuse("FirstEmissionBlockNumberAlreadySet");
  const block = BigInt(context.blockNumber);
  if (block < state.get(at.NetworkRegisteredAt, netuid) + START_DELAY_BLOCKS) {
    throw refuse("NeedWaitingMoreBlocksToStarCall");
  }
  state.set(network.FirstEmissionBlockNumber, block + 1n, netuid);
  state.set(subnet.SubtokenEnabled, true, netuid);
  context.deposit(SUBTENSOR, "FirstEmissionBlockNumberSet", [netuid, block + 1n]);
}

function updateSymbol(
  { netuid, symbol }: { netuid: number; symbol: Uint8Array },
  context: CallContext,
): void {
  requireOwnerOrRoot(context, netuid);
  if (!isSymbol(symbol)) throw refuse("SymbolDoesNotExist");
  if (isSymbolUsed(context.state, symbol)) throw refuse("SymbolAlreadyInUse");
  context.state.set(subnet.TokenSymbol, symbol, netuid);
  context.deposit(SUBTENSOR, "SymbolUpdated", { netuid, symbol });
}

export const networks: PalletPart = {
  calls: [
    call(61, "dissolve_network", { coldkey: accountId, netuid: u16 }, dissolveNetwork),
    call(91, "try_associate_hotkey", { hotkey: accountId }, ({ hotkey }, context) => {
      createHotkey(context, signerOf(context), hotkey);
    }),
    call(92, "start_call", { netuid: u16 }, startCall),
    call(112, "update_symbol", { netuid: u16, symbol: bytes }, updateSymbol),
  ],
  events: {
    NetworkRemoved: [1, u16],
    FirstEmissionBlockNumberSet: [88, [u16, u64]],
    SymbolUpdated: [98, { netuid: u16, symbol: bytes }],
  },
};
