/**
 * Bittensor's key file: a JSON object of hex strings with 0x, all fields optional. What a pair is derived from is, in this
 * order, the seed, the phrase, the private key; the public fields, where present, must agree with it. Encrypted files are
 * told apart by their first bytes; opening them is not done here. Errors never quote the content.
 */
import { mnemonicToMiniSecret, mnemonicValidate, sr25519PairFromSeed } from "@polkadot/util-crypto";
import { z } from "zod";
import { equalBytes, fromHex, fromUtf8, toHex } from "../../base/bytes.ts";
import { chainError } from "../errors.ts";
import {
  keyring,
  type KeyringPair,
  pairFromPrivateKey,
  publicKeyOf,
  ss58Of,
  toPrivateKey,
} from "../sr25519.ts";

const SEED_BYTES = 32;
const PRIVATE_KEY_BYTES = 64;
const ENCRYPTED_PREFIXES = ["$NACL", "$ANSIBLE_VAULT", "gAAAA"];

const hex = (byteCount: number) =>
  z.string().regex(new RegExp(`^(0x)?[0-9a-fA-F]{${2 * byteCount}}$`)).nullish();
const KeyFile = z.object({
  accountId: hex(32),
  publicKey: hex(32),
  privateKey: hex(PRIVATE_KEY_BYTES),
  secretPhrase: z.string().nullish(),
  secretSeed: hex(SEED_BYTES),
  ss58Address: z.string().nullish(),
});
type KeyFile = z.infer<typeof KeyFile>;

/** What a pair was made from; whoever holds it holds the account. */
export interface Secret {
  readonly seed: Uint8Array;
  readonly phrase?: string;
}

export function secretFromPhrase(phrase: string): Secret {
  return { phrase, seed: mnemonicToMiniSecret(phrase) };
}

export function pairFromSecret(secret: Secret): KeyringPair {
  return keyring().createFromPair(sr25519PairFromSeed(secret.seed), {}, "sr25519");
}

/** The file of a key that we made, with the fields and in the order btwallet writes. */
export function formatKeyFile(secret: Secret): string {
  const { publicKey, secretKey } = sr25519PairFromSeed(secret.seed);
  return JSON.stringify({
    accountId: `0x${toHex(publicKey)}`,
    publicKey: `0x${toHex(publicKey)}`,
    privateKey: `0x${toHex(toPrivateKey(secretKey))}`,
    ...(secret.phrase === undefined ? {} : { secretPhrase: secret.phrase }),
    secretSeed: `0x${toHex(secret.seed)}`,
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
 * @returns the secret too, where the file holds more than the bare private key
 * @throws {SkeinError} `chain/key-damaged`, `chain/key-encrypted`
 */
export function parseKeyFile(bytes: Uint8Array, path: string): { pair: KeyringPair; secret?: Secret } {
  const text = fromUtf8(bytes);
  if (ENCRYPTED_PREFIXES.some((prefix) => text.startsWith(prefix))) {
    throw chainError(
      "chain/key-encrypted",
      `read key ${path}: it is encrypted, an unencrypted key file is required, give a hotkey without a password`,
      { path },
    );
  }
  const file = parseJson(text, path);
  const { pair, secret } = derive(file, path);
  checkPublicFields(file, pair.publicKey, path);
  return { pair, secret };
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
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.map((issue) => issue.path.join(".") || "the file");
  throw damaged(path, `${[...new Set(fields)].join(", ")} of the wrong form`);
}

function derive(file: KeyFile, path: string): { pair: KeyringPair; secret?: Secret } {
  const phrase = file.secretPhrase ?? undefined;
  if (phrase !== undefined && !mnemonicValidate(phrase)) throw damaged(path, "secretPhrase is no mnemonic");
  if (file.secretSeed) {
    const secret = { seed: fromHex(file.secretSeed), phrase };
    return { pair: pairFromSecret(secret), secret };
  }
  if (phrase !== undefined) {
    const secret = secretFromPhrase(phrase);
    return { pair: pairFromSecret(secret), secret };
  }
  if (file.privateKey && file.publicKey) {
    return { pair: pairFromPrivateKey(fromHex(file.publicKey), fromHex(file.privateKey)) };
  }
  throw damaged(path, "neither secretSeed nor secretPhrase nor privateKey with publicKey");
}

function checkPublicFields(file: KeyFile, publicKey: Uint8Array, path: string): void {
  const claims: [string, Uint8Array | undefined][] = [
    ["accountId", file.accountId ? fromHex(file.accountId) : undefined],
    ["publicKey", file.publicKey ? fromHex(file.publicKey) : undefined],
  ];
  try {
    claims.push(["ss58Address", file.ss58Address ? publicKeyOf(file.ss58Address) : undefined]);
  } catch {
    throw damaged(path, "ss58Address is no address");
  }
  for (const [field, claim] of claims) {
    if (claim !== undefined && !equalBytes(claim, publicKey)) {
      throw damaged(path, `${field} is not that of the secret key`);
    }
  }
}
