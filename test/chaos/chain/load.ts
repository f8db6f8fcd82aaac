/**
 * Several accounts that send transfers without a pause and remember what the chain told them: heads, and in which block
 * each transfer came.
 */
import type { KeyringPair } from "@polkadot/keyring/types";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { devAccount } from "../../../src/chain/sr25519.ts";
import { signCall, transferCall } from "../../unit/chain/devnet/signed_transaction.ts";
import type { RpcSocket } from "./rpc_socket.ts";

const SENDERS = ["//Alice", "//Bob", "//Charlie", "//Dave", "//Eve", "//Ferdie"];
/** That many of each sender's wait at a time. */
const WINDOW = 8;

export const AMOUNT_RAO = 1_000_000n;
export const RECEIVER = new Uint8Array(32).fill(0x5a);

/** What clients have been told, over all lives of the chain. */
export class Told {
  /** Number → hash, hex with 0x. */
  readonly heads = new Map<number, string>();
  headNumber = 0;
  /** Transaction in hex with 0x → hash of its block. */
  readonly included = new Map<string, string>();
  submitted = 0;
}

/** Sends until the socket dies, and rejects then, as when the chain refuses a transfer. */
export async function load(rpc: RpcSocket, told: Told): Promise<void> {
  const genesisHash = fromHex(await rpc.ask("chain_getBlockHash", 0));
  await rpc.subscribe("chain_subscribeNewHeads", [], ({ number, parentHash }) => {
    // A head tells its own number and its parent's hash; its own it leaves to be worked out.
    told.headNumber = Math.max(told.headNumber, Number(number));
    if (Number(number) > 0) told.heads.set(Number(number) - 1, parentHash);
  });
  const sending = SENDERS.map((name) => sendFrom(devAccount(name), { rpc, told, genesisHash }));
  await Promise.race([rpc.gone, Promise.all(sending)]);
}

async function sendFrom(
  sender: KeyringPair,
  { rpc, told, genesisHash }: { rpc: RpcSocket; told: Told; genesisHash: Uint8Array },
): Promise<void> {
  let nonce = await rpc.ask("system_accountNextIndex", sender.address);
  let waiting = 0;
  let goOn = () => {};
  for (;;) {
    while (waiting >= WINDOW) await new Promise<void>((resolve) => (goOn = resolve));
    const bytes = signCall(transferCall(RECEIVER, AMOUNT_RAO), sender, { genesisHash, nonce: nonce++ });
    const extrinsic = `0x${toHex(bytes)}`;
    waiting++;
    told.submitted++;
    await rpc.subscribe("author_submitAndWatchExtrinsic", [extrinsic], (status) => {
      const block = status.inBlock ?? status.finalized;
      if (block === undefined) return;
      told.included.set(extrinsic, block);
      if (status.finalized) waiting--;
      goOn();
    });
  }
}
