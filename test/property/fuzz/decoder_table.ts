/** Every decoder of this program that reads bytes from a peer, the chain or the disk. A new one belongs here. */
import { allreduceDecoders } from "./allreduce_decoders.ts";
import { chainDecoders } from "./chain_decoders.ts";
import { checkpointDecoders } from "./checkpoint_decoders.ts";
import { codecDecoders } from "./codec_decoders.ts";
import type { Decoder } from "./decoder.ts";
import { netDecoders } from "./net_decoders.ts";
import { nodeDecoders } from "./node_decoders.ts";
import { roundDecoders } from "./round_decoders.ts";
import { stateDecoders } from "./state_decoders.ts";

/** @param directory an empty one, for those that read files */
export async function decoders(directory: string): Promise<Decoder[]> {
  return [
    ...await netDecoders(),
    ...codecDecoders(),
    ...allreduceDecoders(),
    ...roundDecoders(),
    ...await stateDecoders(directory),
    ...await chainDecoders(),
    ...nodeDecoders(directory),
    ...checkpointDecoders(directory),
  ];
}
