/**
 * `deno task bench:peers [--json]`: the comparison as lines, or as one object on standard output and the lines on standard
 * error. Takes a few minutes on a software adapter.
 */
import { openDevice } from "../../src/gpu/mod.ts";
import { comparePeers, FULL_SIZE } from "./comparison.ts";

const isJson = Deno.args.includes("--json");
const gpu = await openDevice();
const result = await comparePeers(gpu, FULL_SIZE, isJson ? console.error : console.log);
if (isJson) console.log(JSON.stringify(result));
gpu.close();
Deno.exit(0); // The peers keep their devices, and with them the process.
