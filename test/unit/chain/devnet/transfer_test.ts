import assert from "node:assert/strict";
import { TotalIssuance } from "../../../../src/chain/devnet/pallets/balances.ts";
import { keyOf, StateHarness, TAO } from "./state_harness.ts";

const SELF = keyOf("self");
const toSelf = (value: bigint) => ({ dest: { name: "Id", value: SELF }, value });

Deno.test("a transfer to oneself is checked and changes nothing, not even what would be dust on the way", () => {
  const chain = new StateHarness();
  chain.fund(SELF, TAO);
  const issued = chain.state.get(TotalIssuance);
  for (const value of [1n, TAO - 100n, TAO]) {
    assert.deepEqual(chain.run("Balances.transfer_allow_death", toSelf(value), SELF), {
      error: undefined,
      events: [],
    });
    assert.equal(chain.freeRao(SELF), TAO);
  }
  assert.equal(chain.state.get(TotalIssuance), issued);
  const errorOf = (name: string, value: bigint) => chain.run(`Balances.${name}`, toSelf(value), SELF).error;
  assert.equal(errorOf("transfer_allow_death", TAO + 1n), "Token.FundsUnavailable");
  assert.equal(errorOf("transfer_keep_alive", TAO - 100n), "Token.NotExpendable");
});
