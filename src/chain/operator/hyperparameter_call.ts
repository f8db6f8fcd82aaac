/**
 * A subnet's hyperparameters set by the names under which they are shown, through the calls of AdminUtils that the runtime has. Which
 * of them an owner may set, and when, is the runtime's to say.
 */
import type { ApiPromise } from "@polkadot/api";
import type { Call } from "../calls.ts";
import { chainError } from "../errors.ts";
import { type ExtrinsicBuilder, findCall, unsupported } from "../runtime.ts";

/** Where the call is not named as the hyperparameter. */
const SETTERS: Readonly<Record<string, string>> = {
  bonds_moving_avg: "BondsMovingAverage",
  commit_reveal_period: "CommitRevealWeightsInterval",
  max_regs_per_block: "MaxRegistrationsPerBlock",
  max_validators: "MaxAllowedValidators",
  max_weights_limit: "MaxWeightLimit",
  registration_allowed: "NetworkRegistrationAllowed",
  target_regs_per_interval: "TargetRegistrationsPerInterval",
  transfers_enabled: "ToggleTransfer",
  weights_rate_limit: "WeightsSetRateLimit",
  weights_version: "WeightsVersionKey",
};

export type HyperparameterValue = bigint | boolean;

/**
 * @param name in snake_case, as `ChainClient.hyperparameters` gives it
 * @throws {SkeinError} `chain/unsupported-runtime` for one that no call of the runtime sets, `chain/bad-hyperparameter`
 */
export function hyperparameterCall(
  api: ApiPromise,
  netuid: number,
  name: string,
  value: HyperparameterValue,
): Call {
  const build = findCall(api, "adminUtils", `sudoSet${SETTERS[name] ?? pascalCase(name)}`);
  const [first, second, ...others] = argumentsOf(build);
  const kind = second?.type ?? "";
  const isPlain = first.name === "netuid" && others.length === 0 &&
    /^(bool|[ui](8|16|32|64|128))$/.test(kind);
  if (!isPlain) {
    throw unsupported(api, `call adminUtils.${build.meta.name} that takes a subnet and one plain value`);
  }
  const required = complaint(kind, value);
  if (required === undefined) return build(netuid, value);
  throw chainError(
    "chain/bad-hyperparameter",
    `set ${name} of subnet ${netuid}: ${value}, ${required} is required`,
    { name },
  );
}

const pascalCase = (name: string) =>
  name.split("_").map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join("");

const argumentsOf = (build: ExtrinsicBuilder) =>
  build.meta.args.map(({ name, type }) => ({ name: String(name), type: String(type) }));

/** @returns what is required in its place, or undefined for a value that fits */
function complaint(kind: string, value: HyperparameterValue): string | undefined {
  if (kind === "bool") return typeof value === "boolean" ? undefined : "true or false";
  const bits = BigInt(kind.slice(1));
  const [low, high] = kind.startsWith("u")
    ? [0n, 2n ** bits - 1n]
    : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
  if (typeof value === "bigint" && value >= low && value <= high) return undefined;
  return `a whole number from ${low} to ${high}`;
}
