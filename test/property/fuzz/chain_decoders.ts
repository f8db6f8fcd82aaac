/** What the chain hands on from strangers, key files, and what a client sends to the local development chain. */
import { concatBytes, utf8 } from "../../../src/base/bytes.ts";
import type { Random } from "../../../src/base/random.ts";
import { decodeAnnouncement, encodeAnnouncement } from "../../../src/chain/commitment.ts";
import { bodyType, headerType } from "../../../src/chain/devnet/blocks/block.ts";
import { multiAddress, multiSignature } from "../../../src/chain/devnet/pallets/common_types.ts";
import { decodeTransaction, explicitType } from "../../../src/chain/devnet/runtime/extrinsic.ts";
import { runtimeCall } from "../../../src/chain/devnet/runtime/runtime.ts";
import { decodeValue, encodeValue } from "../../../src/chain/scale/scale_type.ts";
import { bytes } from "../../../src/chain/scale/primitive_types.ts";
import { formatKeyFile, parseKeyFile, secretFromPhrase } from "../../../src/chain/wallet/key_file.ts";
import { decodeMultiaddr, encodeMultiaddr } from "../../../src/chain/multiaddr_bytes.ts";
import {
  beaconPublicKey,
  decodeWeightsPayload,
  encodeWeightsPayload,
  signRound,
  timelockDecrypt,
  timelockEncrypt,
} from "../../../src/chain/timelock/mod.ts";
import { openBox, sealBox } from "../../../src/chain/wallet/sealed_key.ts";
import { cryptoReady, devAccount, verifySignature } from "../../../src/chain/wallet/wallet.ts";
import { type Decoder, structuredBound } from "./decoder.ts";
import { randomBytes } from "./mutate_bytes.ts";

const PHRASE = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
const PEER_ID = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN";
const ADDRS = [
  "/ip4/203.0.113.9/tcp/4001",
  "/ip6/2001:db8::1/udp/4001/webrtc-direct/certhash/uEiAkH5a4DPGKUuOBjYw0CgwjvcJCJMD2K_1aluKR_tpevQ",
  "/dns4/example.org/tcp/443/wss",
];

function addressDecoders(): Decoder[] {
  const announcement = (role: "miner" | "validator", addrs: string[]) =>
    encodeAnnouncement({ role, peerId: PEER_ID, addrs });
  return [
    {
      name: "chain: commitment",
      format: "bytes",
      examples: [announcement("miner", ADDRS.slice(0, 1)), announcement("validator", ADDRS.slice(1, 2))],
      random: (random) => concatBytes(Uint8Array.of(0xa1, random.nextBelow(2)), randomBytes(random, 100)),
      decode: decodeAnnouncement,
      allocationBytes: structuredBound(),
    },
    {
      name: "chain: multiaddr",
      format: "bytes",
      examples: ADDRS.map((addr) => encodeMultiaddr(addr)!),
      decode: (input) => {
        const text = decodeMultiaddr(input);
        return text === undefined ? undefined : encodeMultiaddr(text);
      },
      allocationBytes: structuredBound(),
      share: 0.5,
    },
  ];
}

/** A signature, its signer's address and what was signed: none of it may throw. */
function signatureDecoder(): Decoder {
  const address = utf8(devAccount("//Alice").address);
  return {
    name: "chain: signature and address",
    format: "bytes",
    examples: [concatBytes(new Uint8Array(64).fill(1), address)],
    decode: (input) =>
      verifySignature(new TextDecoder().decode(input.subarray(64)), input, input.slice(0, 64)),
    allocationBytes: structuredBound(),
    share: 0.02,
  };
}

function keyFileDecoder(): Decoder {
  const withPhrase = formatKeyFile(secretFromPhrase(PHRASE));
  const { accountId: _, secretPhrase: __, secretSeed: ___, ...bare } = JSON.parse(withPhrase);
  const files = [withPhrase, JSON.stringify(bare)].map(utf8);
  return {
    name: "chain: key file",
    format: "json",
    examples: files,
    decode: (input) => parseKeyFile(input, "fuzzed"),
    allocationBytes: structuredBound(1024 * 1024),
    share: 0.02,
  };
}

/** An encrypted key file, once its password's key is known. */
function sealedKeyDecoder(): Decoder {
  const key = new Uint8Array(32).fill(7);
  return {
    name: "chain: encrypted key file",
    format: "bytes",
    examples: [sealBox(utf8(formatKeyFile(secretFromPhrase(PHRASE))), key, new Uint8Array(24))],
    decode: (input) => openBox(input, key, "fuzzed"),
    allocationBytes: structuredBound(),
    share: 0.02,
  };
}

/** Locked messages that strangers commit, and the weights inside. The curve's arithmetic takes milliseconds. */
function timelockDecoders(): Decoder[] {
  const hotkey = new Uint8Array(32).fill(3);
  const weights = { uids: [0, 5, 9], values: [65535, 3, 900], versionKey: 7n };
  const payloads = [encodeWeightsPayload(weights), encodeWeightsPayload({ ...weights, hotkey })];
  const secretKey = new Uint8Array(32).fill(7);
  const publicKey = beaconPublicKey(secretKey);
  const fixed = (byteCount: number) => new Uint8Array(byteCount).fill(5);
  const locked = payloads.map((each) => timelockEncrypt(each, { round: 12, publicKey, random: fixed }));
  const signature = signRound(12, secretKey);
  return [
    {
      name: "chain: timelocked message",
      format: "bytes",
      examples: locked,
      decode: (input) => timelockDecrypt(input, signature),
      allocationBytes: structuredBound(4 * 1024 * 1024),
      share: 0.02,
    },
    {
      name: "chain: timelocked weights",
      format: "bytes",
      examples: payloads,
      decode: (input) => decodeWeightsPayload(input, hotkey),
      allocationBytes: structuredBound(),
    },
  ];
}

function transactionExample(call: unknown, nonce: number): Uint8Array {
  const explicit = [{}, {}, {}, {}, { kind: "mortal", periodBlocks: 64, phase: 5 }, nonce, {}, 0n, {}, {
    mode: { name: "Disabled" },
  }];
  const body = concatBytes(
    Uint8Array.of(0x84),
    encodeValue(multiAddress, { name: "Id", value: new Uint8Array(32).fill(7) }),
    encodeValue(multiSignature, { name: "Sr25519", value: new Uint8Array(64).fill(9) }),
    encodeValue(explicitType, explicit as never),
    encodeValue(runtimeCall, call as never),
  );
  return encodeValue(bytes, body);
}

function transactions(): Uint8Array[] {
  const call = (pallet: string, name: string, value: unknown) => ({ name: pallet, value: { name, value } });
  const raw = { name: "Raw5", value: utf8("hello") };
  return [
    transactionExample(call("System", "remark", { remark: utf8("something") }), 3),
    transactionExample(
      call("SubtensorModule", "set_weights", {
        netuid: 1,
        dests: [0, 1, 2],
        weights: [5, 6, 7],
        version_key: 0n,
      }),
      70_000,
    ),
    transactionExample(call("Commitments", "set_commitment", { netuid: 1, info: { fields: [raw] } }), 0),
  ];
}

/** The right length, version, address and signature in front of random extensions and calls, so that these are read. */
function randomTransaction(valid: Uint8Array, random: Random): Uint8Array {
  const head = valid.subarray(2, 2 + 1 + 33 + 65);
  return encodeValue(bytes, concatBytes(head, randomBytes(random, random.nextBelow(120))));
}

function devnetDecoders(): Decoder[] {
  const header = {
    parentHash: new Uint8Array(32).fill(1),
    number: 70_000,
    stateRoot: new Uint8Array(32),
    extrinsicsRoot: new Uint8Array(32).fill(2),
    logs: [],
  };
  const examples = transactions();
  return [
    {
      name: "devnet: transaction",
      format: "bytes",
      examples,
      random: (random) => randomTransaction(examples[0], random),
      decode: decodeTransaction,
      allocationBytes: structuredBound(),
      share: 0.5,
    },
    {
      name: "devnet: block of the store",
      format: "bytes",
      examples: [encodeValue(headerType, header), encodeValue(bodyType, examples)],
      decode: (input) => {
        const type = input.length % 2 === 0 ? headerType : bodyType;
        return decodeValue(type as typeof bodyType, input);
      },
      allocationBytes: structuredBound(),
    },
  ];
}

export async function chainDecoders(): Promise<Decoder[]> {
  await cryptoReady();
  return [
    ...addressDecoders(),
    signatureDecoder(),
    keyFileDecoder(),
    sealedKeyDecoder(),
    ...timelockDecoders(),
    ...devnetDecoders(),
  ];
}
