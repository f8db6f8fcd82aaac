/** `skein subnet set`: one hyperparameter of a subnet, by its owner. */
import { InvalidArgumentError } from "@commander-js/extra-typings";
import type { HyperparameterValue } from "../../chain/operator/hyperparameter_call.ts";
import { answer, type ChainSession } from "../chain_session.ts";
import { confirmAndSend, type RequestFlags } from "../operator/confirm_request.ts";

/** As `subnet hyperparameters` shows it. */
export function hyperparameterNameFlag(text: string): string {
  if (/^[a-z][a-z0-9_]{0,63}$/.test(text)) return text;
  throw new InvalidArgumentError(
    "a name as subnet hyperparameters shows it is needed, like weights_rate_limit.",
  );
}

export function hyperparameterValueFlag(text: string): HyperparameterValue {
  if (text === "true" || text === "false") return text === "true";
  if (/^-?[0-9]{1,39}$/.test(text)) return BigInt(text);
  throw new InvalidArgumentError("true, false or a whole number is needed.");
}

/** @throws {SkeinError} `chain/subnet-missing`, `chain/bad-hyperparameter`, those of `confirmAndSend` */
export async function setHyperparameter(
  flags: RequestFlags & { netuid: number; name: string; value: HyperparameterValue },
  session: ChainSession,
): Promise<void> {
  const { chain } = session;
  const { netuid, name, value } = flags;
  const before = (await chain.hyperparameters(netuid)).get(name);
  const sent = await confirmAndSend(session, flags, { kind: "set-hyperparameter", netuid, name, value });
  const after = (await chain.hyperparameters(netuid)).get(name);
  answer(
    session,
    flags,
    { netuid, name, before: before ?? null, value: after ?? value, ...sent },
    `${name} of subnet ${netuid} is ${after ?? value} now` +
      (before === undefined ? "" : `, it was ${before}`),
  );
}
