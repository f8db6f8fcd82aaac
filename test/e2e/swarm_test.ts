/** The main job, whole path: a swarm of real processes trains one model, with and without losing a miner. */
import { strict as assert } from "node:assert";
import { type Event, type Program, readWeightsByScript, withPrograms } from "./testnet.ts";

interface Summary {
  adapter: string;
  rounds: {
    outerStep: number;
    root: string;
    members: number;
    wireBytes: number;
    encodedBytes: number;
    rawBytes: number;
    validationLoss: number;
  }[];
  nodes: { role: string; hotkey: string; roots: (string | null)[] }[];
  weights: Record<string, number>;
  initialValidationLoss: number;
}

const isRound = (hotkey: unknown, outerStep: number) => (event: Event) =>
  event.event === "round" && event.hotkey === hotkey && event.outerStep === outerStep;

async function spawned(program: Program, name: string): Promise<Event> {
  return await program.waitFor(`spawn of ${name}`, (e) => e.event === "spawn" && e.name === name);
}

Deno.test("three miners and a validator commit four rounds with equal roots and falling loss", async () => {
  await withPrograms(async (start) => {
    const up = start([
      "up",
      "--miners",
      "3",
      "--validators",
      "1",
      "--rounds",
      "4",
      "--chain-port",
      "9961",
      "--json",
    ]);
    const status = await up.status;
    const summary = up.events.at(-1) as unknown as Summary;
    assert.equal(status.code, 0, up.stderr);
    assert.deepEqual(summary.rounds.map((round) => round.outerStep), [1, 2, 3, 4]);
    let previousLoss = summary.initialValidationLoss;
    for (const [k, round] of summary.rounds.entries()) {
      assert.equal(round.members, 3);
      assert.equal(summary.nodes.length, 4);
      for (const node of summary.nodes) {
        assert.equal(node.roots[k], round.root, `${node.role} after step ${k + 1}`);
      }
      assert.ok(round.validationLoss < previousLoss, `loss ${previousLoss} → ${round.validationLoss}`);
      assert.ok(round.wireBytes > round.encodedBytes && round.encodedBytes < round.rawBytes / 3.9);
      previousLoss = round.validationLoss;
    }
    assert.ok(previousLoss < summary.initialValidationLoss - 1.5, `ended at ${previousLoss}`);
    for (const node of summary.nodes.filter((node) => node.role === "miner")) {
      assert.ok(summary.weights[node.hotkey] > 0, `weight of ${node.hotkey}`);
    }
  });
});

Deno.test("a miner killed in mid-round is missed by nobody, loses weight, and comes back", async () => {
  await withPrograms(async (start) => {
    const up = start([
      "up",
      "--miners",
      "3",
      "--validators",
      "1",
      "--rounds",
      "7",
      "--chain-port",
      "9962",
      "--json",
    ]);
    const chain = await up.waitFor("chain", (e) => e.event === "spawn" && e.role === "chain");
    const [victim, survivor] = [await spawned(up, "miner-3"), await spawned(up, "miner-1")];
    await up.waitFor("round 1", isRound(survivor.hotkey, 1));
    await up.waitFor("weights of round 1", (e) => e.event === "weights-set" && Number(e.outerStep) >= 1);
    const before = await readWeightsByScript(String(chain.url));
    await up.waitFor(
      "the victim training in round 2",
      (e) => e.event === "step" && e.hotkey === victim.hotkey && e.outerStep === 2,
    );
    Deno.kill(Number(victim.pid), "SIGKILL");
    const exit = await up.waitFor("exit event", (e) => e.event === "exit" && e.hotkey === victim.hotkey);
    assert.equal(exit.signal, "SIGKILL");
    const third = await up.waitFor("round 3", isRound(survivor.hotkey, 3));
    assert.equal(third.members, 2);
    await up.waitFor("weights of round 3", (e) => e.event === "weights-set" && Number(e.outerStep) >= 3);
    const after = await readWeightsByScript(String(chain.url));
    assert.ok(before[String(victim.hotkey)] > 0);
    assert.ok(
      (after[String(victim.hotkey)] ?? 0) < before[String(victim.hotkey)],
      JSON.stringify({ before, after }),
    );

    const again = start(["miner", "--chain", String(chain.url), "--home", String(victim.home), "--json"]);
    const joined = await again.waitFor("a round with the restarted miner", (e) => e.event === "round");
    const same = await up.waitFor(
      "the same round elsewhere",
      isRound(survivor.hotkey, Number(joined.outerStep)),
    );
    assert.equal(joined.root, same.root);
    await again.waitFor(
      "membership",
      (e) => e.event === "round" && Number(e.members) === 3 && Number(e.sentBytes) > 0,
    );
    assert.equal((await up.status).code, 0, up.stderr);
  });
});
