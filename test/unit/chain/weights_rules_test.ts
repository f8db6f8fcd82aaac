import { strict as assert } from "node:assert";
import { isSkeinError } from "../../../src/base/errors.ts";
import type { ChainView } from "../../../src/chain/chain_view.ts";
import { devAccount } from "../../../src/chain/sr25519.ts";
import { planWeights, readSubnetRules } from "../../../src/chain/weights_rules.ts";
import { type Entries, SUBNET, viewOf } from "./fake_view.ts";

const VALIDATOR = devAccount("//Alice").address;
const OWNER = devAccount("//Bob").address;
const SCORES = new Map([[0, 1], [1, 2], [2, 3]]);
const PERMITTED: Entries = { ...SUBNET, validatorPermit: ["Vec<bool>", [true, true, true]] };

async function plan(view: ChainView) {
  return planWeights(view, 1, SCORES, await readSubnetRules(view, 1, VALIDATOR));
}

async function refusal(view: ChainView): Promise<unknown> {
  try {
    await plan(view);
  } catch (error) {
    return isSkeinError(error) ? error.code : error;
  }
}

Deno.test("the limit of a share counts where the chain can set it, and not where its entry is a leftover", async () => {
  assert.equal(
    await refusal(viewOf(500, PERMITTED, { calls: ["sudoSetMaxWeightLimit"] })),
    "chain/bad-weights",
  );
  const { uids } = await plan(viewOf(500, PERMITTED));
  assert.deepEqual(uids, [0, 1, 2], "three are all, though eight are demanded");
});

Deno.test("an owner's hotkey needs no permit from spec 394 on", async () => {
  const as = (owner: string, spec: number) =>
    refusal(viewOf(500, { ...SUBNET, subnetOwnerHotkey: ["AccountId32", owner] }, { spec }));
  assert.equal(await as(VALIDATOR, 394), undefined);
  assert.equal(await as(VALIDATOR, 393), "chain/no-permit");
  assert.equal(await as(OWNER, 394), "chain/no-permit");
});

Deno.test("the rate limit lets a call into the first block that the chain takes it in, and none before", async () => {
  assert.equal(await refusal(viewOf(198, PERMITTED)), "chain/too-soon");
  assert.equal(await refusal(viewOf(199, PERMITTED)), undefined);
});
