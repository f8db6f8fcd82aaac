/** What later runtimes answer in other shapes, by their source: nobody recorded them. */
import { strict as assert } from "node:assert";
import { toHex, utf8 } from "../../../src/base/bytes.ts";
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
