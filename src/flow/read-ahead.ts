/** Reads ahead of the consumer of an async iterator, by a bounded number of items. */

/**
 * @param count items that are read, or being read, before they are asked for
 * @throws whatever the iterator throws, when its turn comes
 */
export async function* readAhead<T>(source: AsyncIterator<T>, count: number): AsyncGenerator<T> {
  const waiting: Promise<IteratorResult<T>>[] = [];
  const fill = (): void => {
    while (waiting.length < count) {
      const next = source.next();
      // The error is thrown to the consumer. Until then, it is not unhandled.
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
