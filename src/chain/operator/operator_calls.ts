/** Operators' requests as calls of the runtime, and in words. */
import type { ApiPromise } from "@polkadot/api";
import { buildCall, type Call } from "../calls.ts";
import { inTokens } from "../fees.ts";
import { publicKeyOf } from "../sr25519.ts";
import { hyperparameterCall } from "./hyperparameter_call.ts";
import type { OperatorRequest, StakePlace } from "./operator_client.ts";

const WHOLE_TAKE = 65535;

/** @throws {SkeinError} `chain/unsupported-runtime`, `chain/bad-address` */
export function operatorCall(api: ApiPromise, request: OperatorRequest): Call {
  for (const ss58 of addressesIn(request)) publicKeyOf(ss58);
  const build = (names: readonly string[], values: Record<string, unknown>) =>
    buildCall(api, "subtensorModule", names, values);
  switch (request.kind) {
    case "move-stake":
      return build(["moveStake"], {
        originHotkey: request.from.hotkey,
        destinationHotkey: request.to.hotkey,
        ...movedBetween(request),
      });
    case "transfer-stake":
      return build(["transferStake"], {
        destinationColdkey: request.to.coldkey,
        hotkey: request.from.hotkey,
        ...movedBetween(request),
      });
    case "raise-take":
      return build(["increaseTake"], request);
    case "lower-take":
      return build(["decreaseTake"], request);
    case "set-children":
      return build(["setChildren"], {
        ...request,
        children: request.children.map(({ share, hotkey }) => [share, hotkey]),
      });
    case "set-child-take":
      return build(["setChildkeyTake"], request);
    case "swap-hotkey":
      return build(["swapHotkeyV2", "swapHotkey"], {
        ...request,
        netuid: request.netuid ?? null,
        keepStake: false,
      });
    case "register-on-root":
      return build(["rootRegister"], request);
    case "claim-root":
      return build(["claimRoot"], { subnets: request.netuids.toSorted((a, b) => a - b) });
    case "set-hyperparameter":
      return hyperparameterCall(api, request.netuid, request.name, request.value);
  }
}

function movedBetween(
  { from, to, amount }: { from: StakePlace; to: { netuid: number }; amount: bigint },
): Record<string, unknown> {
  return { originNetuid: from.netuid, destinationNetuid: to.netuid, alphaAmount: amount };
}

export function describeRequest(request: OperatorRequest): string {
  switch (request.kind) {
    case "move-stake":
      return `move ${inTokens(request.amount)} of stake from ${placeText(request.from)} to ${
        placeText(request.to)
      }`;
    case "transfer-stake":
      return `transfer ${inTokens(request.amount)} of stake on ${
        placeText(request.from)
      } to ${request.to.coldkey}` +
        (request.to.netuid === request.from.netuid ? "" : `, in subnet ${request.to.netuid}`);
    case "raise-take":
    case "lower-take":
      return `set take of ${request.hotkey} to ${percent(request.take)}`;
    case "set-children":
      return request.children.length === 0
        ? `remove the child keys of ${request.hotkey} in subnet ${request.netuid}`
        : `give ${request.hotkey} ${request.children.length} child keys in subnet ${request.netuid}`;
    case "set-child-take":
      return `set take of ${request.hotkey} as a child in subnet ${request.netuid} to ${
        percent(request.take)
      }`;
    case "swap-hotkey":
      return `swap hotkey ${request.hotkey} for ${request.newHotkey} in ${
        request.netuid === undefined ? "all subnets" : `subnet ${request.netuid}`
      }`;
    case "register-on-root":
      return `register ${request.hotkey} on the root network`;
    case "claim-root":
      return `claim what stake on the root network has earned in subnets ${request.netuids.join(", ")}`;
    case "set-hyperparameter":
      return `set ${request.name} of subnet ${request.netuid} to ${request.value}`;
  }
}

const placeText = ({ hotkey, netuid }: StakePlace) => `${hotkey} in subnet ${netuid}`;

/** 11796 → "18 %". */
export const percent = (take: number): string => `${Number((100 * take / WHOLE_TAKE).toFixed(2))} %`;

function addressesIn(request: OperatorRequest): readonly string[] {
  switch (request.kind) {
    case "move-stake":
      return [request.from.hotkey, request.to.hotkey];
    case "transfer-stake":
      return [request.from.hotkey, request.to.coldkey];
    case "set-children":
      return [request.hotkey, ...request.children.map(({ hotkey }) => hotkey)];
    case "swap-hotkey":
      return [request.hotkey, request.newHotkey];
    case "claim-root":
    case "set-hyperparameter":
      return [];
    default:
      return [request.hotkey];
  }
}
