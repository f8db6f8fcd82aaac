/** A chain in a process of its own, for a test to kill. Prints its URL. */
import { systemClock } from "../../../../src/base/clock.ts";
import { silentLog } from "../../../../src/base/log.ts";
import { startDevnet } from "../../../../src/chain/devnet/devnet.ts";

const options = { directory: Deno.args[0], port: 0, blockMs: 100 };
console.log((await startDevnet(options, { clock: systemClock, log: silentLog })).url);
