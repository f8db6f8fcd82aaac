/**
 * Where the password of a key comes from: the environment, or a person; never an argument, which every process of the
 * machine can read. Two variables are looked up:
 *
 *   BT_PW_<PATH>            as btwallet names and fills it: the key file's path in capitals with `/` and `.` as `_`; its
 *                           content is XORed with the variable's own name and in base64, which hides and protects nothing
 *   SKEIN_WALLET_PASSWORD   the password itself, for every key that is opened or made
 */
import { utf8 } from "../../base/bytes.ts";
import { chainError } from "../errors.ts";

export const PASSWORD_VARIABLE = "SKEIN_WALLET_PASSWORD";
/** btwallet demands six characters and points for their variety. */
const LEAST_CHARACTERS = 6;
const GOOD_CHARACTERS = 12;
const GOOD_VARIETY_BITS = 50;

export type Environment = Readonly<Record<string, string | undefined>>;

/** How a password is come by, and how a person is told of what takes long. */
export interface PasswordSource {
  readonly environment: Environment;
  /** Asks a person; absent where there is none to ask. */
  readonly ask?: (question: string) => Promise<string>;
  readonly notify?: (message: string) => void;
  /** Tells the message for as long as the work lasts; `notify` does where it is absent. */
  readonly tellDuring?: <T>(message: string, work: () => Promise<T>) => Promise<T>;
}

/** @param path absolute, as btwallet has it once `~` is expanded */
export function passwordVariableOf(path: string): string {
  return `BT_PW_${path.replace(/[/\\.]/g, "_").toUpperCase()}`;
}

/**
 * @returns the password and the variable that it came from
 * @throws {SkeinError} `chain/key-password-wrong` when btwallet's variable holds no base64 of UTF-8
 */
export function passwordInEnvironment(
  path: string,
  environment: Environment,
): { password: string; variable: string } | undefined {
  const variable = passwordVariableOf(path);
  const scrambled = environment[variable];
  if (scrambled) return { password: unscramble(scrambled, variable), variable };
  const password = environment[PASSWORD_VARIABLE]?.replace(/\r?\n$/, "");
  return password ? { password, variable: PASSWORD_VARIABLE } : undefined;
}

/** What btwallet puts into `variable` for a password. */
export function scramble(password: string, variable: string): string {
  return xor(utf8(password), variable).toBase64();
}

function unscramble(text: string, variable: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(
      xor(Uint8Array.fromBase64(text.trim()), variable),
    );
  } catch {
    throw chainError(
      "chain/key-password-wrong",
      `read password from ${variable}: not a password in btwallet's form, base64 of it XORed with the variable's name ` +
        `is required, or put the password itself into ${PASSWORD_VARIABLE}`,
      { variable },
    );
  }
}

function xor(bytes: Uint8Array, key: string): Uint8Array<ArrayBuffer> {
  const keyBytes = utf8(key);
  return Uint8Array.from(bytes, (byte, i) => byte ^ keyBytes[i % keyBytes.length]);
}

/**
 * @returns a warning when the password is easy to guess
 * @throws {SkeinError} `chain/weak-password` when it is shorter than btwallet takes
 */
export function judgePassword(password: string): string | undefined {
  const characters = [...password];
  if (characters.length < LEAST_CHARACTERS) {
    throw chainError(
      "chain/weak-password",
      `take password: ${characters.length} characters, ${LEAST_CHARACTERS} or more are required, choose a longer one`,
    );
  }
  const isWeak = characters.length < GOOD_CHARACTERS || varietyBits(characters) < GOOD_VARIETY_BITS;
  return isWeak
    ? `this password is easy to guess; whoever copies the file can try many: ${GOOD_CHARACTERS} characters or more of ` +
      `several kinds, or a few random words, are better`
    : undefined;
}

/** How much the characters vary: each different one counts as many bits as its kinds allow, repeated ones nothing. */
function varietyBits(characters: readonly string[]): number {
  const kinds: readonly (readonly [RegExp, number])[] = [
    [/[a-z]/, 26],
    [/[A-Z]/, 26],
    [/[0-9]/, 10],
    [/[^a-zA-Z0-9]/, 33],
  ];
  const used = kinds.filter(([kind]) => characters.some((character) => kind.test(character)));
  return new Set(characters).size * Math.log2(used.reduce((sum, [, size]) => sum + size, 0));
}
