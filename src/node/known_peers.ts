/**
 * Whom this node has met, kept in its home: addresses that answered once are tried again when the chain's are out of date.
 * Written whole beside the old file and renamed, so a crash leaves one of both; a file that cannot be read is told and
 * left out, because everything in it can be found again. What is taken in has passed the shape that reading demands, and the
 * largest file of that shape is read: what was written can be read back.
 */
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Hotkey } from "../base/transport.ts";
import { MAX_ADDR_CHARS } from "../net/addresses.ts";

const MAX_PEERS = 512;
/** The first ones are the best (src/net/addresses.ts). */
const MAX_ADDRS = 8;

/** Printable ASCII that JSON writes as it is: a character is a byte of the file. */
const plainText = (maxChars: number) => z.string().max(maxChars).regex(/^[!#-[\]-~]+$/);
const HOTKEY = plainText(64);
const ADDR = plainText(MAX_ADDR_CHARS);
const PEER = z.object({ hotkey: HOTKEY, addrs: z.array(ADDR).min(1).max(MAX_ADDRS) });
const FILE = z.object({ version: z.literal(1), peers: z.array(PEER).max(MAX_PEERS) });

const fileText = (peers: readonly KnownPeer[]) => JSON.stringify({ version: 1, peers });
const largestPeer = { hotkey: "5".repeat(64), addrs: Array(MAX_ADDRS).fill("/".repeat(MAX_ADDR_CHARS)) };
const MAX_FILE_CHARS = fileText([]).length + MAX_PEERS * (JSON.stringify(largestPeer).length + 1);

export interface KnownPeer {
  readonly hotkey: Hotkey;
  /** With /p2p/<peer id>. */
  readonly addrs: readonly string[];
}

export class KnownPeers {
  readonly #path: string;
  readonly #log: Log;
  /** The one seen last comes last. */
  readonly #addrs: Map<Hotkey, readonly string[]>;
  #writtenText = "";
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, log: Log, addrs: Map<Hotkey, readonly string[]>) {
    this.#path = path;
    this.#log = log;
    this.#addrs = addrs;
  }

  static async open(home: string, log: Log): Promise<KnownPeers> {
    const path = join(home, "peers.json");
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (error) {
      if ((error as { code?: string }).code !== "ENOENT") {
        log.warn(`read known peers in ${path}: ${describeError(error)}, going on without them`);
      }
      return new KnownPeers(path, log, new Map());
    }
    try {
      if (text.length > MAX_FILE_CHARS) throw new RangeError(`${text.length} characters`);
      const { peers } = FILE.parse(JSON.parse(text));
      return new KnownPeers(path, log, new Map(peers.map(({ hotkey, addrs }) => [hotkey, addrs])));
    } catch {
      log.warn(`read known peers in ${path}: the file is damaged, going on without them; it is written anew`);
      return new KnownPeers(path, log, new Map());
    }
  }

  addrsOf(hotkey: Hotkey): readonly string[] {
    return this.#addrs.get(hotkey) ?? [];
  }

  /** Takes in who was met, with up to eight addresses; those of others stay as they are. Resolves when the disk has it; failures are told. */
  async remember(peers: Iterable<KnownPeer>): Promise<void> {
    for (const { hotkey, addrs } of peers) {
      const isAddr = (addr: string) => ADDR.safeParse(addr).success;
      const { success, data } = PEER.safeParse({ hotkey, addrs: addrs.filter(isAddr).slice(0, MAX_ADDRS) });
      if (!success) continue;
      this.#addrs.delete(hotkey);
      this.#addrs.set(hotkey, data.addrs);
      if (this.#addrs.size > MAX_PEERS) this.#addrs.delete(this.#addrs.keys().next().value!);
    }
    const text = fileText([...this.#addrs].map(([hotkey, addrs]) => ({ hotkey, addrs })));
    if (text !== this.#writtenText) {
      this.#writtenText = text;
      this.#writing = this.#writing.then(() => this.#write(text));
    }
    await this.#writing;
  }

  async #write(text: string): Promise<void> {
    const temporary = `${this.#path}.new`;
    try {
      await writeFile(temporary, text, { mode: 0o600 });
      await rename(temporary, this.#path);
    } catch (error) {
      this.#log.warn(
        `write known peers to ${this.#path}: ${describeError(error)}, they are looked for anew next time`,
      );
    }
  }
}
