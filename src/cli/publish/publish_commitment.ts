/** `skein commitment set`, `show`. What others publish is text for people only where it is harmless text. */
import { open } from "node:fs/promises";
import { fromHex, toHex, utf8 } from "../../base/bytes.ts";
import type { Neuron } from "../../chain/metagraph.ts";
import { type AccountFlags, loadKey } from "../chain_flags.ts";
import { answer, type ChainSession } from "../chain_session.ts";
import { cliError } from "../errors.ts";
import { shortAddress } from "../short_address.ts";

/** The largest that any runtime takes; most take 128. */
const MAX_BYTES = 512;

export interface CommitmentSource {
  readonly text?: string;
  readonly hex?: string;
  readonly file?: string;
}

/** @throws {SkeinError} `cli/bad-flags`, those of `loadKey` and `ChainClient.publish` */
export async function setCommitment(
  flags: AccountFlags & CommitmentSource & { netuid: number; json: boolean },
  session: ChainSession,
): Promise<void> {
  const { netuid } = flags;
  const bytes = await commitmentFrom(flags);
  const hotkey = await loadKey("hotkey", flags, session.terminal);
  await session.chain.publish(netuid, hotkey.pair, bytes);
  answer(
    session,
    flags,
    { netuid, hotkey: hotkey.ss58, commitment: bytes },
    `published ${bytes.byteLength} bytes for ${hotkey.ss58} in subnet ${netuid}`,
  );
}

/** @throws {SkeinError} `cli/bad-flags` */
export async function commitmentFrom({ text, hex, file }: CommitmentSource): Promise<Uint8Array> {
  if ([text, hex, file].filter((each) => each !== undefined).length !== 1) {
    throw cliError("cli/bad-flags", "publish: one of --text, --hex and --file is required");
  }
  const bytes = text !== undefined
    ? utf8(text)
    : hex !== undefined
    ? bytesOfHex(hex)
    : await readSmall(file!);
  if (bytes.byteLength > 0 && bytes.byteLength <= MAX_BYTES) return bytes;
  const found = bytes.byteLength === 0 ? "nothing" : `more than ${MAX_BYTES} bytes`;
  throw cliError(
    "cli/bad-flags",
    `publish: ${found}, 1 to 128 bytes are required, of newer chains ${MAX_BYTES}`,
  );
}

function bytesOfHex(digits: string): Uint8Array {
  try {
    return fromHex(digits);
  } catch {
    throw cliError(
      "cli/bad-flags",
      `read --hex: ${digits.length} characters, an even number of hexadecimal digits is required`,
    );
  }
}

/** No more of it than is needed to tell that it is too large. */
async function readSmall(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path, "r");
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(MAX_BYTES + 1), 0, MAX_BYTES + 1, 0);
      return buffer.slice(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw cliError("cli/bad-flags", `publish ${path}: the file cannot be read, name another`, error);
  }
}

/** @throws {SkeinError} `cli/bad-flags` for an address that is not in the subnet */
export async function printCommitments(
  flags: { netuid: number; address?: string; json: boolean },
  session: ChainSession,
): Promise<void> {
  const { netuid, address } = flags;
  const { block, neurons } = await session.chain.metagraph(netuid);
  const asked = neurons.filter(({ hotkey }) => address === undefined || hotkey === address);
  if (address !== undefined && asked.length === 0) {
    throw cliError(
      "cli/bad-flags",
      `show commitment of ${
        address.slice(0, 64)
      }: no such hotkey in subnet ${netuid}, see: skein metagraph --netuid ${netuid}`,
    );
  }
  const found = asked.filter((neuron) => neuron.commitment !== null);
  const record = {
    netuid,
    block,
    commitments: found.map(({ uid, hotkey, commitment }) => ({
      uid,
      hotkey,
      commitment,
      text: textOf(commitment!),
    })),
  };
  answer(session, flags, record, renderCommitments(netuid, found));
}

export function renderCommitments(
  netuid: number,
  neurons: readonly Pick<Neuron, "uid" | "hotkey" | "commitment">[],
): string {
  const found = neurons.filter((neuron) => neuron.commitment !== null);
  if (found.length === 0) return `nothing is published in subnet ${netuid}`;
  return found.map(({ uid, hotkey, commitment }) =>
    `${uid}  ${shortAddress(hotkey)}  ${textOf(commitment!) ?? `0x${toHex(commitment!)}`}`
  ).join("\n");
}

/** Text without anything that moves a terminal's cursor or turns its writing; undefined otherwise. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/u.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
