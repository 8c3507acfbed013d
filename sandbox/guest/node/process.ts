/** `process`, of which little is true in a connector: no arguments, no environment, nothing to listen to. */
import { clearImmediate, setImmediate } from './immediates.ts';
import { notAvailable } from './not-available.ts';

/** Packages compare it to choose between old and new features of the language. */
const VERSION = '24.0.0';

const { queueMicrotask, performance } = globalThis;
const { log, warn, error } = globalThis.console;
const refuse = (name: string) => (): never => {
  throw notAvailable(`process.${name}`);
};

const hrtime = (earlier?: readonly [number, number]): [number, number] => {
  const ns = Math.round(performance.now() * 1e6) - (earlier ? earlier[0] * 1e9 + earlier[1] : 0);
  return [Math.floor(ns / 1e9), ns % 1e9];
};

const output = (write: (text: string) => void): object => ({
  isTTY: false,
  writable: true,
  columns: 80,
  write(text: unknown): boolean {
    write(String(text).replace(/\n$/, ''));
    return true;
  },
  on: chained,
  once: chained,
  end(): void {},
});

function chained(this: unknown): unknown {
  return this;
}

const process = {
  [Symbol.toStringTag]: 'process',
  title: 'bulkhead',
  // As in the bundlers' usual `process`: packages take their way for browsers.
  browser: true,
  env: {} as Record<string, string>,
  argv: [] as string[],
  execArgv: [] as string[],
  execPath: '/',
  pid: 1,
  ppid: 0,
  platform: 'linux',
  arch: 'x64',
  version: `v${VERSION}`,
  // Empty: packages that look for it take their way for browsers, and those that split it find a text.
  versions: { node: '' } as Record<string, string>,
  release: { name: 'bulkhead' },
  features: {},
  config: {},
  exitCode: undefined,
  stdin: { isTTY: false, on: chained, once: chained },
  stdout: output(log),
  stderr: output(error),
  nextTick: (callback: (...args: unknown[]) => void, ...args: unknown[]): void =>
    queueMicrotask(() => callback(...args)),
  hrtime: Object.assign(hrtime, { bigint: (): bigint => BigInt(Math.round(performance.now() * 1e6)) }),
  uptime: (): number => performance.now() / 1000,
  memoryUsage: () => ({ rss: 0, heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 }),
  cpuUsage: () => ({ user: 0, system: 0 }),
  cwd: (): string => '/',
  umask: (): number => 0,
  emitWarning: (warning: unknown): void => warn(warning),
  on: chained,
  once: chained,
  off: chained,
  addListener: chained,
  removeListener: chained,
  removeAllListeners: chained,
  prependListener: chained,
  prependOnceListener: chained,
  setMaxListeners: chained,
  emit: (): boolean => false,
  listeners: (): unknown[] => [],
  listenerCount: (): number => 0,
  chdir: refuse('chdir'),
  exit: refuse('exit'),
  abort: refuse('abort'),
  kill: refuse('kill'),
  binding: refuse('binding'),
  dlopen: refuse('dlopen'),
};

// By the tag above, some tell that they are in Node, and take this from the global object.
for (const [name, value] of Object.entries({ setImmediate, clearImmediate })) {
  if (name in globalThis) continue;
  Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });
}

export default process;
