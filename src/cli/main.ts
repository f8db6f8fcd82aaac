/**
 * The command tree. Each command is one file that parses its flags and hands a plain options object to `src/node`; the
 * node's code is imported only when its command runs, so that `skein chain` never loads libp2p or WebGPU.
 */
import { Command, CommanderError, type CommandUnknownOpts } from "@commander-js/extra-typings";
import { describeError, isSkeinError } from "../base/errors.ts";
import { benchCommand } from "./bench.ts";
import { chainCommand } from "./chain.ts";
import { doctorCommand } from "./doctor.ts";
import { generateCommand } from "./generate.ts";
import { gradsCommand } from "./grads.ts";
import { logitsCommand } from "./logits.ts";
import { metagraphCommand } from "./metagraph.ts";
import { minerCommand } from "./miner.ts";
import { childrenCommand } from "./operator/children.ts";
import { delegateCommand } from "./operator/delegate.ts";
import { rootCommand } from "./operator/root.ts";
import { axonCommand } from "./publish/axon.ts";
import { commitmentCommand } from "./publish/commitment.ts";
import { relayCommand } from "./relay.ts";
import { stakeCommand } from "./stake/stake.ts";
import { subnetCommand } from "./subnet/subnet.ts";
import { upCommand } from "./up.ts";
import { validatorCommand } from "./validator.ts";
import { VERSION } from "./version.ts";
import { walletCommand } from "./wallet/wallet.ts";
import { weightsCommand } from "./weights/weights.ts";

/** The whole tree, not run yet. @param finish gets the exit code of the command that runs */
export function programOf(finish: (code: number) => void): CommandUnknownOpts {
  const program = new Command("skein")
    .description("Train one language model together with strangers, paid by a Substrate chain.")
    .version(VERSION)
    .showHelpAfterError("(see --help)")
    .exitOverride()
    .configureHelp({ sortSubcommands: false });
  const commands = [
    upCommand,
    minerCommand,
    validatorCommand,
    relayCommand,
    chainCommand,
    walletCommand,
    subnetCommand,
    metagraphCommand,
    stakeCommand,
    delegateCommand,
    childrenCommand,
    rootCommand,
    weightsCommand,
    axonCommand,
    commitmentCommand,
    logitsCommand,
    gradsCommand,
    generateCommand,
    doctorCommand,
    benchCommand,
  ];
  for (const command of commands) {
    program.addCommand(command(finish).exitOverride().showHelpAfterError("(see --help)"));
  }
  return program;
}

/** @returns the process's exit code: 0 done, 1 failed, 2 bad arguments, 130 stopped by the user before it was done */
export async function main(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = programOf((code) => {
    exitCode = code;
  });
  try {
    if (args.length === 0) {
      program.outputHelp();
      return 0;
    }
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const code = isSkeinError(error) ? ` (${error.code})` : "";
    console.error(`skein: ${describeError(error)}${code}`);
    if (isSkeinError(error, "cli/cancelled")) return 130;
    const ofArguments = ["cli/bad-flags", "chain/bad-address", "chain/bad-hyperparameter"];
    if (isSkeinError(error) && ofArguments.includes(error.code)) return 2;
    if (!isSkeinError(error) && error instanceof Error) console.error(error.stack);
    return 1;
  }
}
