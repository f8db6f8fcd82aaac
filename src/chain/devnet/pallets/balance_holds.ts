/**
 * The ways in which a balance can be bound. Nothing on this chain binds one, so all of these stay empty; wallets read
 * them to tell what an account can spend.
 */
import { plainVariant, struct, variant, vec, wrapper } from "../../scale/composite_types.ts";
import { fixedBytes, u64 } from "../../scale/primitive_types.ts";
import type { AnyType, ScaleType } from "../../scale/scale_type.ts";
import { accountId } from "./common_types.ts";
import { blake2Concat, type StorageDeclarations } from "./storage_entry.ts";

const bounded = <T>(container: string, of: ScaleType<T>): ScaleType<T[]> =>
  wrapper(`bounded_collections::${container}`, vec(of), [{ name: "T", type: of }, { name: "S" }]);

const lockId = fixedBytes(8);
const balanceLock = struct("pallet_balances::types::BalanceLock", {
  id: lockId,
  amount: u64,
  reasons: plainVariant("pallet_balances::types::Reasons", ["Fee", "Misc", "All"]),
}, [{ name: "Balance", type: u64 }]);
const reserve = struct("pallet_balances::types::ReserveData", { id: lockId, amount: u64 }, [
  { name: "ReserveIdentifier", type: lockId },
  { name: "Balance", type: u64 },
]);

const reasonOf = (pallet: string, reason: string) =>
  plainVariant(`pallet_${pallet}::pallet::HoldReason`, [reason]);
const holdReason = variant("node_subtensor_runtime::RuntimeHoldReason", {
  Preimage: [14, reasonOf("preimage", "Preimage")],
  Registry: [17, reasonOf("registry", "RegistryIdentity")],
  SafeMode: [20, reasonOf("safe_mode", "EnterOrExtend")],
});
const freezeReason = variant("node_subtensor_runtime::RuntimeFreezeReason", {});
const amountFor = (reason: AnyType) =>
  struct("frame_support::traits::tokens::misc::IdAmount", { id: reason, amount: u64 }, [
    { name: "Id", type: reason },
    { name: "Balance", type: u64 },
  ]);

export function declareHolds(storage: StorageDeclarations): void {
  const owner = [blake2Concat(accountId)] as const;
  storage.map("Locks", owner, bounded("weak_bounded_vec::WeakBoundedVec", balanceLock), []);
  storage.map("Reserves", owner, bounded("bounded_vec::BoundedVec", reserve), []);
  storage.map("Holds", owner, bounded("bounded_vec::BoundedVec", amountFor(holdReason)), []);
  storage.map("Freezes", owner, bounded("bounded_vec::BoundedVec", amountFor(freezeReason)), []);
}
