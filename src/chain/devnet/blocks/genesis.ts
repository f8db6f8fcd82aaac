/**
 * Block zero: the well-known development accounts, rich, and subnet 1, open. A random nonce in the state makes each
 * new chain's genesis hash its own: a run's identity and every signature depend on it.
 */
import { fromHex, utf8 } from "../../../base/bytes.ts";
import { TotalIssuance } from "../pallets/balances.ts";
import { openBeacon } from "../pallets/drand.ts";
import { EMPTY_STATE, Overlay } from "../pallets/overlay.ts";
import { SudoKey } from "../pallets/sudo.ts";
import { Account } from "../pallets/system.ts";
import { Now } from "../pallets/timestamp.ts";
import { TypedState } from "../pallets/typed_state.ts";
import { type Block, type Changes, extrinsicsRoot, hashOfHeader, hex } from "./block.ts";
import { openSubnets } from "./genesis_subnets.ts";
import { digestBytes, digestOfState } from "./state_digest.ts";

const RAO_PER_TAO = 1_000_000_000n;
const ENDOWMENT_RAO = 1_000_000n * RAO_PER_TAO;

/** Public keys of the keys that every Substrate tool derives from //Alice, //Bob and so on. */
const DEV_ACCOUNTS = {
  Alice: "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d",
  Bob: "8eaf04151687736326c9fea17e25fc5287613693c912909cb226aa4794f26a48",
  Charlie: "90b5ab205c6974c9ea841be688864633dc9ca8a357843eeacf2314649965fe22",
  Dave: "306721211d5404bd9da88e0204360a1a9ab8b87c66c1bc2fcdd37f3c2222cc20",
  Eve: "e659a7a1628cdd93febc04a4e0646ea20e9f5f0ce097d9a05290d4a9e054df4e",
  Ferdie: "1cbd2d43530a44705ad088af313e18f80b53ef16b36177cd4b77b846f2a5f07c",
};

/** Under no pallet's prefix: for no client to see. */
const NONCE_KEY = hex(utf8(":skein:genesis-nonce"));

/** Its presence says that time is counted in blocks. */
export const STEADY_TIME_KEY = hex(utf8(":skein:steady-time"));

/** @param hasSteadyTime each block is a block time after the one before it, whatever the clock says */
export function genesisBlock(
  nonce: Uint8Array,
  nowMs: number,
  hasSteadyTime = false,
): { block: Block; changes: Changes } {
  const overlay = new Overlay(EMPTY_STATE);
  overlay.set(NONCE_KEY, nonce);
  if (hasSteadyTime) overlay.set(STEADY_TIME_KEY, Uint8Array.of(1));
  const state = new TypedState(overlay);
  state.set(Now, BigInt(Math.floor(nowMs)));
  endow(state);
  state.set(SudoKey, fromHex(DEV_ACCOUNTS.Alice));
  openSubnets(state, fromHex(DEV_ACCOUNTS.Alice));
  openBeacon(state, nonce, nowMs);
  const present = [...overlay.changes].flatMap(([key, value]) => value ? [[key, value] as const] : []);
  const header = {
    parentHash: new Uint8Array(32),
    number: 0,
    stateRoot: digestBytes(digestOfState(present)),
    extrinsicsRoot: extrinsicsRoot([]),
    logs: [],
  };
  return { block: { hash: hashOfHeader(header), header, body: [] }, changes: overlay.changes };
}

function endow(state: TypedState): void {
  const keys = Object.values(DEV_ACCOUNTS).map(fromHex);
  for (const key of keys) {
    const account = state.get(Account, key);
    state.set(Account, { ...account, providers: 1, data: { ...account.data, free: ENDOWMENT_RAO } }, key);
  }
  state.set(TotalIssuance, ENDOWMENT_RAO * BigInt(keys.length));
}
