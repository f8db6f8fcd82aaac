/** The device memory of one engine, an arena a kind, allocated as planned or not at all. */
import type { AllocationFailure, BufferArena, Gpu } from "../gpu/mod.ts";
import {
  type AdapterShape,
  type EngineMemory,
  type EngineShape,
  layOutMemory,
  MEMORY_KINDS,
  type MemoryKind,
} from "./engine_memory.ts";
import { outOfMemory, planWithin } from "./memory_plan.ts";

export class EngineArenas {
  readonly #adapter: AdapterShape;
  readonly #arenas: ReadonlyMap<MemoryKind, BufferArena>;
  /** Bytes that were held when the device first had no more, and what it said. */
  #failure: { readonly heldBytes: number; readonly message: string } | undefined;

  constructor(gpu: Pick<Gpu, "arena">, adapter: AdapterShape) {
    this.#adapter = adapter;
    const arena = (kind: MemoryKind, index: number) =>
      gpu.arena(`engine ${kind}`, {
        limits: adapter.limits,
        onOutOfMemory: (failure) => this.#fail(failure, index),
      });
    this.#arenas = new Map(MEMORY_KINDS.map((kind, index) => [kind, arena(kind, index)]));
  }

  /**
   * @param totalBytes what may be held in all
   * @throws `model/bad-config`, `gpu/out-of-memory`, `gpu/too-large`, `train/adapter-too-weak`
   */
  async allocate(shape: EngineShape, totalBytes = Infinity): Promise<EngineMemory> {
    planWithin(shape, this.#adapter, totalBytes);
    const memory = layOutMemory(shape, this.#adapter, (kind) => this.#arenas.get(kind)!);
    for (const arena of this.#arenas.values()) await arena.settled();
    if (this.#failure === undefined) return memory;
    throw outOfMemory(shape, this.#adapter, this.#failure.heldBytes, this.#failure.message);
  }

  get heldBytes(): number {
    return [...this.#arenas.values()].reduce((sum, arena) => sum + arena.heldBytes, 0);
  }

  destroy(): void {
    for (const arena of this.#arenas.values()) arena.destroy();
  }

  /** Kinds are laid out in their order, so those before the failing one are complete. */
  #fail({ heldBytes, message }: AllocationFailure, index: number): void {
    const before = [...this.#arenas.values()].slice(0, index);
    this.#failure ??= {
      heldBytes: before.reduce((sum, arena) => sum + arena.heldBytes, heldBytes),
      message,
    };
  }
}
