/** What runtimes that nobody recorded answer in other shapes, by their source. */
import { strict as assert } from "node:assert";
import { toHex, utf8 } from "../../../src/base/bytes.ts";
import { metagraphOfRuntime } from "../../../src/chain/metagraph_of_runtime.ts";
import { devAccount } from "../../../src/chain/sr25519.ts";
import { readHyperparameters } from "../../../src/chain/subnets.ts";
import { SUBNET, viewOf } from "./fake_view.ts";

const TYPES = {
  I32F32: { bits: "i64" },
  U64F64: { bits: "u128" },
  HyperparamValue: {
    _enum: {
      Bool: "bool",
      U16: "Compact<u16>",
      U32: "Compact<u32>",
      U64: "Compact<u64>",
      U128: "Compact<u128>",
      TaoBalance: "Compact<u64>",
      I32F32: "I32F32",
      U64F64: "U64F64",
    },
  },
  HyperparamEntry: { name: "Bytes", value: "HyperparamValue" },
};

Deno.test("hyperparameters that come as a list of names are read by their names, of each kind of value", async () => {
  const entry = (name: string, value: unknown) => ({ name: `0x${toHex(utf8(name))}`, value });
  const answer = [
    entry("kappa", { U16: 32767 }),
    entry("registration_allowed", { Bool: true }),
    entry("weights_version", { U64: 2n ** 63n }),
    entry("min_burn", { TaoBalance: 500_000n }),
    entry("alpha_sigmoid_steepness", { I32F32: { bits: 1000n << 32n } }),
    entry("burn_increase_mult", { U64F64: { bits: 2n << 64n } }),
  ];
  const type = "Option<Vec<HyperparamEntry>>";
  const view = viewOf(500, SUBNET, {
    types: TYPES,
    functions: { subnetInfoRuntimeApi: { getSubnetHyperparamsV3: [type, answer] } },
  });
  assert.deepEqual([...await readHyperparameters(view, 1)], [
    ["kappa", 32767n],
    ["registration_allowed", true],
    ["weights_version", 2n ** 63n],
    ["min_burn", 500_000n],
    ["alpha_sigmoid_steepness", 1000n],
    ["burn_increase_mult", 2n],
  ]);
});

Deno.test("a runtime without a metagraph is asked for its list of neurons", async () => {
  const axon = { ip: "u128", port: "u16", ipType: "u8" };
  const neuron = {
    ...{ hotkey: "AccountId32", coldkey: "AccountId32", active: "bool", axonInfo: "Axon" },
    ...{ stake: "Vec<(AccountId32, Compact<u64>)>", emission: "Compact<u64>", incentive: "Compact<u16>" },
    ...{ consensus: "Compact<u16>", dividends: "Compact<u16>", lastUpdate: "Compact<u64>" },
    validatorPermit: "bool",
  };
  const [alice, bob] = ["//Alice", "//Bob"].map((name) => devAccount(name).address);
  const answer = [{
    ...{ hotkey: alice, coldkey: bob, active: true, axonInfo: { ip: 0x7f000001, port: 9, ipType: 4 } },
    ...{ stake: [[alice, 5n], [bob, 6n]], emission: 7n, incentive: 8, consensus: 9, dividends: 10 },
    ...{ lastUpdate: 11n, validatorPermit: true },
  }];
  const view = viewOf(500, SUBNET, {
    types: { Axon: axon, Neuron: neuron },
    functions: { neuronInfoRuntimeApi: { getNeuronsLite: ["Vec<Neuron>", answer] } },
  });
  assert.deepEqual(await metagraphOfRuntime(view, 1), [{
    ...{ uid: 0, hotkey: alice, coldkey: bob, hasValidatorPermit: true, lastUpdateBlock: 11 },
    ...{ axon: { ip: "127.0.0.1", port: 9 }, stake: 11n, emission: 7n, isActive: true, consensus: 9 },
    ...{ incentive: 8, dividends: 10, validatorTrust: 0, rank: 0, trust: 0 },
  }]);
  assert.equal(await metagraphOfRuntime(viewOf(500, SUBNET), 1), undefined);
});
