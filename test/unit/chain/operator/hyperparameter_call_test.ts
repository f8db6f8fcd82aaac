/** Hyperparameters by their shown names, against the metadata of the two runtimes that we have. */
import { strict as assert } from "node:assert";
import { hyperparameterCall } from "../../../../src/chain/operator/hyperparameter_call.ts";
import {
  hyperparameterNameFlag,
  hyperparameterValueFlag,
} from "../../../../src/cli/subnet/set_hyperparameter.ts";
import { offlineApi } from "../offline_api.ts";
import { metadataSpec293, metadataSpec393 } from "../recorded.ts";

/** Shown by the runtime and set by no call of one plain value: two at once, derived, or not the owner's to set. */
const NOT_SET = ["alpha_high", "alpha_low", "yuma_version", "subnet_is_active", "user_liquidity_enabled"];

for (const [spec, metadata] of [[293, metadataSpec293], [393, metadataSpec393]] as const) {
  Deno.test(`spec ${spec}: what the runtime shows of a subnet has a call that sets it, of the same name and kind`, async () => {
    const api = await offlineApi(metadata(), spec);
    const { type } = (api.call.subnetInfoRuntimeApi as any).getSubnetHyperparamsV2.meta;
    const shown: any = (api.registry.createTypeUnsafe(type, [{}]) as any).unwrap();
    const without: string[] = [];
    for (const [field, value] of shown) {
      const name = field.replace(/[A-Z]/g, (letter: string) => `_${letter.toLowerCase()}`);
      const isTruth = typeof value.toPrimitive() === "boolean";
      try {
        const call = hyperparameterCall(api, 7, name, isTruth ? true : 3n);
        assert.deepEqual(call.method.args.map((each) => each.toJSON()), [7, isTruth ? true : 3], name);
      } catch (error: any) {
        assert.equal(error.code, "chain/unsupported-runtime");
        without.push(name);
      }
    }
    assert.deepEqual(without, spec === 293 ? NOT_SET : ["max_weights_limit", ...NOT_SET]);
  });
}

Deno.test("a value that the call does not take is told with those that it takes", async () => {
  const api = await offlineApi(metadataSpec393(), 393);
  const refused = (name: string, value: bigint | boolean) => {
    try {
      return hyperparameterCall(api, 7, name, value);
    } catch (error: any) {
      assert.equal(error.code, "chain/bad-hyperparameter");
      return error.message;
    }
  };
  assert.equal(
    refused("tempo", 65536n),
    "set tempo of subnet 7: 65536, a whole number from 0 to 65535 is required",
  );
  assert.match(refused("tempo", true), /true, a whole number from 0/);
  assert.match(refused("commit_reveal_weights_enabled", 1n), /1, true or false is required/);
  assert.match(refused("alpha_sigmoid_steepness", -40_000n), /from -32768 to 32767/);
  assert.throws(() => hyperparameterCall(api, 7, "colour", 1n), {
    code: "chain/unsupported-runtime",
    message: /no call adminUtils\.sudoSetColour/,
  });
  assert.throws(() => hyperparameterCall(api, 7, "alpha_values", 1n), { code: "chain/unsupported-runtime" });
  assert.throws(() => hyperparameterCall(api, 7, "subnet_owner_hotkey", 1n), {
    code: "chain/unsupported-runtime",
  });
});

Deno.test("names and values of the command line are whole numbers and truths, and nothing else", () => {
  assert.equal(hyperparameterValueFlag("true"), true);
  assert.equal(hyperparameterValueFlag("18446744073709551615"), 18446744073709551615n);
  assert.equal(hyperparameterValueFlag("-7"), -7n);
  for (const bad of ["", "1.5", "yes", "0x10", " 1"]) assert.throws(() => hyperparameterValueFlag(bad), bad);
  assert.equal(hyperparameterNameFlag("weights_rate_limit"), "weights_rate_limit");
  for (const bad of ["", "Tempo", "a b", "constructor()"]) {
    assert.throws(() => hyperparameterNameFlag(bad), bad);
  }
});
