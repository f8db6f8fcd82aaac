/** Commands under one name, each with the same manners as those of the top. */
import type { Command, CommandUnknownOpts } from "@commander-js/extra-typings";

export function groupOf(group: Command, commands: readonly CommandUnknownOpts[]): Command {
  for (const command of commands) {
    group.addCommand(command.exitOverride().showHelpAfterError("(see --help)"));
  }
  return group;
}
