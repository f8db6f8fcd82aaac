/**
 * A node's place on the subnet. On a chain of this machine a node with a wallet of its own pays its way from the
 * development account //Alice and registers itself, and a validator stakes: the next epoch gives it its permit, for
 * which nobody waits here. Anywhere else money is at stake, and the operator does it.
 */
import { join } from "node:path";
import { SkeinError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { ChainClient } from "../chain/client.ts";
import { isOnThisMachine } from "../chain/networks.ts";
import { devAccount, type HotkeyPair, loadOrCreateColdkey } from "../chain/wallet/wallet.ts";

const RAO_PER_TAO = 1_000_000_000n;
/** Registration, and fees for a long time: 1 TAO has 10⁹ rao. */
const ALLOWANCE_RAO = 100_000_000_000n;
/** What must be left after paying: keeps the account alive, and covers fees. */
const MARGIN_RAO = 1_000_000_000n;
/** Miners' earnings are stake, too, but no more than what validators earn beside this: validators keep the majority. */
const VALIDATOR_STAKE_RAO = 1_000n * RAO_PER_TAO;

export interface Registrant {
  readonly netuid: number;
  readonly hotkey: HotkeyPair;
  readonly role: "miner" | "validator";
  /** Set when the operator brought a wallet. */
  readonly wallet?: string;
  /** Keeps the coldkey of a node without one. */
  readonly home: string;
}

/** @returns the uid @throws {SkeinError} `node/not-registered`, and those of the chain client */
export async function ensureRegistered(
  chain: ChainClient,
  registrant: Registrant,
  { log }: { log: Log },
): Promise<number> {
  const { netuid, hotkey, wallet, home, role } = registrant;
  const known = await chain.isRegistered(netuid, hotkey.ss58);
  const paysItself = wallet === undefined && isOnThisMachine(chain.url);
  if (known !== undefined && (!paysItself || role === "miner")) return known;
  if (!paysItself) {
    throw new SkeinError(
      "node/not-registered",
      `find ${hotkey.ss58} on subnet ${netuid}: not registered, a registered hotkey is required, register it ` +
        `with: skein subnet register --netuid ${netuid} --wallet ${wallet ?? "WALLET"} --hotkey HOTKEY`,
      { netuid, hotkey: hotkey.ss58 },
    );
  }
  const coldkey = await loadOrCreateColdkey({ walletPath: join(home, "wallets"), wallet: "default" });
  const stakeRao = role === "miner" ? 0n : await missingStake(chain, registrant, coldkey.ss58);
  const costRao = known === undefined ? await chain.registrationCost(netuid) : 0n;
  if (costRao + stakeRao > 0n && await chain.balance(coldkey.ss58) < costRao + stakeRao + MARGIN_RAO) {
    await chain.transfer(devAccount("//Alice"), coldkey.ss58, costRao + stakeRao + ALLOWANCE_RAO);
  }
  const uid = known ?? await chain.register(netuid, coldkey.pair, hotkey.ss58);
  if (known === undefined) log.info(`registered on subnet ${netuid} of the local chain as uid ${uid}`);
  if (stakeRao > 0n) {
    await chain.addStake(netuid, coldkey.pair, hotkey.ss58, stakeRao);
    log.info(
      `staked ${stakeRao / RAO_PER_TAO} TAO on subnet ${netuid} of the local chain, for a validator permit`,
    );
  }
  return uid;
}

/** A coldkey that has staked on the hotkey before is left alone, however much is left of it. */
async function missingStake(
  chain: ChainClient,
  { netuid, hotkey }: Registrant,
  coldkey: string,
): Promise<bigint> {
  const stakes = await chain.stakes(coldkey);
  const hasStaked = stakes.some((stake) =>
    stake.netuid === netuid && stake.hotkey === hotkey.ss58 && stake.amount > 0n
  );
  return hasStaked ? 0n : VALIDATOR_STAKE_RAO;
}
