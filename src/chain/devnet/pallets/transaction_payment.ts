/**
 * What transactions pay. The rule is runtime/fees.ts; the block author takes the fee before a call, gives back what was
 * too much after it, and burns the rest. The multiplier never moves, as on subtensor.
 */
import { plainVariant, wrapper } from "../../scale/composite_types.ts";
import { u128, u64, u8 } from "../../scale/primitive_types.ts";
import { accountId } from "./common_types.ts";
import { constant, type Pallet } from "./pallet.ts";
import { StorageDeclarations } from "./storage_entry.ts";

/** 1 with 18 decimals. */
const ONE = 10n ** 18n;
/** By so many times its fee an operational transaction goes before others; this chain's pool does not rank by it. */
const OPERATIONAL_FEE_MULTIPLIER = 5;

const storage = new StorageDeclarations("TransactionPayment");
const fixedU128 = wrapper("sp_arithmetic::fixed_point::FixedU128", u128);
storage.plain("NextFeeMultiplier", fixedU128, ONE);
const releases = plainVariant("pallet_transaction_payment::Releases", ["V1Ancient", "V2"]);
storage.plain("StorageVersion", releases, { name: "V1Ancient" });

export const transactionPayment: Pallet = {
  name: "TransactionPayment",
  index: 6,
  crate: "pallet_transaction_payment",
  storage: storage.declared,
  calls: [],
  events: { TransactionFeePaid: [0, { who: accountId, actual_fee: u64, tip: u64 }] },
  errors: {},
  constants: [constant("OperationalFeeMultiplier", u8, OPERATIONAL_FEE_MULTIPLIER)],
};
