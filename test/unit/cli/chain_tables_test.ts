import assert from "node:assert/strict";
import type { Neuron } from "../../../src/chain/metagraph.ts";
import type { Subnet } from "../../../src/chain/subnets.ts";
import { jsonText } from "../../../src/cli/json_text.ts";
import { renderMetagraph } from "../../../src/cli/metagraph_table.ts";
import { commitmentFrom, renderCommitments } from "../../../src/cli/publish/publish_commitment.ts";
import { renderStakes } from "../../../src/cli/stake/list_stakes.ts";
import { renderHyperparameters, renderSubnets } from "../../../src/cli/subnet/show_subnets.ts";
import { parseScores, scoreFlag } from "../../../src/cli/weights/scores.ts";
import { renderWeights } from "../../../src/cli/weights/show_weights.ts";

const ALICE = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
const BOB = "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty";

const neuron: Neuron = {
  ...{ uid: 0, hotkey: ALICE, coldkey: BOB, commitment: null, hasValidatorPermit: true, lastUpdateBlock: 90 },
  ...{ axon: { ip: "2001:db8::1", port: 8091 }, stake: 12_345_600_000n, emission: 1n, isActive: true },
  ...{ consensus: 65535, incentive: 32768, dividends: 0, validatorTrust: 65535, rank: 0, trust: 0 },
};

Deno.test("the metagraph is a table by uid", () => {
  const text = renderMetagraph({
    netuid: 3,
    block: 100,
    neurons: [neuron, { ...neuron, uid: 1, axon: null, hasValidatorPermit: false, lastUpdateBlock: 0 }],
  });
  const [title, , first, second] = text.split("\n");
  assert.equal(title, "subnet 3 at block 100, 2 neurons");
  assert.equal(
    first.split(/ +/).join(" "),
    "0 5Grwva…utQY 5FHneW…94ty [2001:db8::1]:8091 12.3456 1.0000 0.0000 1.0000 0.5000 0.0000 <0.0001 yes 10",
  );
  assert.match(second, /^1 .*–.* –\s+–$/);
  assert.equal(renderMetagraph({ netuid: 3, block: 1, neurons: [] }), "subnet 3 at block 1, 0 neurons");
});

Deno.test("JSON has amounts as decimal strings, bytes in hexadecimal, maps as objects", () => {
  const value = {
    rao: 2n ** 64n - 1n,
    bytes: Uint8Array.of(1, 255),
    weights: new Map([[0, new Map([[1, 2]])]]),
  };
  assert.equal(jsonText(value), '{"rao":"18446744073709551615","bytes":"0x01ff","weights":{"0":{"1":2}}}');
});

Deno.test("subnets, hyperparameters and stakes are told line by line", () => {
  const subnet: Subnet = {
    ...{
      netuid: 2,
      name: "skein",
      owner: ALICE,
      ownerHotkey: BOB,
      neuronCount: 1,
      maxNeurons: 256,
      tempo: 360,
    },
    ...{ registrationCost: 100_000_000n, isRegistrationOpen: true, isCommitReveal: true, isStarted: false },
    registeredAtBlock: 7,
  };
  const closed = { ...subnet, netuid: 3, name: "", owner: "", isRegistrationOpen: false };
  const rows = renderSubnets([subnet, closed]).split("\n").map((row) => row.split(/ +/).join(" ").trim());
  assert.deepEqual(rows.slice(1), [
    "2 skein 5Grwva…utQY 1/256 360 0.1 committed no",
    "3 – – 1/256 360 closed committed no",
  ]);
  assert.equal(
    renderHyperparameters(new Map<string, bigint | boolean>([["rho", 10n], ["open", true]])),
    "rho   10\nopen  true",
  );
  assert.match(
    renderStakes(ALICE, [{
      netuid: 1,
      hotkey: BOB,
      amount: 1_500_000_000n,
      stakersEmission: 0n,
      isRegistered: false,
    }]),
    /1 +5FHneW\w+ +no +1\.5 +0$/,
  );
  assert.match(renderStakes(ALICE, []), /nothing/);
});

Deno.test("weights are a matrix of shares, or rows where it would be too wide", () => {
  const rows = renderWeights(1, new Map([[0, new Map([[1, 65535], [2, 65535]])], [5, new Map([[2, 1]])]]))
    .split("\n");
  assert.deepEqual(rows.map((row) => row.split(/ +/).join(" ")), [
    "validator 1 2",
    "0 0.5000 0.5000",
    "5 – 1.0000",
  ]);
  const wide = new Map(Array.from({ length: 40 }, (_, uid) => [uid, 1] as const));
  assert.match(renderWeights(1, new Map([[7, wide]])), /^7: 0=0\.0250 1=0\.0250 /);
  assert.match(renderWeights(1, new Map()), /nobody/);
});

Deno.test("scores come from flags, no uid twice, or from a file of JSON", () => {
  assert.deepEqual(scoreFlag("4=3e-1", scoreFlag("3=0.7", undefined)), new Map([[3, 0.7], [4, 0.3]]));
  for (
    const text of [
      "",
      "3",
      "3=",
      "=1",
      "3=-1",
      "3=x",
      "65536=1",
      "03=1",
      "1.5=1",
      "3=Infinity",
      "3=1=2",
      "3= 1",
    ]
  ) {
    assert.throws(() => scoreFlag(text, undefined), /like 3=0\.7/, text);
  }
  assert.throws(() => scoreFlag("3=1", new Map([[3, 0]])), /given before/);
  assert.deepEqual(parseScores('{"3": 0.7, "4": 0}', "f"), new Map([[3, 0.7], [4, 0]]));
  for (
    const text of [
      "",
      "[]",
      "null",
      "3",
      '{"x":1}',
      '{"-1":1}',
      '{"3":"1"}',
      '{"3":-1}',
      '{"3":null}',
      '{"3":1e999}',
    ]
  ) {
    assert.throws(
      () => parseScores(text, "scores.json"),
      /read scores from scores\.json: .* is required/,
      text,
    );
  }
});

Deno.test("a commitment is one of text, bytes and file, and no more than a chain takes", async () => {
  assert.deepEqual(await commitmentFrom({ text: "é" }), Uint8Array.of(0xc3, 0xa9));
  assert.deepEqual(await commitmentFrom({ hex: "0x00ff" }), Uint8Array.of(0, 255));
  const bad = [{}, { text: "" }, { text: "a", hex: "00" }, { hex: "0" }, { hex: "xy" }, {
    text: "x".repeat(513),
  }];
  for (const source of [...bad, { file: "/nonexistent" }]) {
    await assert.rejects(commitmentFrom(source), /publish|read --hex/, JSON.stringify(source));
  }
});

Deno.test("what strangers publish is shown as text only where it cannot play with the terminal", () => {
  const of = (bytes: Uint8Array) => renderCommitments(1, [{ uid: 0, hotkey: ALICE, commitment: bytes }]);
  const utf8 = (text: string) => new TextEncoder().encode(text);
  assert.equal(of(utf8("hello")), "0  5Grwva…utQY  hello");
  for (const bytes of [utf8("\x1b[2J"), utf8("a\nb"), utf8("\u202etxt"), Uint8Array.of(0xff)]) {
    assert.match(of(bytes), / {2}0x[0-9a-f]+$/);
  }
});
