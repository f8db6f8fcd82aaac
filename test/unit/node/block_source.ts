/** The heads of a chain, as a test makes them. */
export class BlockSource {
  height = 100;
  readonly #handlers = new Set<(block: number) => void>();

  readonly block = () => this.height;
  readonly onBlock = (handler: (block: number) => void) => {
    this.#handlers.add(handler);
    return () => void this.#handlers.delete(handler);
  };

  get handlerCount(): number {
    return this.#handlers.size;
  }

  /** Then lets everything run that follows from it. */
  async to(height: number): Promise<void> {
    while (this.height < height) {
      this.height++;
      for (const handler of this.#handlers) handler(this.height);
      await settle();
    }
  }
}

/** Far more turns of the microtask queue than any chain of promises here. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}
