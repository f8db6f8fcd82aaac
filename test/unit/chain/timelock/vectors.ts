/** Published and recorded: a pulse of drand's quicknet, a message locked to it by bittensor-drand, and weights on spec 293. */
import { fromHex } from "../../../../src/base/bytes.ts";
import { recordedSession } from "../recorded.ts";

/** https://api.drand.sh/v2/beacons/quicknet/rounds/1000 */
export const ROUND = 1000;
export const SIGNATURE = fromHex(
  "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39",
);

/** By bittensor-drand 2.0.0, `encrypt_at_round(LOCKED_TEXT, 1000)`, without its frame of a length and the round. */
export const LOCKED_TEXT = "Skein: locked by bittensor-drand to round 1000";
export const LOCKED = fromHex(
  "8afd47991a8fa58e1d5d38318e98b55af69774d92b2aa260455d0825b3a79c0b0f180d847de902c165b6306a4b8536990e1f9210" +
    "3c017f61a5b5b892c6c15cb4f81ee1f4051fd3d035f2ddae8faddf5bc288707e627a951b6697b63a1c0ec8fc2000000000000000" +
    "b36b205ac5d12e819e823f2c29d38363a2a5d34cc57bedf1dff38ecc63af0aa32000000000000000b500a036856c931cf51a4545" +
    "9aaa147385204df89c4b871b275e3109c82386565a000000000000003e00000000000000b1ffd34375d38209ed9e1c2d2bb564f2" +
    "75e684987861710cef6f0ce4743b3e59bb4e7c4ce800335cb0d9f32a3ca6ab6dcdab30cdc28dcd2c518856c900860c0000000000" +
    "0000dbd3452220c26d87a83aae1108000000000000004145535f47434d5f",
);

/** Who committed in the recorded session. */
export const COMMITTER = fromHex("b2ea5809d16072a89e8776ad68bdb094aefc590e8fce66b56904c9370308d46a");

const CALL_AT = 2 + 2 * 106; // hex digits: length, version, address, signature, extensions

/** What follows the pallet's and the call's number in the recorded calls of that number, in order. */
export function recordedArguments(callNumber: string): Uint8Array[] {
  return recordedSession()
    .filter(({ m }) => m.method === "author_submitAndWatchExtrinsic")
    .map(({ m }) => m.params[0] as string)
    .filter((extrinsic) => extrinsic.slice(CALL_AT).startsWith(`07${callNumber}`))
    .map((extrinsic) => fromHex(extrinsic.slice(CALL_AT + 4)));
}
