/** `timers` and `timers/promises` */
import { clearImmediate, setImmediate } from './immediates.ts';

interface Options {
  readonly signal?: AbortSignal;
}

const { setTimeout, setInterval, clearTimeout, clearInterval } = globalThis;

const promises = {
  setTimeout: <T>(delayMs?: number, value?: T, { signal }: Options = {}): Promise<T | undefined> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const timer = setTimeout(() => resolve(value), delayMs);
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
  setImmediate: <T>(value?: T): Promise<T | undefined> =>
    new Promise((resolve) => {
      setImmediate(() => resolve(value));
    }),
  async *setInterval<T>(delayMs?: number, value?: T, options: Options = {}): AsyncGenerator<T | undefined> {
    for (;;) yield await promises.setTimeout(delayMs, value, options);
  },
  scheduler: {
    wait: (delayMs: number, options?: Options): Promise<void> => promises.setTimeout(delayMs, undefined, options),
    yield: (): Promise<void> => promises.setImmediate(undefined),
  },
};

export default { setTimeout, setInterval, clearTimeout, clearInterval, setImmediate, clearImmediate, promises };
