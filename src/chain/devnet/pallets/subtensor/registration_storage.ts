/** How many registrations there were, by which a block or an interval is closed to more and the price is set. */
import { u16, u64 } from "../../../scale/primitive_types.ts";
import { netuid, storage } from "./storage.ts";

export const RegistrationsThisBlock = storage.map("RegistrationsThisBlock", [netuid], u16, 0);
export const RegistrationsThisInterval = storage.map("RegistrationsThisInterval", [netuid], u16, 0);
export const BurnRegistrationsThisInterval = storage.map("BurnRegistrationsThisInterval", [netuid], u16, 0);
/** None: this chain has no registration by work. */
export const POWRegistrationsThisInterval = storage.map("POWRegistrationsThisInterval", [netuid], u16, 0);
export const LastAdjustmentBlock = storage.map("LastAdjustmentBlock", [netuid], u64, 0n);
