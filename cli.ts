/** Entry of the program: `skein <command>`; see `src/cli/main.ts` for the command tree. */
import { main } from "./src/cli/main.ts";
import { keepStdoutOurs } from "./src/cli/stdout.ts";

if (import.meta.main) {
  keepStdoutOurs();
  Deno.exit(await main(Deno.args));
}
