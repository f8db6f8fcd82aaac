/** Entry of the program: `skein <command>`; see `src/cli/main.ts` for the command tree. */
import { main } from "./src/cli/main.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));
