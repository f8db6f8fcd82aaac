/**
 * Who of our callers uses which nonce. Per account, one submission at a time is prepared and handed to the pool, the oldest call
 * first: one that must be signed anew goes before all that came after it. Each gets the smallest nonce that neither the
 * chain nor we have given away, so that a dropped transaction's nonce is filled again. Other processes may use the same
 * account: the pool then refuses one of the two, who asks again.
 */
import type { ApiPromise } from "@polkadot/api";
import { fromHex, toHex } from "../base/bytes.ts";
import { isSkeinError } from "../base/errors.ts";
import { publicKeyOf } from "./sr25519.ts";
import type { ChainRequest } from "./storage.ts";

interface Lane {
  isBusy: boolean;
  /** In the order of age. */
  readonly waiting: { readonly order: number; readonly start: () => void }[];
}

const NO_SUCH_METHOD = -32601;

export class Nonces {
  readonly #request: ChainRequest;
  readonly #api: ApiPromise;
  readonly #lanes = new Map<string, Lane>();
  readonly #inFlight = new Map<string, Set<number>>();
  /** Whether the node counts the pool's transactions, as far as it is known. */
  #isCounted = true;

  constructor(api: ApiPromise, request: ChainRequest) {
    this.#api = api;
    this.#request = request;
  }

  /** Runs `task` alone among the tasks of the account. @param order the call's age: lower goes first */
  async inTurn<T>(ss58: string, order: number, task: () => Promise<T>): Promise<T> {
    const leave = await this.#enter(ss58, order);
    try {
      return await task();
    } finally {
      leave();
    }
  }

  /** The next nonce, in turn only. It stays taken until `release`. */
  async take(ss58: string): Promise<number> {
    let nonce = await this.#nextOnChain(ss58);
    const taken = this.#inFlight.get(ss58) ?? new Set();
    this.#inFlight.set(ss58, taken);
    while (taken.has(nonce)) nonce++;
    taken.add(nonce);
    return nonce;
  }

  release(ss58: string, nonce: number): void {
    const taken = this.#inFlight.get(ss58);
    taken?.delete(nonce);
    if (taken?.size === 0) this.#inFlight.delete(ss58);
  }

  /** @returns how to leave again */
  async #enter(ss58: string, order: number): Promise<() => void> {
    const lane = this.#lanes.get(ss58) ?? { isBusy: false, waiting: [] };
    this.#lanes.set(ss58, lane);
    if (lane.isBusy) {
      await new Promise<void>((start) => {
        const at = lane.waiting.findIndex((other) => other.order > order);
        lane.waiting.splice(at < 0 ? lane.waiting.length : at, 0, { order, start });
      });
    }
    lane.isBusy = true;
    return () => {
      const next = lane.waiting.shift();
      if (next !== undefined) next.start();
      else this.#lanes.delete(ss58);
    };
  }

  /** With the pool's transactions where the node counts them, else without. */
  async #nextOnChain(ss58: string): Promise<number> {
    if (this.#isCounted && this.#api.rpc.system?.accountNextIndex !== undefined) {
      try {
        return Number(await this.#request("system_accountNextIndex", [ss58]));
      } catch (error) {
        // Not each node lists what it has.
        if (!isSkeinError(error, "chain/request-failed") || error.payload.rpcCode !== NO_SUCH_METHOD) {
          throw error;
        }
        this.#isCounted = false;
      }
    }
    const account = `0x${toHex(publicKeyOf(ss58))}`;
    const index: string = await this.#request("state_call", ["AccountNonceApi_account_nonce", account]);
    return this.#api.registry.createType("u32", fromHex(index)).toNumber();
  }
}
