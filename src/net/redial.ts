/**
 * Keeps a set of hotkeys connected: dials the addresses of each that is not, with doubling pauses between tries. The
 * address that answered last comes first, then direct ones before relayed ones.
 */
import type { Clock } from "../base/clock.ts";
import type { Hotkey } from "../base/transport.ts";
import { bestFirst } from "./addresses.ts";

const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 30_000;
const TICK_MS = 250;

interface Target {
  addrs: readonly string[];
  /** As they were given. */
  readonly text: string;
  pauseMs: number;
  nextTryMs: number;
  isDialing: boolean;
}

export interface RedialDependencies {
  readonly clock: Clock;
  isConnected(hotkey: Hotkey): boolean;
  dial(addr: string): Promise<Hotkey>;
}

export class Redial {
  readonly #deps: RedialDependencies;
  readonly #targets = new Map<Hotkey, Target>();
  #cancelTick: (() => void) | undefined;

  constructor(dependencies: RedialDependencies) {
    this.#deps = dependencies;
  }

  /** Replaces the set. Pauses of hotkeys that stay, with the same addresses, go on. */
  setTargets(addrsByHotkey: ReadonlyMap<Hotkey, readonly string[]>): void {
    for (const hotkey of this.#targets.keys()) if (!addrsByHotkey.has(hotkey)) this.#targets.delete(hotkey);
    for (const [hotkey, addrs] of addrsByHotkey) {
      const target = this.#targets.get(hotkey);
      if (target?.text === addrs.join()) continue;
      this.#targets.set(hotkey, {
        addrs: bestFirst(addrs),
        text: addrs.join(),
        pauseMs: FIRST_PAUSE_MS,
        nextTryMs: 0,
        isDialing: false,
      });
    }
    this.#cancelTick?.();
    this.#tick();
  }

  stop(): void {
    this.#targets.clear();
    this.#cancelTick?.();
    this.#cancelTick = undefined;
  }

  #tick(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    for (const [hotkey, target] of this.#targets) {
      if (target.isDialing) continue;
      if (this.#deps.isConnected(hotkey)) {
        target.pauseMs = FIRST_PAUSE_MS;
        target.nextTryMs = nowMs;
      } else if (nowMs >= target.nextTryMs) {
        this.#try(target);
      }
    }
    this.#cancelTick = this.#targets.size === 0
      ? undefined
      : this.#deps.clock.after(TICK_MS, () => this.#tick());
  }

  async #try(target: Target): Promise<void> {
    target.isDialing = true;
    for (const addr of target.addrs) {
      const isUp = await this.#deps.dial(addr).then(() => true, () => false);
      if (!isUp) continue;
      target.addrs = [addr, ...target.addrs.filter((other) => other !== addr)];
      break;
    }
    target.nextTryMs = this.#deps.clock.monotonicMs() + target.pauseMs;
    target.pauseMs = Math.min(2 * target.pauseMs, MAX_PAUSE_MS);
    target.isDialing = false;
  }
}
