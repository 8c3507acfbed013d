/** Modules that are a line or two here. */
import { absentFunctions } from './not-available.ts';

const isIPv4 = (text: string): boolean => /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(text);
const isIPv6 = (text: string): boolean => {
  if (!/^[0-9a-f:.]+(?:%\w+)?$/i.test(text) || !text.includes(':')) return false;
  try {
    return new URL(`http://[${text.replace(/%.*$/, '')}]`).hostname !== '';
  } catch {
    return false;
  }
};
const isIP = (text: string): number => (isIPv4(text) ? 4 : isIPv6(text) ? 6 : 0);

export const net = { isIP, isIPv4, isIPv6 };

export const tty = { isatty: (): boolean => false, ...absentFunctions('tty', ['ReadStream', 'WriteStream']) };

const noop = (): void => {};

const channel = (name: string): object => ({
  name,
  hasSubscribers: false,
  publish: noop,
  subscribe: noop,
  unsubscribe: (): boolean => false,
  runStores: (_context: unknown, run: () => unknown): unknown => run(),
});

export const diagnosticsChannel = {
  channel,
  hasSubscribers: (): boolean => false,
  subscribe: noop,
  unsubscribe: (): boolean => false,
  tracingChannel: (name: string): object => ({
    ...Object.fromEntries(
      ['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map((of) => [of, channel(`${name}:${of}`)]),
    ),
    hasSubscribers: false,
    traceSync: (run: () => unknown): unknown => run(),
    tracePromise: (run: () => unknown): unknown => run(),
    traceCallback: (run: () => unknown): unknown => run(),
  }),
};

export const perfHooks = {
  get performance() {
    return performance;
  },
  constants: {},
  ...absentFunctions('perf_hooks', ['PerformanceObserver', 'monitorEventLoopDelay', 'createHistogram']),
};

class AsyncResource {
  static bind<F>(callback: F): F {
    return callback;
  }

  bind<F>(callback: F): F {
    return callback;
  }

  runInAsyncScope(callback: (...args: unknown[]) => unknown, self?: unknown, ...args: unknown[]): unknown {
    return Reflect.apply(callback, self, args);
  }

  emitDestroy(): this {
    return this;
  }
}

/** Nothing here can carry a store across an `await`. */
class AsyncLocalStorage {
  static bind<F>(callback: F): F {
    return callback;
  }

  getStore(): undefined {
    return undefined;
  }

  disable(): void {}

  exit(callback: (...args: unknown[]) => unknown, ...args: unknown[]): unknown {
    return callback(...args);
  }
}
Object.assign(AsyncLocalStorage.prototype, absentFunctions('AsyncLocalStorage', ['run', 'enterWith']));

export const asyncHooks = {
  AsyncLocalStorage,
  AsyncResource,
  executionAsyncId: (): number => 0,
  triggerAsyncId: (): number => 0,
  ...absentFunctions('async_hooks', ['createHook']),
};

export const workerThreads = { isMainThread: true, parentPort: null, workerData: null, threadId: 0 };
export const cluster = { isMaster: true, isPrimary: true, isWorker: false };
export const fs = { existsSync: (): boolean => false };
export const module = { builtinModules: [] as string[], isBuiltin: (): boolean => false };
export const constants = {};
export const { console } = globalThis;
