/**
 * Who is served next in the runtime's own process: one request in each turn of the event loop, of each
 * owner in its turn. However many requests one has open, others are served between any two of them.
 */
export class FairQueue {
  readonly #lines = new Map<string, (() => void)[]>();
  #isTurnTaken = false;

  /** Resolves when it is this owner's turn. */
  turn(owner: string): Promise<void> | undefined {
    if (!this.#isTurnTaken) return this.#takeTurn();
    return new Promise((resolve) => {
      const line = this.#lines.get(owner);
      if (line) line.push(resolve);
      else this.#lines.set(owner, [resolve]);
    });
  }

  #takeTurn(): undefined {
    this.#isTurnTaken = true;
    setImmediate(() => {
      this.#isTurnTaken = false;
      this.#serveNext();
    });
  }

  #serveNext(): void {
    const [first] = this.#lines;
    if (!first) return;
    const [owner, line] = first;
    this.#lines.delete(owner);
    const serve = line.shift();
    if (line.length > 0) this.#lines.set(owner, line);
    this.#takeTurn();
    serve?.();
  }
}
