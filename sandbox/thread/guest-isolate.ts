/**
 * One isolate with one context, the harness and, once it has been given one, a connector's code in it.
 * The only importer of isolated-vm. It belongs to one integration and serves one run at a time.
 */
import { createRequire } from 'node:module';
import type ivm from 'isolated-vm';
import { callbackNames, harnessSource } from '../guest/harness.ts';
import type { GuestEntries, HostCallbacks } from '../guest/harness-interface.ts';
import type { Bundle } from '../protocol.ts';
import { CodeCaches } from './code-caches.ts';
import { compute } from './guest-crypto.ts';
import { libraryTexts } from './library-texts.ts';

const library = loadedForNobodyElse('isolated-vm');

const HEAP_AGE_MS = 100;
/** Harness, a library or two, and a small connector. */
const EMPTY_HEAP_BYTES = 4 * 1024 * 1024;
const HARNESS_FILE = 'bulkhead:harness';
/** Clocks of a browser are no finer, lest they tell what goes on beside. */
const CLOCK_STEPS_PER_MS = 10;
const SECTIONS = 'installer,uninstaller,settings,utilities,hooks,wrappers';

type EntryName = keyof GuestEntries;
/** What crosses into the isolate: primitives, and references to what is in there already. */
type EntryArgument = string | number | ivm.Dereference<unknown>;
type Cached = ivm.ExternalCopy<ArrayBuffer>;
type Entry = ivm.Reference<(...args: EntryArgument[]) => unknown>;

/** What a run answers to; the rest is the same for all. */
export type RunCallbacks = Pick<HostCallbacks, 'answer' | 'log' | 'setTimer' | 'clearTimer' | 'ask'>;

/** Texts of ours that were compiled on this thread, by the names of their files. */
const ownCaches = new CodeCaches<Cached>(Number.POSITIVE_INFINITY);
/** Connectors' code that was, by its digest. Made here, never taken from outside. */
const bundleCaches = new CodeCaches<Cached>(16);

/**
 * Its `NativeModule` loads any file as native code and asks no permission. It cannot be deleted, but
 * code that has broken out comes by it only if somebody keeps it.
 */
function loadedForNobodyElse(name: string): typeof ivm {
  const require = createRequire(import.meta.url);
  const before = new Set(Object.keys(require.cache));
  const loaded = require(name) as typeof ivm;
  for (const path of Object.keys(require.cache)) if (!before.has(path)) delete require.cache[path];
  return loaded;
}

/** A first line for the shell and a byte-order mark are no JavaScript inside a function. */
function withoutPreamble(code: string): string {
  return code.replace(/^\uFEFF/, '').replace(/^#!/, '//');
}

export class GuestIsolate {
  /** Absent in a spare one. */
  bundle: Bundle | undefined;
  readonly memoryMb: number;
  readonly #isolate: ivm.Isolate;
  readonly #context: ivm.Context;
  readonly #entries = new Map<EntryName, Entry>();
  readonly #guest: ivm.Reference<GuestEntries>;
  #heapBytes = 0;
  #retainedBytes = 0;
  #heapReadAt = Number.NEGATIVE_INFINITY;
  #loaded = false;
  /** Who gets the callbacks: the run that has the isolate. */
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
      [
        SECTIONS,
        ...callbackNames.map(
          (name) => new library.Callback(callbacks[name] as (...args: unknown[]) => unknown, { sync: true }),
        ),
      ],
      { result: { reference: true } },
    );
    this.#guest = made as unknown as ivm.Reference<GuestEntries>;
  }

  /** In steps of a millisecond at the most, for who has other things to do in between, or gives it up. */
  static *inSteps(memoryMb: number): Generator<void, GuestIsolate | undefined, void> {
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
      setTimer: (id, delayMs, repeat) => this.host?.setTimer(Number(id), Number(delayMs), repeat === true) ?? false,
      clearTimer: (id) => this.host?.clearTimer(Number(id)),
      ask: (id, capability, request) => this.host?.ask(Number(id), String(capability), String(request)) ?? false,
      compute: (operation, algorithm, key, data) =>
        compute(String(operation), String(algorithm), String(key), String(data)),
      now: () => Math.floor(performance.now() * CLOCK_STEPS_PER_MS) / CLOCK_STEPS_PER_MS,
    };
    return { ...callbacks, library: (name: string) => this.#compileLibrary(String(name)) };
  }

  /** Called while the guest is running: what ends its time or its memory meanwhile, ends it there. */
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

  /** Heap in use, at most `HEAP_AGE_MS` ago: to ask costs as much as a small call. */
  get heapBytes(): number {
    if (performance.now() - this.#heapReadAt > HEAP_AGE_MS) this.readHeap();
    return this.#heapBytes;
  }

  /** What it keeps in memory beyond an empty one, as it was when its heap was read last. */
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
    return this.#loaded;
  }

  /**
   * Runs the bundle's top level. What it throws is told to the host as `bundle_failed`; a syntax
   * error, an import that is not there and the end of the time are thrown here.
   */
  load(timeoutMs: number): void {
    const { bundle } = this;
    if (!bundle) throw new Error('an isolate without a bundle was to load it');
    if (bundle.format === 'module') this.#loadModule(bundle, timeoutMs);
    else this.#loadCommonJs(bundle, timeoutMs);
    this.#loaded = true;
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
      'const sdk = globalThis.__bulkhead; delete globalThis.__bulkhead; export const progress = sdk.progress; export default sdk;',
      { filename: HARNESS_FILE },
    );
    global.setSync('__bulkhead', sdk.derefInto());
    sdkModule.instantiateSync(this.#context, () => {
      throw new Error('the SDK imports nothing');
    });
    sdkModule.evaluateSync();
    // The last export is not there yet while the module waits at its top level: loading then fails.
    const marked = `${withoutPreamble(code)}\nexport const bulkheadLoaded$ = true;`;
    const module = bundleCaches.compile(digest, (options) =>
      this.#isolate.compileModuleSync(marked, { filename, ...options }),
    );
    module.instantiateSync(this.#context, (specifier) => {
      if (specifier === 'bulkhead') return sdkModule;
      throw new Error(`cannot import ${specifier.slice(0, 200)}: only 'bulkhead' is there`);
    });
    module.evaluateSync({ timeout: timeoutMs });
    this.enter('load', [module.namespace.derefInto()], timeoutMs);
  }

  /**
   * Calls into the guest and returns when it has nothing more to do at once, its microtasks
   * included. The harness throws nothing: an exception is the end of time or memory.
   *
   * @returns a primitive, or a reference to what is in there
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
