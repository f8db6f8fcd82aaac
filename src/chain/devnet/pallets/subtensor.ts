/**
 * The subnet's calls. Checks come in subtensor's order and fail with its errors. What this chain leaves out: stake,
 * epochs, pruning, commit-reveal, and limits on rates and on the weights' shape; each neuron holds a validator
 * permit.
 */
import { vec } from "../scale/composite_types.ts";
import { u128, u16, u32, u64, u8 } from "../scale/primitive_types.ts";
import { accountId } from "./common_types.ts";
import { call, type Pallet } from "./pallet.ts";
import { burnedRegister } from "./subtensor_register.ts";
import { serveAxon } from "./subtensor_serve.ts";
import { subtensorStorage } from "./subtensor_storage.ts";
import { setWeights } from "./subtensor_weights.ts";

export const subtensor: Pallet = {
  name: "SubtensorModule",
  index: 7,
  crate: "pallet_subtensor",
  storage: subtensorStorage,
  calls: [
    call(0, "set_weights", { netuid: u16, dests: vec(u16), weights: vec(u16), version_key: u64 }, setWeights),
    call(4, "serve_axon", {
      netuid: u16,
      version: u32,
      ip: u128,
      port: u16,
      ip_type: u8,
      protocol: u8,
      placeholder1: u8,
      placeholder2: u8,
    }, serveAxon),
    call(7, "burned_register", { netuid: u16, hotkey: accountId }, burnedRegister),
  ],
  events: {
    WeightsSet: [5, [u16, u16]],
    NeuronRegistered: [6, [u16, u16, accountId]],
    AxonServed: [28, [u16, accountId]],
  },
  errors: {
    SubNetworkDoesNotExist: 0,
    InvalidIpType: 2,
    InvalidIpAddress: 3,
    InvalidPort: 4,
    HotKeyNotRegisteredInSubNet: 5,
    HotKeyNotRegisteredInNetwork: 7,
    NonAssociatedColdKey: 8,
    NotEnoughBalanceToStake: 13,
    NeuronNoValidatorPermit: 16,
    WeightVecNotEqualSize: 17,
    DuplicateUids: 18,
    UidVecContainInvalidOne: 19,
    HotKeyAlreadyRegisteredInSubNet: 22,
    SettingWeightsTooFast: 29,
    IncorrectWeightVersionKey: 30,
    ServingRateLimitExceeded: 31,
    UidsLengthExceedUidsInSubNet: 32,
    SubNetRegistrationDisabled: 37,
    RegistrationNotPermittedOnRootSubnet: 43,
    CanNotSetRootNetworkWeights: 48,
    NoNeuronIdAvailable: 49,
    CommitRevealEnabled: 54,
  },
  constants: [],
};
