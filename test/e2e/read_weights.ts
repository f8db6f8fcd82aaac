/**
 * Reads a subnet's weights with nothing of Skein: the unmodified @polkadot/api, straight from storage. Prints hotkey → u16,
 * the largest that any validator set. Usage: read_weights.ts <ws url> <netuid>
 */
import { ApiPromise, WsProvider } from "@polkadot/api";

const [url, netuid] = Deno.args;
const api = await ApiPromise.create({ provider: new WsProvider(url), noInitWarn: true });
const { subtensorModule } = api.query;
const weights: Record<string, number> = {};
for (const [, row] of await subtensorModule.weights.entries(Number(netuid))) {
  for (const [uid, value] of row.toJSON() as [number, number][]) {
    const hotkey = String(await subtensorModule.keys(Number(netuid), uid));
    weights[hotkey] = Math.max(weights[hotkey] ?? 0, value);
  }
}
console.log(JSON.stringify(weights));
await api.disconnect();
Deno.exit(0);
