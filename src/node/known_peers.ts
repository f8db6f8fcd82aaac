/**
 * Whom this node has met, kept in its home: addresses that answered once are tried again when the chain's are out of date.
 * Written whole beside the old file and renamed, so a crash leaves one of both; a file that cannot be read is told and
 * left out, because everything in it can be found again.
 */
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { describeError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Hotkey } from "../base/transport.ts";

const MAX_PEERS = 512;
const MAX_FILE_BYTES = 2 << 20;

const FILE = z.object({
  version: z.literal(1),
  peers: z.array(z.object({ hotkey: z.string().max(64), addrs: z.array(z.string().max(256)).max(32) })).max(
    MAX_PEERS,
  ),
});

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
      if (text.length > MAX_FILE_BYTES) throw new RangeError(`${text.length} characters`);
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

  /** Takes in who was met; addresses of others stay as they are. Resolves when the disk has it; failures are told. */
  async remember(peers: Iterable<KnownPeer>): Promise<void> {
    for (const { hotkey, addrs } of peers) {
      if (addrs.length === 0) continue;
      this.#addrs.delete(hotkey);
      this.#addrs.set(hotkey, addrs);
      if (this.#addrs.size > MAX_PEERS) this.#addrs.delete(this.#addrs.keys().next().value!);
    }
    const all = [...this.#addrs].map(([hotkey, addrs]) => ({ hotkey, addrs }));
    const text = JSON.stringify({ version: 1, peers: all });
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
