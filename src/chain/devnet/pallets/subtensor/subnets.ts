/** Which subnets there are and whose they are. Subnet 0 is the root network, whose stake counts in all others. */
import { equalBytes } from "../../../../base/bytes.ts";
import { type CallContext, DispatchFailure } from "../pallet.ts";
import type { TypedState } from "../typed_state.ts";
import * as at from "./storage.ts";
import { SubtokenEnabled } from "./subnet_storage.ts";
import { refuse, type SubtensorErrorName } from "./failure.ts";

export const ROOT_NETUID = 0;
const NETUIDS = 0x10000;

/** In ascending order. */
export function allNetuids(state: TypedState): number[] {
  const netuids: number[] = [];
  const count = state.get(at.TotalNetworks);
  for (let netuid = 0; netuids.length < count && netuid < NETUIDS; netuid++) {
    if (state.get(at.NetworksAdded, netuid)) netuids.push(netuid);
  }
  return netuids;
}

/** @throws {DispatchFailure} of the name given: calls differ in it */
export function requireSubnet(
  { state }: CallContext,
  netuid: number,
  error: SubtensorErrorName = "SubnetNotExists",
): void {
  if (!state.get(at.NetworksAdded, netuid)) throw refuse(error);
}

/** @throws {DispatchFailure} SubtokenDisabled before the subnet's start */
export function requireStarted({ state }: CallContext, netuid: number): void {
  if (!state.get(SubtokenEnabled, netuid)) throw refuse("SubtokenDisabled");
}

/** @throws {DispatchFailure} BadOrigin */
export function requireOwner({ state, signer }: CallContext, netuid: number): void {
  if (!signer || !equalBytes(signer, state.get(at.SubnetOwner, netuid))) throw badOrigin();
}

/** @throws {DispatchFailure} BadOrigin */
export function requireOwnerOrRoot(context: CallContext, netuid: number): void {
  if (!context.isRoot) requireOwner(context, netuid);
}

/** @throws {DispatchFailure} BadOrigin */
export function requireRoot({ isRoot }: CallContext): void {
  if (!isRoot) throw badOrigin();
}

const badOrigin = () => new DispatchFailure({ name: "BadOrigin" });
