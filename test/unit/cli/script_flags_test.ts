/** Scripts drive the chain's commands with the same flags for all of them. */
import { strict as assert } from "node:assert";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { metagraphCommand } from "../../../src/cli/metagraph.ts";
import { axonCommand } from "../../../src/cli/publish/axon.ts";
import { commitmentCommand } from "../../../src/cli/publish/commitment.ts";
import { stakeCommand } from "../../../src/cli/stake/stake.ts";
import { subnetCommand } from "../../../src/cli/subnet/subnet.ts";
import { walletCommand } from "../../../src/cli/wallet/wallet.ts";
import { weightsCommand } from "../../../src/cli/weights/weights.ts";

const groups = [axonCommand, commitmentCommand, stakeCommand, subnetCommand, walletCommand, weightsCommand];
const commands: CommandUnknownOpts[] = [
  metagraphCommand(() => {}),
  ...groups.flatMap((group) => [...group(() => {}).commands]),
];

const flagsOf = (command: CommandUnknownOpts) => command.options.map(({ long }) => long);

for (const command of commands) {
  const path = `${command.parent?.name() ?? ""} ${command.name()}`.trim();
  Deno.test(`${path} takes --json and --yes`, () => {
    for (const flag of ["--json", "--yes"]) assert.ok(flagsOf(command).includes(flag), flag);
  });
}
