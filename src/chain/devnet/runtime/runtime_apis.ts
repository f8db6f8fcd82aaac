/** The runtime APIs of this chain: names, inputs, outputs and types are subtensor's (spec 293). */
import { delegateInfo } from "./apis/delegate_api.ts";
import { neuronInfo } from "./apis/neuron_api.ts";
import { accountNonce, core, metadata } from "./apis/node_apis.ts";
import { transactionPayment, transactionPaymentOfCalls } from "./apis/payment_api.ts";
import { subnetRegistration } from "./apis/registration_api.ts";
import type { RuntimeApi } from "./apis/runtime_api.ts";
import { stakeInfoApi } from "./apis/stake_api.ts";
import { subnetInfoApi } from "./apis/subnet_api.ts";
import { swap } from "./apis/swap_api.ts";

export const RUNTIME_APIS: readonly RuntimeApi[] = [
  core,
  metadata,
  accountNonce,
  transactionPayment,
  transactionPaymentOfCalls,
  delegateInfo,
  neuronInfo,
  subnetInfoApi,
  stakeInfoApi,
  subnetRegistration,
  swap,
];
