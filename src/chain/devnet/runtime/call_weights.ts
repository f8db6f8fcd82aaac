/**
 * What each call weighs, as subtensor's runtime of spec 293 declares it: picoseconds of reference time, reads and writes
 * of storage, whether it is operational, whether it is free. The recorded session's blocks show the same sums.
 * Not recorded, and taken from frame's own benchmarks of about that time: Balances but for transfer_keep_alive, System,
 * and Sudo's calls but for sudo.
 */
export interface DeclaredWeight {
  readonly refTime: bigint;
  readonly proofSize?: bigint;
  readonly reads: number;
  readonly writes: number;
  /** More for each byte or call that it holds; see dispatch_info.ts. */
  readonly refTimeEach?: bigint;
  readonly isOperational?: boolean;
  readonly isFree?: boolean;
  /** Pays first, and gets it back when it succeeds. */
  readonly isFreeOnSuccess?: boolean;
}

type Maker = (refTime: number, reads: number, writes: number) => DeclaredWeight;
const paid: Maker = (refTime, reads, writes) => ({ refTime: BigInt(refTime), reads, writes });
const free: Maker = (...numbers) => ({ ...paid(...numbers), isFree: true });
const urgent: Maker = (...numbers) => ({ ...paid(...numbers), isOperational: true });
const urgentFree: Maker = (...numbers) => ({ ...urgent(...numbers), isFree: true });

const ACCOUNT_PROOF = 3593n;
const ofAccounts = (refTime: number): DeclaredWeight => ({
  ...paid(refTime, 1, 1),
  proofSize: ACCOUNT_PROOF,
});
const ofSudo: DeclaredWeight = { ...paid(11_501_000, 1, 0), proofSize: 1517n, isFreeOnSuccess: true };
const ofBatch = (refTime: number, refTimeEach: bigint): DeclaredWeight => ({
  ...paid(refTime, 2, 0),
  proofSize: 3997n,
  refTimeEach,
});
/** A parameter of a subnet: read what is, write what shall be. */
const parameter = (refTime: number) => paid(refTime, 1, 1);
const ofNoWeight = urgentFree(0, 0, 0);

export const CALL_WEIGHTS: Readonly<Record<string, Readonly<Record<string, DeclaredWeight>>>> = {
  System: {
    remark: { ...paid(2_119_000, 0, 0), refTimeEach: 390n },
    remark_with_event: { ...paid(8_097_000, 0, 0), refTimeEach: 1455n },
  },
  Timestamp: { set: { ...paid(10_560_000, 2, 1), proofSize: 1493n } },
  Balances: {
    transfer_allow_death: ofAccounts(48_363_000),
    transfer_keep_alive: ofAccounts(40_655_000),
    transfer_all: ofAccounts(47_385_000),
    burn: paid(30_968_000, 0, 0),
  },
  Utility: {
    batch: ofBatch(2_694_370, 5_005_941n),
    as_derivative: { ...paid(9_639_000, 3, 1), proofSize: 3997n },
    batch_all: ofBatch(12_948_874, 5_162_821n),
    force_batch: ofBatch(4_879_712, 4_955_816n),
  },
  Sudo: {
    sudo: ofSudo,
    sudo_unchecked_weight: { refTime: 0n, reads: 0, writes: 0, isFreeOnSuccess: true },
    set_key: ofSudo,
    sudo_as: ofSudo,
    remove_key: ofSudo,
  },
  Commitments: {
    set_commitment: urgentFree(34_140_000, 5, 4),
    set_rate_limit: urgentFree(3_596_000, 0, 1),
    set_max_space: urgentFree(2_965_000, 0, 1),
  },
  Drand: {
    write_pulse: paid(5_708_000_000, 2, 3),
    set_beacon_config: paid(9_878_000, 0, 2),
    set_oldest_stored_round: paid(5_370_000, 0, 1),
  },
  SubtensorModule: {
    set_weights: free(20_730_000_000, 4111, 2),
    batch_set_weights: free(105_100_000, 14, 2),
    commit_weights: free(72_300_000, 7, 2),
    batch_commit_weights: free(89_380_000, 8, 2),
    reveal_weights: free(122_000_000, 16, 2),
    commit_crv3_weights: free(73_750_000, 6, 2),
    batch_reveal_weights: free(420_500_000, 16, 2),
    set_tao_weights: free(3_757_000, 0, 0),
    become_delegate: free(3_657_000, 0, 0),
    decrease_take: free(37_380_000, 3, 2),
    increase_take: free(44_630_000, 5, 2),
    add_stake: free(345_500_000, 26, 15),
    remove_stake: free(196_800_000, 19, 10),
    serve_axon: free(35_670_000, 4, 1),
    serve_axon_tls: free(33_890_000, 4, 1),
    serve_prometheus: free(31_170_000, 4, 1),
    register: free(216_200_000, 26, 23),
    root_register: free(145_500_000, 23, 20),
    adjust_senate: paid(68_100_000, 7, 4),
    burned_register: free(354_400_000, 49, 43),
    swap_hotkey: urgentFree(285_900_000, 47, 37),
    swap_coldkey: urgentFree(208_600_000, 14, 9),
    set_childkey_take: paid(46_330_000, 5, 2),
    sudo_set_tx_childkey_take_rate_limit: urgentFree(5_760_000, 0, 1),
    sudo_set_min_childkey_take: urgentFree(6_000, 1, 1),
    sudo_set_max_childkey_take: urgentFree(6_000, 1, 1),
    vote: urgent(111_100_000, 0, 0),
    register_network: urgentFree(260_500_000, 36, 52),
    faucet: free(91_000_000, 27, 22),
    dissolve_network: urgentFree(119_000_000, 6, 31),
    set_children: urgent(119_000_000, 6, 31),
    schedule_swap_coldkey: urgent(44_520_000, 4, 2),
    schedule_dissolve_network: urgent(119_000_000, 6, 31),
    set_identity: paid(31_780_000, 3, 1),
    set_subnet_identity: paid(23_080_000, 1, 1),
    register_network_with_identity: urgentFree(239_700_000, 35, 51),
    unstake_all: urgentFree(30_190_000, 6, 0),
    unstake_all_alpha: urgentFree(369_500_000, 33, 16),
    move_stake: urgentFree(419_500_000, 32, 20),
    transfer_stake: urgentFree(432_600_000, 31, 19),
    swap_stake: urgentFree(351_300_000, 32, 17),
    add_stake_limit: free(402_800_000, 26, 15),
    remove_stake_limit: free(403_800_000, 30, 14),
    swap_stake_limit: urgentFree(426_500_000, 32, 17),
    try_associate_hotkey: urgent(32_560_000, 3, 3),
    start_call: urgent(35_770_000, 4, 2),
    associate_evm_key: urgentFree(3_000_000, 2, 1),
    recycle_alpha: urgent(101_000_000, 7, 4),
    burn_alpha: urgent(98_010_000, 7, 3),
    set_pending_childkey_cooldown: urgentFree(10_000, 0, 0),
    remove_stake_full_limit: { ...free(398_000_000, 30, 14), proofSize: 10_142n },
    update_symbol: urgent(28_840_000, 4, 1),
  },
  AdminUtils: {
    sudo_set_default_take: paid(5_831_000, 0, 1),
    sudo_set_serving_rate_limit: paid(6_682_000, 0, 1),
    sudo_set_min_difficulty: parameter(19_780_000),
    sudo_set_max_difficulty: parameter(16_750_000),
    sudo_set_weights_version_key: parameter(16_320_000),
    sudo_set_weights_set_rate_limit: parameter(16_560_000),
    sudo_set_adjustment_interval: parameter(16_570_000),
    sudo_set_adjustment_alpha: urgentFree(14_000_000, 1, 1),
    sudo_set_max_weight_limit: parameter(19_240_000),
    sudo_set_immunity_period: parameter(19_380_000),
    sudo_set_min_allowed_weights: parameter(19_770_000),
    sudo_set_max_allowed_uids: paid(23_820_000, 2, 1),
    sudo_set_kappa: parameter(16_440_000),
    sudo_set_rho: parameter(13_770_000),
    sudo_set_activity_cutoff: paid(22_600_000, 2, 1),
    sudo_set_network_registration_allowed: urgentFree(8_696_000, 0, 1),
    sudo_set_network_pow_registration_allowed: urgentFree(14_000_000, 0, 1),
    sudo_set_target_registrations_per_interval: parameter(16_260_000),
    sudo_set_min_burn: parameter(19_840_000),
    sudo_set_max_burn: parameter(16_250_000),
    sudo_set_difficulty: parameter(17_040_000),
    sudo_set_max_allowed_validators: paid(25_210_000, 2, 1),
    sudo_set_bonds_moving_average: parameter(16_880_000),
    sudo_set_bonds_penalty: parameter(20_030_000),
    sudo_set_max_registrations_per_block: parameter(19_680_000),
    sudo_set_subnet_owner_cut: urgentFree(14_000_000, 0, 1),
    sudo_set_network_rate_limit: urgentFree(14_000_000, 0, 1),
    sudo_set_tempo: parameter(16_690_000),
    sudo_set_network_immunity_period: urgentFree(14_000_000, 0, 1),
    sudo_set_network_min_lock_cost: urgentFree(14_000_000, 0, 1),
    sudo_set_subnet_limit: urgentFree(14_000_000, 0, 1),
    sudo_set_lock_reduction_interval: urgentFree(14_000_000, 0, 1),
    sudo_set_commit_reveal_weights_enabled: parameter(19_480_000),
    sudo_set_commit_reveal_weights_interval: parameter(17_160_000),
    sudo_set_tx_rate_limit: ofNoWeight,
    sudo_set_total_issuance: ofNoWeight,
    sudo_set_rao_recycled: ofNoWeight,
    sudo_set_stake_threshold: ofNoWeight,
    sudo_set_nominator_min_required_stake: ofNoWeight,
    sudo_set_tx_delegate_take_rate_limit: ofNoWeight,
    sudo_set_min_delegate_take: ofNoWeight,
    sudo_set_liquid_alpha_enabled: ofNoWeight,
    sudo_set_alpha_values: ofNoWeight,
    sudo_set_coldkey_swap_schedule_duration: ofNoWeight,
    sudo_set_dissolve_network_schedule_duration: ofNoWeight,
    sudo_set_toggle_transfer: ofNoWeight,
    sudo_set_subnet_moving_alpha: ofNoWeight,
    sudo_set_subnet_owner_hotkey: ofNoWeight,
    sudo_set_ema_price_halving_period: ofNoWeight,
    sudo_set_alpha_sigmoid_steepness: ofNoWeight,
    sudo_set_yuma3_enabled: ofNoWeight,
    sudo_set_bonds_reset_enabled: ofNoWeight,
    sudo_set_sn_owner_hotkey: ofNoWeight,
    sudo_set_subtoken_enabled: ofNoWeight,
  },
};
