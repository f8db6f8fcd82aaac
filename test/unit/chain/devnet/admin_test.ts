import assert from "node:assert/strict";
import { adminUtils } from "../../../../src/chain/devnet/pallets/admin.ts";
import type { Origin } from "../../../../src/chain/devnet/pallets/pallet.ts";
import * as at from "../../../../src/chain/devnet/pallets/subtensor/storage.ts";
import * as network from "../../../../src/chain/devnet/pallets/subtensor/network_storage.ts";
import * as subnet from "../../../../src/chain/devnet/pallets/subtensor/subnet_storage.ts";
import { ALICE, keyOf, StateHarness, TAO } from "./state_harness.ts";

const NETUID = 1;
const stranger = keyOf("stranger");
const set = (chain: StateHarness, name: string, args: Record<string, unknown>, as: Origin) =>
  chain.run(`AdminUtils.sudo_set_${name}`, { netuid: NETUID, ...args }, as);

/** Of a subnet's parameters, those that its owner may not set. */
const ROOTS = [
  "adjustment_interval",
  "max_allowed_uids",
  "max_allowed_validators",
  "max_registrations_per_block",
  "min_burn",
  "rao_recycled",
  "subtoken_enabled",
  "target_registrations_per_interval",
  "tempo",
  "weights_set_rate_limit",
];
/** Those that ask for no subnet: a root origin sets them anywhere. */
const ANYWHERE = [
  "bonds_reset_enabled",
  "liquid_alpha_enabled",
  "network_pow_registration_allowed",
  "network_registration_allowed",
  "serving_rate_limit",
  "subtoken_enabled",
  "yuma3_enabled",
];
const SPECIAL = ["alpha_values", "subnet_owner_hotkey", "sn_owner_hotkey", "toggle_transfer"];

/** Each with a value that it accepts. */
function setters() {
  return adminUtils.calls.map(({ name, args }) => {
    const short = name.replace("sudo_set_", "");
    const [argument] = Object.keys(args).filter((each) => each !== "netuid");
    const { shape } = args[argument];
    const kind = shape.kind === "primitive" ? shape.name : "";
    const value = kind === "bool"
      ? true
      : kind === "u64"
      ? 600n
      : short === "max_allowed_validators"
      ? 64
      : 600;
    return { short, args: { [argument]: value }, isChains: !("netuid" in args) };
  }).filter(({ short }) => !SPECIAL.includes(short));
}

Deno.test("each parameter is set by those who may, told by its event, and by nobody else", () => {
  for (const { short, args, isChains } of setters()) {
    const chain = new StateHarness();
    assert.equal(set(chain, short, args, stranger).error, "BadOrigin", short);
    const mayOwner = !isChains && !ROOTS.includes(short);
    assert.equal(set(chain, short, args, ALICE).error, mayOwner ? undefined : "BadOrigin", short);
    const { error, events } = set(chain, short, args, "root");
    assert.equal(error, undefined, short);
    const isSilent = ["liquid_alpha_enabled", "subtoken_enabled"].includes(short);
    assert.equal(events.length > 0, !isSilent, short);
    const away = set(chain, short, { ...args, netuid: 77 }, "root").error;
    assert.equal(away, isChains || ANYWHERE.includes(short) ? undefined : "SubnetDoesNotExist", short);
  }
});

Deno.test("what is set is what the subnet has", () => {
  const chain = new StateHarness();
  const { state } = chain;
  set(chain, "kappa", { kappa: 40_000 }, "root");
  set(chain, "network_min_lock_cost", { lock_cost: TAO }, "root");
  assert.deepEqual(set(chain, "tempo", { tempo: 20 }, "root").events, [["TempoSet", [NETUID, 20]]]);
  assert.deepEqual(set(chain, "yuma3_enabled", { enabled: true }, ALICE).events, [
    ["Yuma3EnableToggled", { netuid: NETUID, enabled: true }],
  ]);
  assert.deepEqual(set(chain, "bonds_reset_enabled", { enabled: true }, ALICE).events, [
    ["BondsResetOnSet", [NETUID, true]],
    ["BondsResetToggled", { netuid: NETUID, enabled: true }],
  ]);
  assert.equal(state.get(subnet.Kappa, NETUID), 40_000);
  assert.equal(state.get(network.NetworkMinLockCost), TAO);
  assert.equal(state.get(at.Tempo, NETUID), 20);
  assert.equal(state.get(subnet.Yuma3On, NETUID), true);
});

Deno.test("values that make no sense are refused by name", () => {
  const chain = new StateHarness();
  const refused = (name: string, args: Record<string, unknown>, as: Origin = "root") =>
    set(chain, name, args, as).error;
  assert.equal(refused("max_allowed_uids", { max_allowed_uids: 0 }), "MaxAllowedUIdsLessThanCurrentUIds");
  assert.equal(
    refused("max_allowed_validators", { max_allowed_validators: 257 }),
    "MaxValidatorsLargerThanMaxUIds",
  );
  assert.equal(refused("activity_cutoff", { activity_cutoff: 359 }, ALICE), "ActivityCutoffTooLow");
  const average = { bonds_moving_average: 975_001n };
  assert.equal(refused("bonds_moving_average", average, ALICE), "BondsMovingAverageMaxReached");
  assert.equal(refused("bonds_moving_average", average), undefined);
  assert.equal(refused("alpha_sigmoid_steepness", { steepness: -1 }, ALICE), "NegativeSigmoidSteepness");
  assert.equal(refused("alpha_sigmoid_steepness", { steepness: -1 }), undefined);
  assert.equal(refused("toggle_transfer", { netuid: 9, toggle: false }), "SubnetNotExists");
  assert.equal(refused("toggle_transfer", { toggle: false }, stranger), "BadOrigin");
  assert.equal(refused("toggle_transfer", { toggle: false }, ALICE), undefined);
  const alphas = (alpha_low: number, alpha_high: number, as: Origin = ALICE) =>
    refused("alpha_values", { alpha_low, alpha_high }, as);
  assert.equal(alphas(40_000, 50_000, stranger), "BadOrigin");
  assert.equal(alphas(40_000, 50_000), "LiquidAlphaDisabled");
  set(chain, "liquid_alpha_enabled", { enabled: true }, ALICE);
  assert.equal(alphas(1638, 1637), "AlphaHighTooLow");
  assert.equal(alphas(1637, 50_000), "AlphaLowOutOfRange");
  assert.equal(alphas(50_001, 50_000), "AlphaLowOutOfRange");
  assert.equal(alphas(40_000, 50_000), undefined);
  assert.deepEqual(chain.state.get(subnet.AlphaValues, NETUID), [40_000, 50_000]);
});

Deno.test("an owner changes the version key every five tempos, and the owner's hotkey once a week", () => {
  const chain = new StateHarness();
  chain.state.set(at.Tempo, 2, NETUID);
  const key = (as: Origin) => set(chain, "weights_version_key", { weights_version_key: 7n }, as).error;
  assert.equal(key(ALICE), undefined);
  chain.nextBlocks(9);
  assert.equal(key(ALICE), "TxRateLimitExceeded");
  assert.equal(key("root"), undefined);
  chain.nextBlocks(1);
  assert.equal(key(ALICE), undefined);
  const hotkey = keyOf("hotkey");
  const own = (name: string, as: Origin, netuid = NETUID) => set(chain, name, { hotkey, netuid }, as).error;
  assert.equal(own("sn_owner_hotkey", stranger), "BadOrigin");
  assert.equal(own("sn_owner_hotkey", "root", 9), "SubnetNotExists");
  assert.equal(own("sn_owner_hotkey", ALICE), undefined);
  assert.deepEqual(chain.state.get(subnet.SubnetOwnerHotkey, NETUID), hotkey);
  chain.blockNumber += 50_399;
  assert.equal(own("subnet_owner_hotkey", "root"), "TxRateLimitExceeded");
  chain.blockNumber += 1;
  assert.equal(own("subnet_owner_hotkey", ALICE), undefined);
});
