/** How the calls that set parameters fail, beside subtensor's own errors. */
import { type DispatchFailure, palletFailure } from "./pallet.ts";

export const ADMIN = {
  name: "AdminUtils",
  index: 19,
  errors: {
    SubnetDoesNotExist: 0,
    MaxValidatorsLargerThanMaxUIds: 1,
    MaxAllowedUIdsLessThanCurrentUIds: 2,
    BondsMovingAverageMaxReached: 3,
    NegativeSigmoidSteepness: 4,
  },
};

export function refuseAdmin(name: keyof typeof ADMIN.errors): DispatchFailure {
  return palletFailure(ADMIN, name);
}
