/** Our calls, held against those that a chain with the real runtime took, byte for byte, and against a later runtime's metadata. */
import { strict as assert } from "node:assert";
import type { ApiPromise } from "@polkadot/api";
import { fromHex, utf8 } from "../../../src/base/bytes.ts";
import { axonCall } from "../../../src/chain/axon.ts";
import {
  addStakeCall,
  buildCall,
  type Call,
  commitTimelockedCall,
  commitWeightsCall,
  createSubnetCall,
  registerCall,
  removeStakeCall,
  revealWeightsCall,
  serveAxonCall,
  setCommitmentCall,
  setWeightsCall,
  startSubnetCall,
  transferCall,
} from "../../../src/chain/calls.ts";
import { publicKeyOf } from "../../../src/chain/sr25519.ts";
import { weightsCommitHash } from "../../../src/chain/timelock/mod.ts";
import { offlineApi } from "./offline_api.ts";
import { metadataSpec293, metadataSpec393, recordedSession } from "./recorded.ts";

const NETUID = 2;
const VALIDATOR = "5G7HzgVwt1mDYfAfULdukJiCRcGmbGLWWLYWkubXcqcfEgGs";
const SALT = [1, 2, 3, 4, 5, 6, 7, 8];
const TAO = 10n ** 9n;
/** Sent by the chain's own key, which no user has. */
const NOT_OURS = ["sudo"];

Deno.test("each call of the recorded session is the one that we build for the same intent, byte for byte", async () => {
  const api = await offlineApi(metadataSpec293(), 293);
  const seen = new Map<string, number>();
  for (const { d, m } of recordedSession()) {
    if (d !== ">" || m.method !== "author_submitAndWatchExtrinsic") continue;
    const recorded: any = api.registry.createType("Extrinsic", m.params[0]);
    const { method, section } = recorded.method;
    seen.set(method, (seen.get(method) ?? 0) + 1);
    if (NOT_OURS.includes(section)) continue;
    const ours = callFor(api, method, recorded.method.args);
    assert.equal(ours.method.toHex(), recorded.method.toHex(), `${section}.${method}`);
  }
  assert.deepEqual([...seen.keys()].sort(), [
    "addStake",
    "burnedRegister",
    "commitCrv3Weights",
    "commitWeights",
    "registerNetwork",
    "revealWeights",
    "serveAxon",
    "setCommitment",
    "setWeights",
    "startCall",
    "sudo",
    "transferKeepAlive",
  ]);
});

/** What the operator wanted, read from the recorded arguments, handed to our builder in our own types. */
function callFor(api: ApiPromise, method: string, args: any[]): Call {
  const numbers = (value: any): number[] => value.toJSON();
  switch (method) {
    case "transferKeepAlive":
      return transferCall(api, args[0].toString(), args[1].toBigInt());
    case "registerNetwork":
      return createSubnetCall(api, args[0].toString());
    case "startCall":
      return startSubnetCall(api, args[0].toNumber());
    case "burnedRegister":
      return registerCall(api, args[0].toNumber(), args[1].toString());
    case "addStake":
      return addStakeCall(api, args[1].toNumber(), args[0].toString(), args[2].toBigInt());
    case "serveAxon": {
      const ip = [24n, 16n, 8n, 0n].map((shift) => Number((args[2].toBigInt() >> shift) & 255n)).join(".");
      return serveAxonCall(api, NETUID, axonCall({ ip, port: args[3].toNumber() }, { isLocal: true }));
    }
    case "setCommitment":
      return setCommitmentCall(api, NETUID, args[1].fields[0].value.toU8a(true));
    case "setWeights": {
      const weights = { uids: numbers(args[1]), values: numbers(args[2]) };
      return setWeightsCall(api, NETUID, weights, args[3].toBigInt());
    }
    case "commitWeights": {
      // Revealed later in the session: 10 and 30 on the miners.
      const weights = { uids: [2, 3], values: [10, 30], salt: SALT, versionKey: 0n };
      const hotkey = publicKeyOf(VALIDATOR);
      return commitWeightsCall(api, NETUID, weightsCommitHash({ hotkey, netuid: NETUID, ...weights }));
    }
    case "revealWeights": {
      const [, uids, values, salt, versionKey] = args;
      const weights = { uids: numbers(uids), values: numbers(values), salt: numbers(salt) };
      return revealWeightsCall(api, NETUID, { ...weights, versionKey: versionKey.toBigInt() });
    }
    case "commitCrv3Weights": {
      const locked = { commit: fromHex(args[1].toHex()), revealRound: args[2].toNumber() };
      return commitTimelockedCall(api, NETUID, { ...locked, commitRevealVersion: 4 });
    }
  }
  throw new Error(`${method} was recorded, no call of ours is meant by it`);
}

const ANYONE = VALIDATOR;
const WEIGHTS = { uids: [0, 5], values: [65535, 7] };
const OURS: Readonly<Record<string, (api: ApiPromise) => Call>> = {
  transfer: (api) => transferCall(api, ANYONE, 3n * TAO),
  "create a subnet": (api) => createSubnetCall(api, ANYONE),
  "start a subnet": (api) => startSubnetCall(api, 7),
  register: (api) => registerCall(api, 7, ANYONE),
  "register at a price": (api) => registerCall(api, 7, ANYONE, 2n * TAO),
  stake: (api) => addStakeCall(api, 7, ANYONE, TAO),
  unstake: (api) => removeStakeCall(api, 7, ANYONE, TAO),
  "serve an axon, IPv4": (api) =>
    serveAxonCall(api, 7, axonCall({ ip: "203.0.113.9", port: 9 }, { isLocal: false })),
  "serve an axon, IPv6": (api) =>
    serveAxonCall(api, 7, axonCall({ ip: "2001:db8::9", port: 9 }, { isLocal: false })),
  "commit to 0 bytes": (api) => setCommitmentCall(api, 7, new Uint8Array(0)),
  "commit to 128 bytes": (api) => setCommitmentCall(api, 7, new Uint8Array(128).fill(7)),
  "commit to 129 bytes": (api) => setCommitmentCall(api, 7, new Uint8Array(129).fill(7)),
  "set weights": (api) => setWeightsCall(api, 7, WEIGHTS, 3n),
  "commit weights": (api) => commitWeightsCall(api, 7, new Uint8Array(32).fill(9)),
  "reveal weights": (api) => revealWeightsCall(api, 7, { ...WEIGHTS, salt: SALT, versionKey: 3n }),
  "timelock weights": (api) =>
    commitTimelockedCall(api, 7, { commit: utf8("locked"), revealRound: 12_345_678, commitRevealVersion: 4 }),
};
const CALLED_293: Readonly<Record<string, string>> = {
  "timelock weights": "commitCrv3Weights(netuid, commit, revealRound)",
};
const CALLED_393: Readonly<Record<string, string>> = {
  "timelock weights": "commitTimelockedWeights(netuid, commit, revealRound, commitRevealVersion)",
};

for (
  const [version, metadata, called] of [
    [293, metadataSpec293, CALLED_293],
    [393, metadataSpec393, CALLED_393],
  ] as const
) {
  Deno.test(`for spec ${version} every call of ours is one that its metadata has, and decodes to what we meant`, async () => {
    const api = await offlineApi(metadata(), version);
    for (const [intent, build] of Object.entries(OURS)) {
      const call = build(api);
      const decoded: any = api.registry.createType("Call", call.method.toHex());
      assert.equal(decoded.toHex(), call.method.toHex(), intent);
      assert.deepEqual(decoded.toJSON(), call.method.toJSON(), intent);
      const names = decoded.meta.args.map(({ name }: any) => String(name)).join(", ");
      if (called[intent]) assert.equal(`${decoded.method}(${names})`, called[intent]);
    }
  });
}

Deno.test("arguments arrive under their names: amounts, keys, addresses of both kinds", async () => {
  for (const [metadata, version] of [[metadataSpec293(), 293], [metadataSpec393(), 393]] as const) {
    const api = await offlineApi(metadata, version);
    const argsOf = (call: Call) => call.method.toHuman() as any;
    const human = (intent: string) => argsOf(OURS[intent](api)).args;
    assert.deepEqual(human("stake"), { hotkey: ANYONE, netuid: "7", amount_staked: "1,000,000,000" });
    assert.equal(human("unstake").amount_unstaked, "1,000,000,000");
    assert.equal(human("serve an axon, IPv4").ip, (0xcb007109).toLocaleString("en-US"));
    assert.equal(human("serve an axon, IPv4").ip_type, "4");
    assert.equal(human("serve an axon, IPv6").ip_type, "6");
    assert.deepEqual(human("set weights"), {
      netuid: "7",
      dests: ["0", "5"],
      weights: ["65,535", "7"],
      version_key: "3",
    });
    assert.deepEqual(Object.keys(human("commit to 129 bytes").info.fields[0]), ["BigRaw"]);
  }
});

Deno.test("a call, or an argument of it, that the runtime wants and we do not know is named", async () => {
  const api = await offlineApi(metadataSpec293(), 293);
  const code = "chain/unsupported-runtime";
  assert.throws(() => buildCall(api, "subtensorModule", ["rentSubnet"], {}), {
    code,
    message: /node-subtensor 293: it has no call subtensorModule\.rentSubnet/,
  });
  assert.throws(() => buildCall(api, "subtensorModule", ["burnedRegister"], { netuid: 1 }), {
    code,
    message: /subtensorModule\.burned_register's argument hotkey/,
  });
});
