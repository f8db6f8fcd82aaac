/**
 * What an account is held by, and the ways to come by it: a mnemonic, a seed, a bare private key, a file that polkadot-js
 * exported. A secret knows its public key, so that each source is checked against the account it claims to be.
 * `cryptoReady()` must have resolved. Errors never quote a secret.
 */
import {
  jsonDecrypt,
  mnemonicGenerate,
  mnemonicToMiniSecret,
  mnemonicValidate,
  sr25519PairFromSeed,
} from "@polkadot/util-crypto";
import { z } from "zod";
import { equalBytes, fromHex, fromUtf8, utf8 } from "../../base/bytes.ts";
import { chainError } from "../errors.ts";
import {
  keyring,
  type KeyringPair,
  pairFromPrivateKey,
  publicKeyOf,
  ss58Of,
  toPrivateKey,
  verifySignature,
} from "../sr25519.ts";

export type WordCount = 12 | 15 | 18 | 21 | 24;

/** Whoever holds it holds the account. */
export interface Secret {
  readonly publicKey: Uint8Array;
  /** 64 bytes in bittensor's spelling. */
  readonly privateKey: Uint8Array;
  /** 32 bytes that the private key comes from, where known. */
  readonly seed?: Uint8Array;
  readonly phrase?: string;
}

/** PKCS8 as polkadot-js writes it: header, 64 bytes of secret key in its spelling, divider, 32 bytes of public key. */
const PKCS8_HEADER = fromHex("3053020101300506032b657004220420");
const PKCS8_DIVIDER = fromHex("a123032100");
const SECRET_KEY_BYTES = 64;

const Exported = z.object({
  encoded: z.string(),
  address: z.string(),
  encoding: z.object({ content: z.array(z.string()), type: z.union([z.string(), z.array(z.string())]) }),
});

export const newPhrase = (wordCount: WordCount): string => mnemonicGenerate(wordCount);

/** @throws {SkeinError} `chain/bad-secret` */
export function secretFromPhrase(text: string): Secret {
  const words = text.trim().toLowerCase().split(/\s+/);
  const phrase = words.join(" ");
  if (!mnemonicValidate(phrase)) {
    throw badSecret(
      `read mnemonic: ${phrase === "" ? 0 : words.length} words that are no mnemonic`,
      "12 to 24 words of the English BIP39 list with a matching checksum are required, check each word and their order",
    );
  }
  return secretFromSeed(mnemonicToMiniSecret(phrase), phrase);
}

/** @param seed 32 bytes */
export function secretFromSeed(seed: Uint8Array, phrase?: string): Secret {
  const { publicKey, secretKey } = sr25519PairFromSeed(seed);
  return {
    publicKey,
    privateKey: toPrivateKey(secretKey),
    seed,
    ...(phrase === undefined ? {} : { phrase }),
  };
}

/** @param text 64 hexadecimal digits, with or without 0x @throws {SkeinError} `chain/bad-secret` */
export function secretFromSeedText(text: string): Secret {
  const digits = text.trim().replace(/^0x/i, "");
  if (/^[0-9a-fA-F]{64}$/.test(digits)) return secretFromSeed(fromHex(digits));
  throw badSecret(
    `read seed: ${digits.length} characters`,
    "64 hexadecimal digits are required, copy it whole",
  );
}

/**
 * @param privateKey 64 bytes in bittensor's spelling
 * @returns undefined when the private key is not that of `publicKey`
 */
export function secretFromPrivateKey(publicKey: Uint8Array, privateKey: Uint8Array): Secret | undefined {
  try {
    const probe = utf8("probe");
    const signature = pairFromPrivateKey(publicKey, privateKey).sign(probe);
    if (verifySignature(ss58Of(publicKey), probe, signature)) return { publicKey, privateKey };
  } catch {
    // a scalar that the curve's library does not take: no private key either
  }
  return undefined;
}

/**
 * An account that polkadot-js, or its extension, exported.
 * @throws {SkeinError} `chain/bad-secret`, `chain/key-unsupported`, `chain/key-password-wrong`
 */
export function secretFromExport(text: string, password: string): Secret {
  let exported: z.infer<typeof Exported>;
  try {
    exported = Exported.parse(JSON.parse(text));
  } catch {
    throw badSecret(
      "read exported account: not a file of one account",
      "JSON as polkadot-js exports it is required",
    );
  }
  if (!exported.encoding.content.includes("sr25519")) {
    throw chainError(
      "chain/key-unsupported",
      `read exported account: a key of kind ${
        exported.encoding.content.join(", ").slice(0, 64)
      }, sr25519 is required`,
    );
  }
  let pkcs8: Uint8Array;
  try {
    pkcs8 = jsonDecrypt(JSON.parse(text), password);
  } catch {
    throw chainError(
      "chain/key-password-wrong",
      "open exported account: the password does not open it, the one it was exported with is required",
    );
  }
  const keyAt = PKCS8_HEADER.length;
  const publicAt = keyAt + SECRET_KEY_BYTES + PKCS8_DIVIDER.length;
  const publicKey = pkcs8.slice(publicAt);
  const isWhole = equalBytes(pkcs8.subarray(0, keyAt), PKCS8_HEADER) &&
    equalBytes(pkcs8.subarray(keyAt + SECRET_KEY_BYTES, publicAt), PKCS8_DIVIDER) && publicKey.length === 32;
  const secret = isWhole
    ? secretFromPrivateKey(publicKey, toPrivateKey(pkcs8.slice(keyAt, keyAt + SECRET_KEY_BYTES)))
    : undefined;
  if (secret === undefined || !isAddressOf(exported.address, publicKey)) {
    throw badSecret("read exported account: its parts contradict each other", "export it again");
  }
  return secret;
}

export function pairFromSecret(secret: Secret): KeyringPair {
  if (secret.seed === undefined) return pairFromPrivateKey(secret.publicKey, secret.privateKey);
  return keyring().createFromPair(sr25519PairFromSeed(secret.seed), {}, "sr25519");
}

/** btwallet writes a seed whose bytes happen to be UTF-8 as that text, and not in hexadecimal. */
export function seedOfKeyFile(field: string): Uint8Array | undefined {
  const digits = field.replace(/^0x/, "");
  if (/^[0-9a-fA-F]{64}$/.test(digits)) return fromHex(digits);
  const bytes = utf8(digits);
  return bytes.length === 32 && fromUtf8(bytes) === digits ? bytes : undefined;
}

function isAddressOf(address: string, publicKey: Uint8Array): boolean {
  try {
    return equalBytes(publicKeyOf(address), publicKey);
  } catch {
    // polkadot-js exports under any network's prefix: the private key has already vouched for the public one
    return true;
  }
}

function badSecret(found: string, required: string): Error {
  return chainError("chain/bad-secret", `${found}, ${required}`);
}
