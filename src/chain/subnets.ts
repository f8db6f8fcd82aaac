/** Subnets: which there are, what each is, and its hyperparameters, by the names that operators know from btcli. */
import { fromUtf8 } from "../base/bytes.ts";
import {
  callRuntime,
  type ChainView,
  firstKeys,
  optionalItem,
  readItems,
  requireSubnet,
  subtensorItem,
} from "./chain_view.ts";
import { unsupported } from "./runtime.ts";

export interface Subnet {
  readonly netuid: number;
  /** As its owner calls it; empty where it has no name. */
  readonly name: string;
  readonly owner: string;
  readonly ownerHotkey: string;
  readonly neuronCount: number;
  readonly maxNeurons: number;
  readonly tempo: number;
  /** Price of a registration at the block, in rao. */
  readonly registrationCost: bigint;
  readonly isRegistrationOpen: boolean;
  readonly isCommitReveal: boolean;
  /** Whether its owner has started its emission. */
  readonly isStarted: boolean;
  readonly registeredAtBlock: number;
}

/** snake_case name → value; whole numbers as bigint. */
export type Hyperparameters = ReadonlyMap<string, bigint | boolean>;

export async function readSubnets(view: ChainView): Promise<Subnet[]> {
  const netuids = await firstKeys(view, "networksAdded");
  const added = await readItems(
    view,
    netuids.map((netuid) => subtensorItem(view.api, "networksAdded", netuid)),
  );
  return await readMany(view, netuids.filter((_, i) => added[i].isTrue));
}

/** @throws {SkeinError} `chain/subnet-missing` */
export async function readSubnet(view: ChainView, netuid: number): Promise<Subnet> {
  await requireSubnet(view, netuid);
  return (await readMany(view, [netuid]))[0];
}

const FIELDS = [
  "subnetworkN",
  "maxAllowedUids",
  "tempo",
  "burn",
  "networkRegistrationAllowed",
  "commitRevealWeightsEnabled",
  "networkRegisteredAt",
  "subnetOwner",
  "subnetOwnerHotkey",
  "firstEmissionBlockNumber",
  "subnetIdentitiesV3",
] as const;

async function readMany(view: ChainView, netuids: readonly number[]): Promise<Subnet[]> {
  const values = await readItems(
    view,
    netuids.flatMap((netuid) => FIELDS.map((name) => optionalItem(view.api, name, netuid))),
  );
  return netuids.map((netuid, i): Subnet => {
    const at = (name: (typeof FIELDS)[number]) => values[i * FIELDS.length + FIELDS.indexOf(name)];
    const identity = unwrapped(at("subnetIdentitiesV3"));
    return {
      netuid,
      name: identity?.subnetName === undefined ? "" : printable(identity.subnetName.toU8a(true)),
      owner: String(at("subnetOwner") ?? ""),
      ownerHotkey: String(at("subnetOwnerHotkey") ?? ""),
      neuronCount: Number(at("subnetworkN")),
      maxNeurons: Number(at("maxAllowedUids") ?? 0),
      tempo: Number(at("tempo")),
      registrationCost: BigInt(at("burn") ?? 0),
      isRegistrationOpen: at("networkRegistrationAllowed")?.isTrue ?? true,
      isCommitReveal: at("commitRevealWeightsEnabled")?.isTrue ?? false,
      // The root network has no start; runtimes without the entry started every subnet at once.
      isStarted: netuid === 0 || at("firstEmissionBlockNumber") === undefined ||
        unwrapped(at("firstEmissionBlockNumber")) !== undefined,
      registeredAtBlock: Number(at("networkRegisteredAt") ?? 0),
    };
  });
}

/**
 * From the runtime's own answer where it gives one, with every field of it that is a number or a truth; else from the storage that every runtime has.
 * @throws {SkeinError} `chain/subnet-missing`
 */
export async function readHyperparameters(view: ChainView, netuid: number): Promise<Hyperparameters> {
  await requireSubnet(view, netuid);
  const answer: any = await callRuntime(
    view,
    "subnetInfoRuntimeApi",
    ["getSubnetHyperparamsV3", "getSubnetHyperparamsV2", "getSubnetHyperparams"],
    [netuid],
  );
  const record = unwrapped(answer);
  return record === undefined ? await hyperparametersOfStorage(view, netuid) : recordOf(record);
}

/** A struct with a field a parameter; from version 3 on a list of names, each with a variant that holds its value. */
function recordOf(record: any): Hyperparameters {
  const pairs: [string, any][] = Array.isArray(record)
    ? record.map(({ name, value }) => [printable(name.toU8a(true)), value.inner ?? value])
    : [...record].map(([name, value]) => [snakeCase(name), value]);
  const found = new Map<string, bigint | boolean>();
  for (const [name, value] of pairs) {
    const plain = value.toPrimitive?.() ?? value.toJSON();
    if (typeof plain === "boolean") found.set(name, plain);
    else if (value.bits !== undefined) found.set(name, fixedPoint(value));
    else if (/^-?\d+$/.test(value.toString())) found.set(name, BigInt(value.toString()));
  }
  return found;
}

/** An I32F32 or a U64F64, rounded down: none of the parameters in use has a fraction. */
function fixedPoint({ bits }: any): bigint {
  return BigInt(bits.toString()) >> BigInt(bits.bitLength() / 2);
}

const STORED = {
  rho: "rho",
  kappa: "kappa",
  immunity_period: "immunityPeriod",
  min_allowed_weights: "minAllowedWeights",
  max_weights_limit: "maxWeightsLimit",
  tempo: "tempo",
  weights_version: "weightsVersionKey",
  weights_rate_limit: "weightsSetRateLimit",
  activity_cutoff: "activityCutoff",
  registration_allowed: "networkRegistrationAllowed",
  min_burn: "minBurn",
  max_burn: "maxBurn",
  max_regs_per_block: "maxRegistrationsPerBlock",
  serving_rate_limit: "servingRateLimit",
  max_validators: "maxAllowedValidators",
  commit_reveal_period: "revealPeriodEpochs",
  commit_reveal_weights_enabled: "commitRevealWeightsEnabled",
} as const;

async function hyperparametersOfStorage(view: ChainView, netuid: number): Promise<Hyperparameters> {
  const names = Object.entries(STORED);
  const values = await readItems(view, names.map(([, entry]) => optionalItem(view.api, entry, netuid)));
  const found = new Map<string, bigint | boolean>();
  names.forEach(([name], i) => {
    if (values[i] === undefined) return;
    const plain = values[i].toPrimitive();
    found.set(name, typeof plain === "boolean" ? plain : BigInt(values[i].toString()));
  });
  return found;
}

/** What `register_network` locks now, in rao. @throws {SkeinError} `chain/unsupported-runtime` */
export async function readSubnetCost(view: ChainView): Promise<bigint> {
  const cost = await callRuntime(
    view,
    "subnetRegistrationRuntimeApi",
    ["getNetworkRegistrationCost"],
    [],
  );
  if (cost === undefined) throw unsupported(view.api, "runtime API getNetworkRegistrationCost");
  return BigInt(cost.toString());
}

/** The first subnet that `owner` created with that hotkey in a block of that number or later. */
export async function findCreatedSubnet(
  view: ChainView,
  { owner, hotkey, notBefore }: { owner: string; hotkey: string; notBefore: number },
): Promise<number | undefined> {
  const created = (await readSubnets(view))
    .filter((each) =>
      each.owner === owner && each.ownerHotkey === hotkey && each.registeredAtBlock >= notBefore
    )
    .sort((a, b) => a.registeredAtBlock - b.registeredAtBlock);
  return created[0]?.netuid;
}

/** A value of an entry that may be an Option. */
function unwrapped(value: any): any {
  if (value === undefined || value === null) return undefined;
  if (typeof value.unwrapOr === "function") return value.unwrapOr(undefined);
  return value;
}

/** Strangers choose names: what is no text, and what would move a terminal's cursor or turn its text, is left out. */
function printable(bytes: Uint8Array): string {
  try {
    // deno-lint-ignore no-control-regex
    return fromUtf8(bytes).replace(/[\u0000-\u001f\u007f-\u009f]|\p{Cf}/gu, "").slice(0, 64);
  } catch {
    return "";
  }
}

const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
