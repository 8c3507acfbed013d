/**
 * One isolate with one context, the harness and, later, a connector's code. Belongs to one integration and
 * serves one run at a time. The only importer of isolated-vm.
 */
import { createRequire } from 'node:module';
import type ivm from 'isolated-vm';
import { moduleFunctions } from '../capabilities.ts';
import { callbackNames, harnessSource } from '../guest/harness.ts';
import type { GuestEntries, HostCallbacks } from '../guest/harness-interface.ts';
import type { Bundle } from '../protocol.ts';
import { CodeCaches } from './code-caches.ts';
import { compute } from './guest-crypto.ts';
import { NO_RUN } from './guest-text.ts';
import { libraryTexts } from './library-texts.ts';

const library = requireUncached('isolated-vm');

/** How long a reading of the heap is reused. */
const HEAP_AGE_MS = 100;
/** Heap with the harness, a library or two, and a small connector. */
const EMPTY_HEAP_BYTES = 4 * 1024 * 1024;
const HARNESS_FILE = 'bulkhead:harness';
/** Coarse like a browser's clock: a finer one could reveal what runs next to it. */
const CLOCK_STEPS_PER_MS = 10;

type EntryName = keyof GuestEntries;
/** What crosses into the isolate: primitives, and references to objects inside. */
type EntryArgument = string | number | ivm.Dereference<unknown>;
type Cached = ivm.ExternalCopy<ArrayBuffer>;
type Entry = ivm.Reference<(...args: EntryArgument[]) => unknown>;

/** The callbacks that a run handles. The others do not depend on the run. */
export type RunCallbacks = Pick<HostCallbacks, 'answer' | 'log' | 'setTimer' | 'clearTimer' | 'ask'>;

/** Code caches of our own scripts, by file name. */
const ownCaches = new CodeCaches<Cached>(Number.POSITIVE_INFINITY);
/** Code caches of connectors, by digest. Made on this thread, never taken from outside. */
const bundleCaches = new CodeCaches<Cached>(16);

/**
 * isolated-vm exports `NativeModule`, which loads any file as native code without asking for a permission.
 * It cannot be deleted, but without the entries in the require cache, code that has broken out cannot find it.
 */
function requireUncached(name: string): typeof ivm {
  const require = createRequire(import.meta.url);
  const before = new Set(Object.keys(require.cache));
  const loaded = require(name) as typeof ivm;
  for (const path of Object.keys(require.cache)) if (!before.has(path)) delete require.cache[path];
  return loaded;
}

/** Removes a byte-order mark and comments out a shebang line: inside a function, neither is JavaScript. */
function withoutPreamble(code: string): string {
  return code.replace(/^\uFEFF/, '').replace(/^#!/, '//');
}

export class GuestIsolate {
  /** Undefined while prewarmed. */
  bundle: Bundle | undefined;
  readonly memoryMb: number;
  readonly #isolate: ivm.Isolate;
  readonly #context: ivm.Context;
  readonly #entries = new Map<EntryName, Entry>();
  readonly #guest: ivm.Reference<GuestEntries>;
  #heapBytes = 0;
  #retainedBytes = 0;
  #heapReadAt = Number.NEGATIVE_INFINITY;
  #isLoaded = false;
  /** The run that has the isolate; it gets the callbacks. */
  host: RunCallbacks | undefined;

  private constructor(isolate: ivm.Isolate, context: ivm.Context, memoryMb: number) {
    this.#isolate = isolate;
    this.#context = context;
    this.memoryMb = memoryMb;
    const callbacks = this.#callbacks();
    const closure = ownCaches.compile(HARNESS_FILE, (options) =>
      this.#isolate.compileScriptSync(harnessSource, { filename: HARNESS_FILE, ...options }),
    );
    const harness = closure.runSync(this.#context, { reference: true }) as ivm.Reference;
    const made = harness.applySync(
      undefined,
      callbackNames.map(
        (name) => new library.Callback(callbacks[name] as (...args: unknown[]) => unknown, { sync: true }),
      ),
      { result: { reference: true } },
    );
    this.#guest = made as unknown as ivm.Reference<GuestEntries>;
  }

  /** Makes an isolate in steps of at most a millisecond, so that the thread can work in between or abandon it. */
  static *createInSteps(memoryMb: number): Generator<void, GuestIsolate | undefined, void> {
    const isolate = new library.Isolate({ memoryLimit: memoryMb });
    let made: GuestIsolate | undefined;
    try {
      yield;
      const context = isolate.createContextSync();
      yield;
      made = new GuestIsolate(isolate, context, memoryMb);
      return made;
    } finally {
      if (!made) isolate.dispose();
    }
  }

  #callbacks(): Record<keyof HostCallbacks, unknown> {
    const callbacks: Omit<HostCallbacks, 'library'> = {
      answer: (kind, text, code, stack) => this.host?.answer(String(kind), String(text), String(code), String(stack)),
      log: (level, text) => this.host?.log(String(level), String(text)),
      setTimer: (id, delayMs, repeat) => this.host?.setTimer(Number(id), Number(delayMs), repeat === true) ?? NO_RUN,
      clearTimer: (id) => this.host?.clearTimer(Number(id)),
      ask: (id, capability, request) => this.host?.ask(Number(id), String(capability), String(request)) ?? NO_RUN,
      compute: (operation, parameters, key, data) =>
        compute(String(operation), String(parameters), String(key), String(data)),
      now: () => Math.floor(performance.now() * CLOCK_STEPS_PER_MS) / CLOCK_STEPS_PER_MS,
    };
    return { ...callbacks, library: (name: string) => this.#compileLibrary(String(name)) };
  }

  /** Called while the guest is running, within its limits of time and memory. */
  #compileLibrary(name: string): ivm.Dereference<unknown> | undefined {
    const text = libraryTexts.get(name);
    if (text === undefined) return undefined;
    try {
      const filename = `bulkhead:${name}`;
      const script = ownCaches.compile(filename, (options) =>
        this.#isolate.compileScriptSync(text, { filename, ...options }),
      );
      return (script.runSync(this.#context, { reference: true }) as ivm.Reference).derefInto();
    } catch {
      return undefined;
    }
  }

  get isDisposed(): boolean {
    return this.#isolate.isDisposed;
  }

  /** Heap in use, at most `HEAP_AGE_MS` ago: reading it costs as much as a small call. */
  get heapBytes(): number {
    if (performance.now() - this.#heapReadAt > HEAP_AGE_MS) this.readHeap();
    return this.#heapBytes;
  }

  /** Memory beyond that of an empty isolate, at the last reading of the heap. */
  get retainedBytes(): number {
    return this.#retainedBytes;
  }

  readHeap(): void {
    if (this.#isolate.isDisposed) return;
    const { used_heap_size, externally_allocated_size } = this.#isolate.getHeapStatisticsSync();
    this.#heapReadAt = performance.now();
    this.#heapBytes = used_heap_size;
    this.#retainedBytes = Math.max(0, used_heap_size + externally_allocated_size - EMPTY_HEAP_BYTES);
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /**
   * Runs the bundle's top level. What a CommonJS bundle throws is reported to the host as `bundle_failed`.
   * Everything else is thrown here: errors of a module, syntax errors, missing imports, a timeout.
   */
  load(timeoutMs: number): void {
    const { bundle } = this;
    if (!bundle) throw new Error('the isolate has no bundle to load');
    if (bundle.format === 'module') this.#loadModule(bundle, timeoutMs);
    else this.#loadCommonJs(bundle, timeoutMs);
    this.#isLoaded = true;
  }

  #loadCommonJs({ digest, filename, code }: Bundle, timeoutMs: number): void {
    const prefix = '(function (exports, require, module) {';
    const text = `${prefix}${withoutPreamble(code)}\n})`;
    const script = bundleCaches.compile(digest, (options) =>
      this.#isolate.compileScriptSync(text, { filename, columnOffset: -prefix.length, ...options }),
    );
    const factory = script.runSync(this.#context, { reference: true, timeout: timeoutMs }) as ivm.Reference;
    this.enter('loadCommonJs', [factory.derefInto()], timeoutMs);
  }

  #loadModule({ digest, filename, code }: Bundle, timeoutMs: number): void {
    const sdk = this.#guest.getSync('sdk' as never, { reference: true }) as ivm.Reference;
    const global = this.#context.global;
    const sdkModule = this.#isolate.compileModuleSync(
      `const sdk = globalThis.__bulkhead; delete globalThis.__bulkhead; export const { ${moduleFunctions.join(', ')} } = sdk; export default sdk;`,
      { filename: HARNESS_FILE },
    );
    global.setSync('__bulkhead', sdk.derefInto());
    sdkModule.instantiateSync(this.#context, () => {
      throw new Error('the SDK imports nothing');
    });
    sdkModule.evaluateSync();
    // While a module waits in a top-level await, its last export is not initialized. The harness checks that.
    const marked = `${withoutPreamble(code)}\nexport const bulkheadLoaded$ = true;`;
    const module = bundleCaches.compile(digest, (options) =>
      this.#isolate.compileModuleSync(marked, { filename, ...options }),
    );
    module.instantiateSync(this.#context, (specifier) => {
      if (specifier === 'bulkhead') return sdkModule;
      throw new Error(`cannot import ${specifier.slice(0, 200)}: only 'bulkhead' is available`);
    });
    module.evaluateSync({ timeout: timeoutMs });
    this.enter('load', [module.namespace.derefInto()], timeoutMs);
  }

  /**
   * Calls into the guest. Returns when the call and its microtasks are done. The harness throws nothing:
   * an exception means that time or memory has run out, or that a promise was rejected unhandled.
   *
   * @returns a primitive, or a reference to an object inside
   */
  enter(name: EntryName, args: EntryArgument[], timeoutMs: number): unknown {
    let entry = this.#entries.get(name);
    if (!entry) {
      entry = this.#guest.getSync(name as never, { reference: true }) as unknown as Entry;
      this.#entries.set(name, entry);
    }
    return entry.applySync(undefined, args, { timeout: timeoutMs });
  }

  dispose(): void {
    this.host = undefined;
    if (!this.#isolate.isDisposed) this.#isolate.dispose();
  }
}
