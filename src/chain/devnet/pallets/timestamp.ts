/** The block's time, put in by its author as the first extrinsic. */
import { compact, u64 } from "../../scale/primitive_types.ts";
import { call, constant, DispatchFailure, type Pallet } from "./pallet.ts";
import { StorageDeclarations } from "./storage_entry.ts";

/** Half a block: clients take twice this for the block time when they choose how long a transaction may live. */
const MINIMUM_PERIOD_MS = 500n;

const storage = new StorageDeclarations("Timestamp");
export const Now = storage.plain("Now", u64, 0n);

export const timestamp: Pallet = {
  name: "Timestamp",
  index: 2,
  crate: "pallet_timestamp",
  storage: storage.declared,
  calls: [
    call(0, "set", { now: compact(u64) }, ({ now }, { state, signer, isRoot }) => {
      if (signer || isRoot) throw new DispatchFailure({ name: "BadOrigin" });
      state.set(Now, now);
    }),
  ],
  events: {},
  errors: {},
  constants: [constant("MinimumPeriod", u64, MINIMUM_PERIOD_MS)],
};
