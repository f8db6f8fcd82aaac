/** Fields about a subnet's token and its last epoch, which several answers have in common. */
import { accountId } from "../../pallets/common_types.ts";
import { i96f32 } from "../../pallets/fixed_point_types.ts";
import * as at from "../../pallets/subtensor/storage.ts";
import * as more from "../../pallets/subtensor/subnet_storage.ts";
import { option, vec } from "../../../scale/composite_types.ts";
import { compact, u128, u64, u8 } from "../../../scale/primitive_types.ts";
import { of16, of64 } from "./hyperparameters_view.ts";
import type { SubnetView } from "./subnet_view.ts";
import type { ViewField, ViewFields } from "./view.ts";

type Field = ViewField<SubnetView>;
const text = vec(compact(u8));

export const nameField: Field = [text, (s) => [...s.name]];
export const symbolField: Field = [text, (s) => [...s.value(more.TokenSymbol)]];
export const identityField: Field = [
  option(more.subnetIdentity),
  (s) => s.value(more.SubnetIdentitiesV3),
];
export const registeredAtField: Field = of64(at.NetworkRegisteredAt);
/** A field of old that the runtime itself answers with zero. */
export const zero: Field = [compact(u64), () => 0n];

export const ownerFields: ViewFields<SubnetView> = {
  owner_hotkey: [accountId, (s) => s.value(more.SubnetOwnerHotkey)],
  owner_coldkey: [accountId, (s) => s.value(at.SubnetOwner)],
};

export const epochFields: ViewFields<SubnetView> = {
  tempo: of16(at.Tempo),
  last_step: of64(more.LastMechansimStepBlock),
  blocks_since_last_step: [compact(u64), (s) => s.blocksSinceLastStep],
};

export const poolFields: ViewFields<SubnetView> = {
  alpha_in: of64(more.SubnetAlphaIn),
  alpha_out: of64(more.SubnetAlphaOut),
  tao_in: of64(more.SubnetTAO),
  alpha_out_emission: of64(more.SubnetAlphaOutEmission),
  alpha_in_emission: of64(more.SubnetAlphaInEmission),
  tao_in_emission: of64(more.SubnetTaoInEmission),
  pending_alpha_emission: of64(more.PendingEmission),
  pending_root_emission: of64(more.PendingRootDivs),
  subnet_volume: [compact(u128), (s) => s.value(more.SubnetVolume)],
};

export const movingPriceField: Field = [i96f32, (s) => s.value(more.SubnetMovingPrice)];
