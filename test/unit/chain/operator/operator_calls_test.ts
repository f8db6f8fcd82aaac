/** Operators' requests against the metadata of the two runtimes that we have. */
import { strict as assert } from "node:assert";
import type { ApiPromise } from "@polkadot/api";
import { isSkeinError } from "../../../../src/base/errors.ts";
import { describeRequest, operatorCall } from "../../../../src/chain/operator/operator_calls.ts";
import type { OperatorRequest } from "../../../../src/chain/operator/operator_client.ts";
import { cryptoReady, devAccount } from "../../../../src/chain/sr25519.ts";
import { offlineApi } from "../offline_api.ts";
import { metadataSpec293, metadataSpec393 } from "../recorded.ts";

await cryptoReady();
const [alice, bob, charlie] = ["//Alice", "//Bob", "//Charlie"].map((name) => devAccount(name).address);
const TAO = 1_000_000_000n;

/** Requests, and the call that they are with its arguments in order. */
const CALLS: readonly (readonly [OperatorRequest, string, unknown[]])[] = [
  [
    { kind: "move-stake", from: { hotkey: alice, netuid: 1 }, to: { hotkey: bob, netuid: 2 }, amount: TAO },
    "moveStake",
    [alice, bob, 1, 2, Number(TAO)],
  ],
  [
    {
      kind: "transfer-stake",
      from: { hotkey: alice, netuid: 1 },
      to: { coldkey: bob, netuid: 1 },
      amount: 5n,
    },
    "transferStake",
    [bob, alice, 1, 1, 5],
  ],
  [{ kind: "raise-take", hotkey: alice, take: 11796 }, "increaseTake", [alice, 11796]],
  [{ kind: "lower-take", hotkey: alice, take: 0 }, "decreaseTake", [alice, 0]],
  [
    {
      ...{ kind: "set-children", netuid: 3, hotkey: alice },
      children: [{ hotkey: bob, share: 2n ** 63n }, { hotkey: charlie, share: 1n }],
    },
    "setChildren",
    [alice, 3, [["0x8000000000000000", bob], [1, charlie]]],
  ],
  [{ kind: "set-child-take", netuid: 3, hotkey: alice, take: 100 }, "setChildkeyTake", [alice, 3, 100]],
  [{ kind: "swap-hotkey", hotkey: alice, newHotkey: bob }, "swapHotkey", [alice, bob, null]],
  [{ kind: "swap-hotkey", hotkey: alice, newHotkey: bob, netuid: 7 }, "swapHotkey", [alice, bob, 7]],
  [{ kind: "register-on-root", hotkey: alice }, "rootRegister", [alice]],
];

const built = (api: ApiPromise, request: OperatorRequest) => {
  const { method } = operatorCall(api, request);
  return [method.section, method.method, method.args.map((arg) => arg.toJSON())];
};

Deno.test("each request is the call of spec 293 with its arguments in their places", async () => {
  const api = await offlineApi(metadataSpec293(), 293);
  for (const [request, name, args] of CALLS) {
    assert.deepEqual(built(api, request), ["subtensorModule", name, args], describeRequest(request));
  }
  assert.throws(
    () => operatorCall(api, { kind: "claim-root", netuids: [1] }),
    (error) => isSkeinError(error, "chain/unsupported-runtime") && /claimRoot/.test(error.message),
  );
});

Deno.test("of spec 393 each is its newest call, and root's earnings can be claimed", async () => {
  const api = await offlineApi(metadataSpec393(), 393);
  for (const [request, name, args] of CALLS) {
    const isSwap = request.kind === "swap-hotkey";
    const expected = isSwap ? ["swapHotkeyV2", [...args, false]] : [name, args];
    assert.deepEqual(built(api, request), ["subtensorModule", ...expected], describeRequest(request));
  }
  const claim = built(api, { kind: "claim-root", netuids: [4, 2] });
  assert.deepEqual(claim, ["subtensorModule", "claimRoot", [[2, 4]]]);
});

Deno.test("an address that is none is told before a call is made of it", async () => {
  const api = await offlineApi(metadataSpec293(), 293);
  for (const [request] of CALLS) {
    const broken = JSON.parse(
      JSON.stringify(request, (_, v) => typeof v === "bigint" ? `${v}` : v === alice ? "5Bad" : v),
    );
    assert.throws(() => operatorCall(api, broken), (error) => isSkeinError(error, "chain/bad-address"));
  }
});

Deno.test("requests are told in tokens, per cent and names", () => {
  const words = CALLS.map(([request]) => describeRequest(request));
  assert.match(words[0], /^move 1 of stake from 5\w+ in subnet 1 to 5\w+ in subnet 2$/);
  assert.match(words[1], /^transfer .* to 5\w+$/);
  assert.match(words[2], /to 18 %$/);
  assert.match(words[4], /2 child keys in subnet 3$/);
  assert.match(words[6], /in all subnets$/);
});
