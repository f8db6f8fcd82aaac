/**
 * A certificate that vouches for nothing but its own key: whoever is to trust it gets it over a connection that is
 * authenticated already. One fixed form of X.509 (RFC 5280) with an Ed25519 key (RFC 8410), so a general library, 27 MB in
 * memory, is not worth its place here.
 */
import { generateKeyPairSync, sign } from "node:crypto";
import { Buffer } from "node:buffer";

/** The name that it is for. It stands for no machine; both ends know it. */
export const CERTIFICATE_NAME = "skein.invalid";

export interface SelfSigned {
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS #8. */
  readonly key: string;
}

const SEQUENCE = 0x30, SET = 0x31, INTEGER = 0x02, BIT_STRING = 0x03, OCTET_STRING = 0x04, OID = 0x06;
const UTF8_STRING = 0x0c, GENERALIZED_TIME = 0x18, DNS_NAME = 0x82, VERSION = 0xa0, EXTENSIONS = 0xa3;
const ED25519 = der(SEQUENCE, der(OID, [0x2b, 0x65, 0x70]));
const COMMON_NAME = der(OID, [0x55, 0x04, 0x03]);
const SUBJECT_ALT_NAME = der(OID, [0x55, 0x1d, 0x11]);
/** For as long as the process lives; clocks that are wrong do not matter. RFC 5280, 4.1.2.5: no date of expiry is known. */
const VALIDITY = der(
  SEQUENCE,
  der(GENERALIZED_TIME, ascii("20000101000000Z")),
  der(GENERALIZED_TIME, ascii("99991231235959Z")),
);

export function selfSigned(): SelfSigned {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const text = ascii(CERTIFICATE_NAME);
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, text))));
  const altName = der(
    SEQUENCE,
    SUBJECT_ALT_NAME,
    der(OCTET_STRING, der(SEQUENCE, der(DNS_NAME, text))),
  );
  const signed = der(
    SEQUENCE,
    der(VERSION, der(INTEGER, [2])),
    der(INTEGER, [1]), // serial number
    ED25519,
    name,
    VALIDITY,
    name,
    [...publicKey.export({ type: "spki", format: "der" })],
    der(EXTENSIONS, der(SEQUENCE, altName)),
  );
  const signature = sign(null, Uint8Array.from(signed), privateKey);
  const certificate = der(SEQUENCE, signed, ED25519, der(BIT_STRING, [0, ...signature]));
  return {
    certificate: pem("CERTIFICATE", Uint8Array.from(certificate)),
    key: String(privateKey.export({ type: "pkcs8", format: "pem" })),
  };
}

/** X.690: tag, length in the short or the long form, content. */
function der(tag: number, ...contents: readonly (readonly number[])[]): number[] {
  const content = contents.flat();
  const length = content.length < 128
    ? [content.length]
    : content.length < 256
    ? [0x81, content.length]
    : [0x82, content.length >> 8, content.length & 0xff];
  return [tag, ...length, ...content];
}

function ascii(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

function pem(label: string, bytes: Uint8Array): string {
  const lines = Buffer.from(bytes).toString("base64").match(/.{1,64}/g)!.join("\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
