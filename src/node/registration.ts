/**
 * A node's place on the subnet. On a chain of this machine a node with a wallet of its own pays its way from the
 * development account //Alice and registers itself; anywhere else money is at stake, and the operator does it.
 */
import { join } from "node:path";
import { SkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { ChainClient } from "../chain/client.ts";
import { isOnThisMachine } from "../chain/networks.ts";
import { devAccount, type HotkeyPair, loadOrCreateColdkey } from "../chain/wallet/wallet.ts";

/** Registration, and fees for a long time: 1 TAO has 10⁹ rao. */
const ALLOWANCE_RAO = 100_000_000_000n;
/** What must be left after paying: keeps the account alive, and covers fees. */
const MARGIN_RAO = 1_000_000_000n;

export interface Registrant {
  readonly netuid: number;
  readonly hotkey: HotkeyPair;
  /** Set when the operator brought a wallet. */
  readonly wallet?: string;
  /** Keeps the coldkey of a node without one. */
  readonly home: string;
}

/** @returns the uid @throws {SkeinError} `node/not-registered`, and those of the chain client */
export async function ensureRegistered(
  chain: ChainClient,
  { netuid, hotkey, wallet, home }: Registrant,
  { log }: { log: Log },
): Promise<number> {
  const known = await chain.isRegistered(netuid, hotkey.ss58);
  if (known !== undefined) return known;
  if (wallet !== undefined || !isOnThisMachine(chain.url)) {
    throw new SkeinError(
      "node/not-registered",
      `find ${hotkey.ss58} on subnet ${netuid}: not registered, a registered hotkey is required, register it ` +
        `with: skein subnet register --netuid ${netuid} --wallet ${wallet ?? "WALLET"} --hotkey HOTKEY`,
      { netuid, hotkey: hotkey.ss58 },
    );
  }
  const coldkey = await loadOrCreateColdkey({ walletPath: join(home, "wallets"), wallet: "default" });
  const [cost, balance] = await Promise.all([
    chain.registrationCost(netuid),
    chain.balance(coldkey.ss58),
  ]);
  if (balance < cost + MARGIN_RAO) {
    await chain.transfer(devAccount("//Alice"), coldkey.ss58, cost + ALLOWANCE_RAO);
  }
  const uid = await chain.register(netuid, coldkey.pair, hotkey.ss58);
  log.info(`registered on subnet ${netuid} of the local chain as uid ${uid}`);
  return uid;
}
