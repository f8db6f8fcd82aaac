/** `skein subnet`: look at subnets, found one, start it, and take a place in one. What a command does is loaded when it runs. */
import { Command } from "@commander-js/extra-typings";
import {
  HOTKEY_FLAG,
  JSON_FLAG,
  MAX_COST_FLAG,
  NETUID_FLAG,
  WALLET_FLAG,
  WALLET_PATH_FLAG,
  YES_FLAG,
} from "../chain_flags.ts";
import { atChain } from "../chain_session.ts";
import { groupOf } from "../command_group.ts";
import { CHAIN_FLAG } from "../flags.ts";
import { hyperparameterNameFlag, hyperparameterValueFlag, setHyperparameter } from "./set_hyperparameter.ts";

export const subnetCommand = (finish: (code: number) => void) =>
  groupOf(
    new Command("subnet").alias("subnets").description("list subnets, found and start one, register in one"),
    [...looking(finish), ...owning(finish), registering(finish)],
  );

function looking(finish: (code: number) => void) {
  const load = () => import("./show_subnets.ts");
  const list = new Command("list").description("list the chain's subnets")
    .option(...CHAIN_FLAG).option(...JSON_FLAG)
    .action((flags) =>
      atChain(flags, async (session) => (await load()).printSubnets(flags, session), finish)
    );
  const show = new Command("show").description("show one subnet")
    .option(...CHAIN_FLAG).option(...NETUID_FLAG).option(...JSON_FLAG)
    .action((flags) => atChain(flags, async (session) => (await load()).printSubnet(flags, session), finish));
  const hyperparameters = new Command("hyperparameters").description("show a subnet's hyperparameters")
    .option(...CHAIN_FLAG).option(...NETUID_FLAG).option(...JSON_FLAG)
    .action((flags) =>
      atChain(flags, async (session) => (await load()).printHyperparameters(flags, session), finish)
    );
  return [list, show, hyperparameters];
}

function owning(finish: (code: number) => void) {
  const load = () => import("./found_subnet.ts");
  const create = new Command("create").description("found a subnet; the wallet's coldkey pays and owns it")
    .option(...CHAIN_FLAG).option(...WALLET_FLAG).option(...HOTKEY_FLAG).option(...WALLET_PATH_FLAG)
    .option(...MAX_COST_FLAG).option(...YES_FLAG).option(...JSON_FLAG)
    .action((flags) =>
      atChain(flags, async (session) => (await load()).createSubnet(flags, session), finish)
    );
  const start = new Command("start").description("start a subnet's emission; its owner's call")
    .option(...CHAIN_FLAG).option(...NETUID_FLAG).option(...WALLET_FLAG).option(...WALLET_PATH_FLAG)
    .option("--wait", "wait until it is old enough", false).option(...YES_FLAG).option(...JSON_FLAG)
    .action((flags) => atChain(flags, async (session) => (await load()).startSubnet(flags, session), finish));
  const set = new Command("set").description("set one of a subnet's hyperparameters; its owner's call")
    .option(...CHAIN_FLAG).option(...NETUID_FLAG)
    .requiredOption("--name <name>", "as subnet hyperparameters shows it", hyperparameterNameFlag)
    .requiredOption("--value <value>", "true, false or a whole number", hyperparameterValueFlag)
    .option(...WALLET_FLAG).option(...WALLET_PATH_FLAG).option(...YES_FLAG).option(...JSON_FLAG)
    .action((flags) => atChain(flags, (session) => setHyperparameter(flags, session), finish));
  return [create, start, set];
}

const registering = (finish: (code: number) => void) =>
  new Command("register").description("register the wallet's hotkey in a subnet; its coldkey pays")
    .option(...CHAIN_FLAG).option(...NETUID_FLAG).option(...WALLET_FLAG).option(...HOTKEY_FLAG)
    .option(...WALLET_PATH_FLAG).option(...MAX_COST_FLAG).option(...YES_FLAG).option(...JSON_FLAG)
    .action((flags) =>
      atChain(
        flags,
        async (session) => (await import("./register_hotkey.ts")).registerHotkey(flags, session),
        finish,
      )
    );
