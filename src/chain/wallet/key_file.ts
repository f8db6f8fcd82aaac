/**
 * Bittensor's key file: a JSON object of hex strings with 0x, all fields optional. What a pair is derived from is, in this
 * order, the seed, the phrase, the private key; the public fields, where present, must agree with it.
 *
 * What we write has the fields of btwallet up to 4.0 in its documented order. btwallet 4.1 adds `cryptoType`, a number, which
 * earlier ones refuse to read and no reader needs for sr25519: it is read and not written. Errors never quote the content.
 */
import { mnemonicValidate } from "@polkadot/util-crypto";
import { z } from "zod";
import { equalBytes, fromHex, fromUtf8, toHex } from "../../base/bytes.ts";
import { chainError } from "../errors.ts";
import { type KeyringPair, publicKeyOf, ss58Of } from "../sr25519.ts";
import { formOf } from "./sealed_key.ts";
import {
  pairFromSecret,
  type Secret,
  secretFromPhrase,
  secretFromPrivateKey,
  secretFromSeed,
  seedOfKeyFile,
} from "./secret.ts";

export { type Secret, secretFromPhrase } from "./secret.ts";

const PRIVATE_KEY_BYTES = 64;
const CRYPTO_SR25519 = 1;

const hex = (byteCount: number) =>
  z.string().regex(new RegExp(`^(0x)?[0-9a-fA-F]{${2 * byteCount}}$`)).nullish();
const KeyFile = z.object({
  accountId: hex(32),
  publicKey: hex(32),
  privateKey: hex(PRIVATE_KEY_BYTES),
  secretPhrase: z.string().nullish(),
  secretSeed: z.string().refine((field) => seedOfKeyFile(field) !== undefined).nullish(),
  ss58Address: z.string().nullish(),
  cryptoType: z.number().nullish(),
});
type KeyFile = z.infer<typeof KeyFile>;

/** The file of a key, with the fields and in the order btwallet writes. */
export function formatKeyFile({ publicKey, privateKey, phrase, seed }: Secret): string {
  return JSON.stringify({
    accountId: `0x${toHex(publicKey)}`,
    publicKey: `0x${toHex(publicKey)}`,
    privateKey: `0x${toHex(privateKey)}`,
    ...(phrase === undefined ? {} : { secretPhrase: phrase }),
    ...(seed === undefined ? {} : { secretSeed: `0x${toHex(seed)}` }),
    ss58Address: ss58Of(publicKey),
  });
}

/** `coldkeypub.txt` and `HOTKEYpub.txt`: the public part alone. */
export function formatPublicKeyFile(publicKey: Uint8Array): string {
  const key = `0x${toHex(publicKey)}`;
  return JSON.stringify({ accountId: key, publicKey: key, ss58Address: ss58Of(publicKey) });
}

/**
 * @param path for messages only
 * @throws {SkeinError} `chain/key-damaged`, `chain/key-encrypted`, `chain/key-unsupported`
 */
export function parseKeyFile(bytes: Uint8Array, path: string): { pair: KeyringPair; secret: Secret } {
  refuseEncrypted(bytes, path);
  const file = parseJson(fromUtf8(bytes), path);
  const secret = derive(file, path);
  checkPublicFields(file, secret.publicKey, path);
  return { pair: pairFromSecret(secret), secret };
}

/**
 * The account of a public file, or of an unencrypted key file, whose secret is not looked at.
 * @throws {SkeinError} `chain/key-damaged`, `chain/key-encrypted`, `chain/key-unsupported`
 */
export function parsePublicKey(bytes: Uint8Array, path: string): Uint8Array {
  refuseEncrypted(bytes, path);
  const file = parseJson(fromUtf8(bytes), path);
  const publicKey = claimedPublicKey(file, path);
  if (publicKey === undefined) throw damaged(path, "neither publicKey nor accountId nor ss58Address");
  checkPublicFields(file, publicKey, path);
  return publicKey;
}

/** Says what a file that is encrypted wants. */
function refuseEncrypted(bytes: Uint8Array, path: string): void {
  const form = formOf(bytes);
  if (form === "plain") return;
  throw chainError(
    "chain/key-encrypted",
    `read key ${path}: it is encrypted, its password or an unencrypted key file is required`,
    { path },
  );
}

function damaged(path: string, found: string): Error {
  return chainError(
    "chain/key-damaged",
    `read key ${path}: ${found}, a JSON key file in bittensor's format is required, restore it from its mnemonic`,
    { path },
  );
}

function parseJson(text: string, path: string): KeyFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw damaged(path, `${text.length} characters that are not JSON`);
  }
  const parsed = KeyFile.safeParse(json);
  if (!parsed.success) {
    const fields = parsed.error.issues.map((issue) => issue.path.join(".") || "the file");
    throw damaged(path, `${[...new Set(fields)].join(", ")} of the wrong form`);
  }
  const kind = parsed.data.cryptoType ?? CRYPTO_SR25519;
  if (kind === CRYPTO_SR25519) return parsed.data;
  throw chainError(
    "chain/key-unsupported",
    `read key ${path}: cryptoType ${kind}, ${CRYPTO_SR25519} (sr25519) is required, name another key`,
    { path },
  );
}

function derive(file: KeyFile, path: string): Secret {
  const phrase = file.secretPhrase ?? undefined;
  if (phrase !== undefined && !mnemonicValidate(phrase)) throw damaged(path, "secretPhrase is no mnemonic");
  const seed = file.secretSeed ? seedOfKeyFile(file.secretSeed) : undefined;
  if (seed !== undefined) return secretFromSeed(seed, phrase);
  if (phrase !== undefined) return secretFromPhrase(phrase);
  const publicKey = claimedPublicKey(file, path);
  if (!file.privateKey || publicKey === undefined) {
    throw damaged(path, "neither secretSeed nor secretPhrase nor privateKey with publicKey");
  }
  const secret = secretFromPrivateKey(publicKey, fromHex(file.privateKey));
  if (secret === undefined) throw damaged(path, "privateKey is not that of the public key");
  return secret;
}

function claimedPublicKey(file: KeyFile, path: string): Uint8Array | undefined {
  const key = file.publicKey ?? file.accountId;
  return key ? fromHex(key) : addressIn(file, path);
}

function addressIn(file: KeyFile, path: string): Uint8Array | undefined {
  try {
    return file.ss58Address ? publicKeyOf(file.ss58Address) : undefined;
  } catch {
    throw damaged(path, "ss58Address is no address");
  }
}

function checkPublicFields(file: KeyFile, publicKey: Uint8Array, path: string): void {
  const claims: [string, Uint8Array | undefined][] = [
    ["accountId", file.accountId ? fromHex(file.accountId) : undefined],
    ["publicKey", file.publicKey ? fromHex(file.publicKey) : undefined],
    ["ss58Address", addressIn(file, path)],
  ];
  for (const [field, claim] of claims) {
    if (claim !== undefined && !equalBytes(claim, publicKey)) {
      throw damaged(path, `${field} is not that of the secret key`);
    }
  }
}
