/**
 * Who has staked what: a hotkey's whole stake on a subnet, and the coldkeys' shares in it. Shares stay while the whole
 * grows, so that an epoch pays all who hold them by one write.
 */
import { vec } from "../../../scale/composite_types.ts";
import { u16, u64 } from "../../../scale/primitive_types.ts";
import { accountId } from "../common_types.ts";
import { u64f64 } from "../fixed_point_types.ts";
import { account, netuid, storage } from "./storage.ts";

/** Alpha in rao, by hotkey and subnet. */
export const TotalHotkeyAlpha = storage.map("TotalHotkeyAlpha", [account, netuid], u64, 0n);
/** All shares in it; raw bits, 64 behind the point, as every share. */
export const TotalHotkeyShares = storage.map("TotalHotkeyShares", [account, netuid], u64f64, 0n);
/** A coldkey's shares, by hotkey, coldkey and subnet. */
export const Alpha = storage.map("Alpha", [account, account, netuid], u64f64, 0n);
/** The hotkeys that a coldkey has stake on. */
export const StakingHotkeys = storage.map("StakingHotkeys", [account], vec(accountId), []);
/** Hotkeys that take others' stake, and the part of their earnings that they keep, of 65535. */
export const Delegates = storage.map("Delegates", [account], u16, 11_796);
/** What TAO staked on the root network counts beside a subnet's alpha, of 2⁶⁴ − 1. */
export const TaoWeight = storage.plain("TaoWeight", u64, 971_718_665_099_567_868n);
/** Stake that a validator needs. */
export const StakeThreshold = storage.plain("StakeThreshold", u64, 0n);
/** TAO that all stake together was bought for. */
export const TotalStake = storage.plain("TotalStake", u64, 0n);
