/** Commands under one name, each with the same manners as those of the top. */
import { type Command, type CommandUnknownOpts, Option } from "@commander-js/extra-typings";

export function groupOf(group: Command, commands: readonly CommandUnknownOpts[]): Command {
  for (const command of commands) {
    group.addCommand(takesYes(command).exitOverride().showHelpAfterError("(see --help)"));
  }
  return group;
}

/** Scripts say `--yes` to all commands alike; one that asks nothing takes it and need not tell of it. */
export function takesYes<C extends CommandUnknownOpts>(command: C): C {
  if (command.options.some(({ long }) => long === "--yes")) return command;
  return command.addOption(new Option("--yes", "this command asks nothing in any case").hideHelp()) as C;
}
