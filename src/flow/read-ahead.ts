/** Reads an async iterator a bounded number of items ahead of its consumer. */

/**
 * @param count items to read ahead
 * @throws whatever the iterator throws, when its turn comes
 */
export async function* readAhead<T>(source: AsyncIterator<T>, count: number): AsyncGenerator<T> {
  const waiting: Promise<IteratorResult<T>>[] = [];
  const fill = (): void => {
    while (waiting.length < count) {
      const next = source.next();
      // The consumer gets the error later. Until then, it must not count as unhandled.
      next.catch(() => {});
      waiting.push(next);
    }
  };
  try {
    for (;;) {
      fill();
      const result = await (waiting.shift() as Promise<IteratorResult<T>>);
      if (result.done) return;
      yield result.value;
    }
  } finally {
    await source.return?.();
  }
}
