/**
 * What must hold of the chain after a kill. Each new block is walked once: it follows its parent, and who sent how many
 * transfers in it is counted; what the state says of nonces, balances and issuance must be what that makes.
 */
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { TotalIssuance } from "../../../src/chain/devnet/pallets/balances.ts";
import { storageKey } from "../../../src/chain/devnet/pallets/storage_entry.ts";
import { Account } from "../../../src/chain/devnet/pallets/system.ts";
import { decodeTransaction } from "../../../src/chain/devnet/runtime/extrinsic.ts";
import { decodeValue } from "../../../src/chain/scale/scale_type.ts";
import { AMOUNT_RAO, RECEIVER, type Told } from "./load.ts";
import type { RpcSocket } from "./rpc_socket.ts";

const PAGE_KEYS = 1000;
/** twox128 of System and of Account. */
const ACCOUNTS_PREFIX = storageKey(Account, RECEIVER).slice(0, 2 + 64);

export class Inspection {
  readonly violations: string[] = [];
  readonly #told: Told;
  /** Hex of the public key → transfers in blocks so far. */
  readonly #sent = new Map<string, number>();
  #inspectedTo = 0;
  #headHash: string | undefined;
  #includedSeen = new Set<string>();

  constructor(told: Told) {
    this.#told = told;
  }

  get transferCount(): number {
    return [...this.#sent.values()].reduce((sum, count) => sum + count, 0);
  }

  /** @returns the head's number */
  async inspect(rpc: RpcSocket): Promise<number> {
    const headHash = await rpc.ask("chain_getBlockHash");
    const head = Number((await rpc.ask("chain_getHeader", headHash)).number);
    const { headNumber } = this.#told;
    if (head < headNumber) this.#violated(`head ${head}, though ${headNumber} had been told`);
    await this.#walk(rpc, head);
    this.#demandTold();
    await this.#demandState(rpc, headHash);
    return head;
  }

  async #walk(rpc: RpcSocket, head: number): Promise<void> {
    this.#headHash ??= await rpc.ask("chain_getBlockHash", 0);
    for (let number = this.#inspectedTo + 1; number <= head; number++) {
      const hash = await rpc.ask("chain_getBlockHash", number);
      const { block } = await rpc.ask("chain_getBlock", hash);
      if (block.header.parentHash !== this.#headHash) {
        this.#violated(`block ${number} follows another parent`);
      }
      const told = this.#told.heads.get(number);
      if (told !== undefined && told !== hash) this.#violated(`block ${number} is another than was told`);
      for (const extrinsic of block.extrinsics.slice(1)) this.#count(extrinsic, hash);
      this.#headHash = hash;
    }
    this.#inspectedTo = Math.max(this.#inspectedTo, head);
  }

  #count(extrinsic: string, blockHash: string): void {
    const sender = toHex(decodeTransaction(fromHex(extrinsic)).signer);
    this.#sent.set(sender, (this.#sent.get(sender) ?? 0) + 1);
    if (this.#includedSeen.has(extrinsic)) this.#violated(`a transfer stands in two blocks: ${extrinsic}`);
    this.#includedSeen.add(extrinsic);
    const told = this.#told.included.get(extrinsic);
    if (told !== undefined && told !== blockHash) {
      this.#violated("a transfer is in another block than was told");
    }
  }

  #demandTold(): void {
    for (const extrinsic of this.#told.included.keys()) {
      if (!this.#includedSeen.has(extrinsic)) {
        this.#violated(`a transfer told to be in a block is lost: ${extrinsic}`);
      }
    }
  }

  async #demandState(rpc: RpcSocket, at: string): Promise<void> {
    const account = async (key: Uint8Array) => {
      const value = await rpc.ask("state_getStorage", storageKey(Account, key), at);
      return value === null ? Account.fallback : decodeValue(Account.value, fromHex(value));
    };
    for (const [sender, count] of this.#sent) {
      const { nonce } = await account(fromHex(sender));
      if (nonce !== count) this.#violated(`${sender} has nonce ${nonce} after ${count} transfers`);
    }
    const { data } = await account(RECEIVER);
    const due = AMOUNT_RAO * BigInt(this.transferCount);
    if (data.free !== due) this.#violated(`the receiver has ${data.free} rao, ${due} were sent`);
    const issued = decodeValue(
      TotalIssuance.value,
      fromHex(await rpc.ask("state_getStorage", storageKey(TotalIssuance), at)),
    );
    const held = await this.#heldRao(rpc, at);
    if (held !== issued) this.#violated(`accounts hold ${held} rao, ${issued} are issued`);
  }

  async #heldRao(rpc: RpcSocket, at: string): Promise<bigint> {
    const keys: string[] = await rpc.ask("state_getKeysPaged", ACCOUNTS_PREFIX, PAGE_KEYS, null, at);
    const [{ changes }] = await rpc.ask("state_queryStorageAt", keys, at);
    return changes.reduce((sum: bigint, [, value]: [string, string]) => {
      const { free, reserved } = decodeValue(Account.value, fromHex(value)).data;
      return sum + free + reserved;
    }, 0n);
  }

  #violated(what: string): void {
    this.violations.push(what);
  }
}
