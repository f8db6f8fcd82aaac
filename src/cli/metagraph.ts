/** `skein metagraph`: who is in a subnet, and what each is worth there. */
import { Command } from "@commander-js/extra-typings";
import { JSON_FLAG, NETUID_FLAG } from "./chain_flags.ts";
import { atChain } from "./chain_session.ts";
import { takesYes } from "./command_group.ts";
import { CHAIN_FLAG } from "./flags.ts";

export const metagraphCommand = (finish: (code: number) => void) =>
  takesYes(
    new Command("metagraph").description("list a subnet's neurons by uid, with stake, trust and pay")
      .option(...CHAIN_FLAG).option(...NETUID_FLAG).option(...JSON_FLAG)
      .action((flags) =>
        atChain(
          flags,
          async (session) => (await import("./metagraph_table.ts")).printMetagraph(flags, session),
          finish,
        )
      ),
  );
