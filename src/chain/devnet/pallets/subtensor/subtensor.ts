/**
 * The pallet of subnets, put together from its parts: each file has some of the calls, with the events they tell and the
 * storage they keep. Checks come in subtensor's order and fail with its errors (spec 293).
 */
import type { Pallet, PalletPart } from "../pallet.ts";
import { adjustRegistrations } from "./burn_price.ts";
import { childKeys } from "./child_keys.ts";
import { commitReveal } from "./commit_reveal.ts";
import { constants } from "./constants.ts";
import { emitOnSubnet, stepOfSubnet } from "./epoch.ts";
import { SUBTENSOR } from "./failure.ts";
import { hyperparameters } from "./hyperparameters.ts";
import { identities } from "./identities.ts";
import { networks } from "./network_calls.ts";
import { networkRegistration } from "./network_register.ts";
import { registration } from "./register.ts";
import { serving } from "./serve.ts";
import { staking } from "./stake_calls.ts";
import { stakeMoves } from "./stake_moves.ts";
import { storage } from "./storage.ts";
import { allNetuids } from "./subnets.ts";
import { hotkeySwaps } from "./swap_hotkey.ts";
import { takes } from "./takes.ts";
import { revealLockedWeights, timelockCommits } from "./timelock_commits.ts";
import { weights } from "./weights.ts";

const PARTS: readonly PalletPart[] = [
  weights,
  commitReveal,
  timelockCommits,
  serving,
  registration,
  staking,
  stakeMoves,
  takes,
  childKeys,
  hotkeySwaps,
  networkRegistration,
  networks,
  identities,
  hyperparameters,
];
/** In their order, in each block, each for all subnets. Weights are opened before consensus may run. */
const SUBNET_HOOKS = [
  ["adjust registrations", adjustRegistrations],
  ["reveal locked weights", revealLockedWeights],
  ["emit", emitOnSubnet],
  ["run the epoch", stepOfSubnet],
] as const;

export const subtensor: Pallet = {
  ...SUBTENSOR,
  crate: "pallet_subtensor",
  storage: storage.declared,
  calls: PARTS.flatMap(({ calls }) => calls),
  events: Object.assign({}, ...PARTS.map(({ events }) => events)),
  constants,
  // One subnet's fault is not the others'.
  onInitialize(context) {
    for (const [what, hook] of SUBNET_HOOKS) {
      for (const netuid of allNetuids(context.state)) {
        context.attempt(`${what} on subnet ${netuid}`, (apart) => hook(apart, netuid));
      }
    }
  },
};
