/**
 * Vectors of the runtime's own epoch tests: inputs and expected numbers of pallets/subtensor/src/tests/epoch.rs at spec
 * 293, named in each. Where that file tells an epoch's numbers in a comment they are held to, too, unless the runtime has
 * changed since they were written down.
 */
import { strict as assert } from "node:assert";
import { SmallSubnet } from "./small_subnet.ts";

const WHOLE = 65535;
/** A tempo so long that no epoch has been before. */
const NEVER = 65534;
const zeros = (count: number) => new Array(count).fill(0);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

Deno.test("one neuron that weighs itself earns by its stake alone (test_1_graph)", () => {
  const subnet = new SmallSubnet([1_000_000_000], { tempo: NEVER });
  subnet.block = 1;
  subnet.setWeights(0, [[0, WHOLE]]);
  const { rank, trust, consensus, incentive, dividends, emissionRao } = subnet.epoch();
  for (const values of [rank, trust, consensus, incentive, dividends]) assert.deepEqual(values, [0]);
  assert.deepEqual(emissionRao, [1_000_000_000n]);
});

Deno.test("ten neurons that weigh themselves share by stake (test_10_graph)", () => {
  const subnet = new SmallSubnet(new Array(10).fill(1), { tempo: NEVER });
  subnet.block = 1;
  for (const uid of range(0, 10)) subnet.setWeights(uid, [[uid, WHOLE]]);
  const { rank, trust, consensus, incentive, dividends, emissionRao } = subnet.epoch();
  for (const values of [rank, trust, consensus, incentive, dividends]) assert.deepEqual(values, zeros(10));
  assert.deepEqual(emissionRao, new Array(10).fill(99_999_999n));
});

Deno.test("64 validators that weigh 448 servers alike, in either order, with servers that weigh themselves or not (test_512_graph)", () => {
  for (const isInterleaved of [false, true]) {
    for (const doServersWeigh of [false, true]) {
      const isValidator = (uid: number) => isInterleaved ? uid % 8 === 0 : uid < 64;
      const uids = range(0, 512);
      const [validators, servers] = [uids.filter(isValidator), uids.filter((uid) => !isValidator(uid))];
      const subnet = new SmallSubnet(uids.map((uid) => isValidator(uid) ? 328_125_000_000_000 : 0), {
        tempo: NEVER,
        maxAllowedValidators: 64,
      });
      subnet.epoch();
      subnet.block = 1;
      for (const uid of validators) {
        subnet.setWeights(uid, servers.map((server) => [server, WHOLE]));
      }
      if (doServersWeigh) { for (const uid of servers) subnet.setWeights(uid, [[uid, WHOLE]]); }
      subnet.epoch();
      subnet.epoch();
      const after = subnet.epoch();
      const all = (of: (uid: number) => unknown, among: number[]) => [...new Set(among.map(of))];
      for (const values of [after.rank, after.trust, after.consensus, after.incentive]) {
        assert.deepEqual(all((uid) => values[uid], validators), [0]);
      }
      assert.deepEqual(all((uid) => after.dividends[uid], validators), [1023]);
      assert.deepEqual(all((uid) => after.emissionRao[uid], validators), [7_812_500n]);
      assert.deepEqual(all((uid) => subnet.bond(uid, validators[0]), validators), [0]);
      assert.deepEqual(all((uid) => subnet.bond(uid, servers[0]), validators), [65535]);
      for (const values of [after.rank, after.consensus, after.incentive]) {
        assert.deepEqual(all((uid) => values[uid], servers), [146]);
      }
      assert.deepEqual(all((uid) => after.trust[uid], servers), [65535]);
      assert.deepEqual(all((uid) => after.dividends[uid], servers), [0]);
      assert.deepEqual(all((uid) => after.emissionRao[uid], servers), [1_116_071n]);
      assert.deepEqual(all((uid) => subnet.bond(uid, servers[0]), servers), [0]);
    }
  }
});

Deno.test("only who has set weights within the cutoff counts (test_active_stake)", () => {
  const halves = [[2, WHOLE], [3, WHOLE]] as const;
  const subnet = new SmallSubnet([1, 1, 1, 1], { maxAllowedValidators: 4 });
  subnet.epoch();
  subnet.block = 1;
  for (const uid of [0, 1]) subnet.setWeights(uid, halves);
  const first = subnet.epoch();
  assert.deepEqual(first.dividends.slice(0, 2), [32767, 32767]);
  assert.deepEqual(first.emissionRao, new Array(4).fill(250_000_000n));
  for (const uid of [0, 1]) {
    assert.deepEqual([0, 1, 2, 3].map((server) => subnet.bond(uid, server)), [0, 0, 65535, 65535]);
  }

  subnet.block = 5002;
  subnet.setWeights(0, halves);
  const second = subnet.epoch();
  assert.deepEqual(second.active, [true, false, false, false]);
  assert.deepEqual(second.dividends, [36044, 29490, 0, 0]);
  assert.deepEqual(second.emissionRao, [274_999_999n, 224_999_999n, 250_000_000n, 250_000_000n]);
  assert.deepEqual([subnet.bond(0, 2), subnet.bond(1, 2), subnet.bond(1, 3)], [65535, 53619, 53619]);

  subnet.setWeights(1, halves);
  subnet.block = 5003;
  const third = subnet.epoch();
  assert.deepEqual(third.dividends, [35716, 29818, 0, 0]);
  assert.deepEqual(third.emissionRao, [272_501_132n, 227_498_866n, 250_000_000n, 250_000_000n]);
  assert.deepEqual([subnet.bond(0, 2), subnet.bond(1, 2), subnet.bond(1, 3)], [65535, 54712, 54712]);
});

Deno.test("weights set before a neuron came do not reach it (test_outdated_weights)", () => {
  const subnet = new SmallSubnet([1, 1, 1, 1], { tempo: 0, maxAllowedValidators: 4 });
  subnet.epoch();
  subnet.block = 1;
  for (const uid of [0, 1]) subnet.setWeights(uid, [[2, 65535], [3, 32768]]);
  for (const uid of [2, 3]) subnet.setWeights(uid, [[uid, WHOLE]]);
  const first = subnet.epoch();
  assert.deepEqual(first.emissionRao, [250_000_000n, 250_000_000n, 333_331_637n, 166_668_361n]);
  assert.deepEqual(first.incentive, [0, 0, 43689, 21845]);
  subnet.replace(3);
  subnet.block = 2;
  subnet.setWeights(0, [[2, 65535], [3, 32768]]);
  const second = subnet.epoch();
  assert.equal(second.dividends[0], 32767);
  assert.deepEqual(second.emissionRao, [250_000_000n, 250_000_000n, 500_000_000n, 0n]);
  assert.deepEqual(second.pruningScores, [32768, 32768, 65535, 0]);
  assert.deepEqual([subnet.bond(0, 2), subnet.bond(0, 3)], [65535, 65535]);
});

Deno.test("without weights that count, all goes to stake (test_zero_weights)", () => {
  const subnet = new SmallSubnet([1, 0], { tempo: NEVER });
  const none = subnet.epoch();
  assert.deepEqual(none.emissionRao, [1_000_000_000n, 0n]);
  subnet.block = 1;
  subnet.setWeights(1, [[1, WHOLE]]);
  assert.deepEqual(subnet.epoch().emissionRao, [1_000_000_000n, 0n]);
  subnet.block = 2;
  subnet.setWeights(0, [[1, WHOLE]]);
  subnet.replace(1);
  assert.deepEqual(subnet.epoch().emissionRao, [1_000_000_000n, 0n]);
  subnet.block = 3;
  subnet.setWeights(0, [[1, WHOLE]]);
  assert.deepEqual(subnet.epoch().emissionRao, [500_000_000n, 500_000_000n]);
});

Deno.test("permits go to the most stake, and wander with it (test_validator_permits)", () => {
  for (const [neuronCount, validatorCount] of [[2, 1], [4, 2], [8, 4]]) {
    for (const isInterleaved of [false, true]) {
      for (const isOneEach of [true, false]) {
        const isValidator = (uid: number) => isInterleaved ? uid % 2 === 0 : uid < validatorCount;
        const stakes = range(0, neuronCount).map((uid) =>
          isOneEach ? Number(isValidator(uid)) : isValidator(uid) ? uid + neuronCount : uid
        );
        const subnet = new SmallSubnet(stakes, {
          maxAllowedValidators: validatorCount,
          stakeThresholdRao: BigInt(validatorCount),
        });
        const expected = stakes.map((stake, uid) => isValidator(uid) && stake >= validatorCount);
        assert.deepEqual(subnet.epoch().validatorPermit, expected);
        subnet.neurons.forEach((neuron, uid) => {
          if (!isValidator(uid)) neuron.stakeRao += BigInt(2 * neuronCount);
        });
        subnet.block = 1;
        assert.deepEqual(subnet.epoch().validatorPermit, stakes.map((_, uid) => !isValidator(uid)));
      }
    }
  }
});

Deno.test("who comes new on a uid inherits no bonds (test_deregistered_miner_bonds)", () => {
  const subnet = new SmallSubnet([1, 1, 1, 1], { tempo: 2, maxAllowedValidators: 4 });
  const weigh = () => [0, 1].forEach((uid) => subnet.setWeights(uid, [[2, 65535], [3, 32768]]));
  subnet.epoch();
  subnet.block = 1;
  weigh();
  subnet.block = 3;
  subnet.epoch();
  const before = [subnet.bond(0, 2), subnet.bond(0, 3)];
  assert.ok(before[0] > 0 && before[1] > 0);
  subnet.block = 4;
  subnet.replace(3);
  weigh();
  subnet.block = 5;
  subnet.epoch();
  assert.ok(subnet.bond(0, 2) >= before[0] && subnet.bond(0, 3) <= before[1]);
});

Deno.test("the owner's neuron may weigh itself, no other may (test_can_set_self_weight_as_subnet_owner)", () => {
  const incentives = [0, undefined].map((ownerUid) => {
    const subnet = new SmallSubnet([5_000_000_000_000, 0], { ownerUid });
    subnet.neurons[0].hasPermit = true;
    subnet.block = 2;
    subnet.setWeights(0, [[0, 32767], [1, 32767]]);
    return subnet.epoch().serverEmissionRao;
  });
  const [owned, unowned] = incentives;
  assert.ok(owned[0] > 0n);
  assert.equal(owned[0], owned[1]);
  assert.equal(unowned[0], 0n);
});

Deno.test("a sole staker without weights gets all but dust (test_epoch_outputs_single_staker_registered_no_weights)", () => {
  const { serverEmissionRao, validatorEmissionRao } = new SmallSubnet([1]).epoch();
  const handedOut = serverEmissionRao[0] + validatorEmissionRao[0];
  assert.ok(handedOut > 1_000_000_000n - 1_000n && handedOut <= 1_000_000_000n);
});

Deno.test("an empty subnet has an empty epoch", () => {
  const { emissionRao, bonds, pruningScores } = new SmallSubnet([]).epoch();
  assert.deepEqual([emissionRao, bonds, pruningScores], [[], [], []]);
});
