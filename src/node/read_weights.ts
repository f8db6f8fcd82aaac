/** The weights on the chain by hotkey: the mean of what the validators set, each scaled to a maximum of 65535. */
import type { Clock } from "../base/clock.ts";
import { silentLog } from "../base/log.ts";
import { connectChain } from "../chain/client.ts";

const MAX_WEIGHT = 65535;

export async function readWeights(
  url: string,
  netuid: number,
  clock: Clock,
): Promise<Record<string, number>> {
  const chain = await connectChain(url, { clock, log: silentLog });
  try {
    const [metagraph, rows] = await Promise.all([chain.metagraph(netuid), chain.weights(netuid)]);
    const hotkeys = new Map(metagraph.neurons.map(({ uid, hotkey }) => [uid, hotkey]));
    const sums = new Map<string, number>();
    const setters = [...rows.values()].filter((row) => row.size > 0);
    for (const row of setters) {
      const largest = Math.max(...row.values());
      for (const [uid, value] of row) {
        const hotkey = hotkeys.get(uid);
        if (hotkey === undefined || largest === 0) continue;
        sums.set(hotkey, (sums.get(hotkey) ?? 0) + (value * MAX_WEIGHT) / largest / setters.length);
      }
    }
    return Object.fromEntries([...sums].map(([hotkey, sum]) => [hotkey, Math.round(sum)]));
  } finally {
    await chain.close();
  }
}
