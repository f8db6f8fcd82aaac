/** A chain with fast blocks and an unmodified client on it, both gone when the test ends. */
import { ApiPromise, WsProvider } from "@polkadot/api";
import type { SubmittableExtrinsic } from "@polkadot/api/types";
import { Keyring } from "@polkadot/keyring";
import type { KeyringPair } from "@polkadot/keyring/types";
import type { ISubmittableResult } from "@polkadot/types/types";
import { systemClock } from "../../../../src/base/clock.ts";
import { silentLog } from "../../../../src/base/log.ts";
import { type Devnet, startDevnet } from "../../../../src/chain/devnet/devnet.ts";

export const TAO = 1_000_000_000n;
export const NETUID = 1;
const BLOCK_MS = 100;

export const keyring = new Keyring({ type: "sr25519", ss58Format: 42 });
export const alice = () => keyring.addFromUri("//Alice");

export function openDevnet(directory: string, port = 0): Promise<Devnet> {
  return startDevnet({ directory, port, blockMs: BLOCK_MS }, { clock: systemClock, log: silentLog });
}

export async function connect(url: string): Promise<ApiPromise> {
  const provider = new WsProvider(url, false);
  await provider.connect();
  return await ApiPromise.create({ provider, noInitWarn: true });
}

/** @param production "on-demand": a block for each call, and `makeBlock` */
export function devnetTest(
  name: string,
  body: (devnet: Devnet, api: ApiPromise) => Promise<void>,
  production: "interval" | "on-demand" = "interval",
): void {
  Deno.test(name, async () => {
    const directory = await Deno.makeTempDir();
    const devnet = await startDevnet({ directory, port: 0, blockMs: BLOCK_MS, production }, {
      clock: systemClock,
      log: silentLog,
    });
    const api = await connect(devnet.url);
    try {
      await body(devnet, api);
    } finally {
      await api.disconnect();
      await devnet.stop();
      await Deno.remove(directory, { recursive: true });
    }
  });
}

/** The next block, on demand. */
export async function makeBlock(api: ApiPromise): Promise<void> {
  // deno-lint-ignore no-explicit-any
  await (api as any)._rpcCore.provider.send("engine_createBlock", [true, true]);
}

export interface Outcome {
  readonly blockHash: string;
  /** Of the call alone: without those of its fee. */
  readonly events: string[];
  readonly feeRao: bigint;
  /** `Pallet.Error` or `Token.Reason`; undefined for success. */
  readonly error: string | undefined;
}

type Submittable = SubmittableExtrinsic<"promise", ISubmittableResult>;

/** Signs, sends, and waits for the block. Rejects with the pool's refusal. @param onTaken is told each state that comes before */
export function send(
  api: ApiPromise,
  call: Submittable,
  signer: KeyringPair,
  options: { nonce?: number; tip?: bigint; era?: number } = {},
  onTaken: () => void = () => {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    call.signAndSend(signer, { nonce: -1, ...options }, (result) => {
      onTaken();
      if (result.isFinalized) {
        resolve({
          blockHash: result.status.asFinalized.toHex(),
          ...apartFromFee(result),
          error: result.dispatchError && describe(api, result),
        });
      } else if (result.isError) reject(new Error(result.status.type));
    }).catch(reject);
  });
}

/** The fee is withdrawn before all else and, what was too much, given back just before it is told. */
function apartFromFee({ events }: ISubmittableResult): { events: string[]; feeRao: bigint } {
  const names = events.map(({ event }) => `${event.section}.${event.method}`);
  const told = names.indexOf("transactionPayment.TransactionFeePaid");
  // deno-lint-ignore no-explicit-any
  const feeRao = (events[told].event.data as any)[1].toBigInt();
  const outcome = names.slice(told + 1);
  const isCharged = names[told - 1] === "balances.Deposit";
  return { events: [...isCharged ? names.slice(1, told - 1) : names.slice(0, told), ...outcome], feeRao };
}

function describe(api: ApiPromise, { dispatchError }: ISubmittableResult): string {
  if (dispatchError!.isModule) {
    const { section, name } = api.registry.findMetaError(dispatchError!.asModule);
    return `${section}.${name}`;
  }
  return dispatchError!.toString();
}

/** Free balance in rao. */
export async function freeRao(api: ApiPromise, address: string): Promise<bigint> {
  // deno-lint-ignore no-explicit-any
  const account = await api.query.system.account(address) as any;
  return account.data.free.toBigInt();
}

/** Stakes on a registered hotkey, from //Alice, and waits for the epoch that gives it a permit. */
export async function permit(api: ApiPromise, hotkey: KeyringPair): Promise<void> {
  const { subtensorModule } = api.query;
  await send(api, api.tx.subtensorModule.addStake(hotkey.address, NETUID, 100n * TAO), alice());
  const uid = Number(await subtensorModule.uids(NETUID, hotkey.address));
  while (((await subtensorModule.validatorPermit(NETUID)).toJSON() as boolean[])[uid] !== true) {
    await systemClock.sleep(BLOCK_MS);
  }
}
