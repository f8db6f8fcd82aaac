/**
 * Measured choices that outlive the process: one JSON text in a store that the caller supplies, a section for each adapter and
 * version of the kernels. A text that cannot be read, or is not ours, counts as empty and is written anew: choices
 * can always be measured again, and a wrong one costs speed alone, since every candidate computes the same.
 */
import type { Log } from "../base/log.ts";
import type { AdapterFacts } from "./gpu.ts";
import { KERNEL_SOURCES } from "./kernel_sources.ts";

export interface TuningStore {
  /** The text, or undefined when there is none yet. */
  load(): Promise<string | undefined>;
  /** Replaces the text. */
  save(text: string): Promise<void>;
}

type Sections = Record<string, Record<string, string>>;

const FORMAT = "skein-tuning-1";
const MAX_TEXT_LENGTH = 1 << 20;

export class TuningCache {
  #store: TuningStore;
  #log: Log;
  #sections: Sections;
  #section: string;

  private constructor(store: TuningStore, log: Log, section: string, sections: Sections) {
    this.#store = store;
    this.#log = log;
    this.#section = section;
    this.#sections = sections;
  }

  /** Never fails: a store that cannot be read is an empty one, with a warning. */
  static async open(store: TuningStore, facts: AdapterFacts, log: Log): Promise<TuningCache> {
    let sections: Sections = {};
    try {
      const text = await store.load();
      if (text !== undefined) sections = parseSections(text);
    } catch (error) {
      log.warn(`read the measured choices of kernels: ${messageOf(error)}, measuring again`);
    }
    return new TuningCache(store, log, sectionOf(facts), sections);
  }

  get(key: string): string | undefined {
    return this.#sections[this.#section]?.[key];
  }

  set(key: string, choice: string): void {
    this.#sections[this.#section] = { ...this.#sections[this.#section], [key]: choice };
  }

  /** A store that cannot be written costs the next start a measurement, so it is a warning. */
  async save(): Promise<void> {
    try {
      await this.#store.save(JSON.stringify({ format: FORMAT, sections: this.#sections }, null, 1));
    } catch (error) {
      this.#log.warn(`keep the measured choices of kernels: ${messageOf(error)}`);
    }
  }
}

/** @throws when the text is not one that `save` wrote */
function parseSections(text: string): Sections {
  if (text.length > MAX_TEXT_LENGTH) {
    throw new Error(`${text.length} characters, at most ${MAX_TEXT_LENGTH} expected`);
  }
  const { format, sections } = JSON.parse(text);
  if (format !== FORMAT) throw new Error(`format ${format}, ${FORMAT} expected`);
  const isText = (value: unknown) => typeof value === "string";
  const isTable = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isTable(sections)) throw new Error("no table of sections");
  for (const section of Object.values(sections)) {
    if (!isTable(section) || !Object.values(section).every(isText)) throw new Error("a choice is not a name");
  }
  return sections as Sections;
}

/** The adapter, its driver as far as WebGPU names it, its features, and the kernels' sources. */
function sectionOf({ adapterName, vendor, architecture, features }: AdapterFacts): string {
  const kernels = Object.entries(KERNEL_SOURCES).filter(([name]) => name.startsWith("matmul"));
  return [adapterName, vendor, architecture, features.join("+"), digest(JSON.stringify(kernels))].join(" | ");
}

/** FNV-1a: tells versions apart, nothing more. */
function digest(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
