/**
 * Runs inside the isolate, before any connector code, as source text (`harness.toString()`): it may
 * refer to nothing outside itself and knows ECMAScript alone.
 *
 * It finds the function, calls it in either style, turns whatever comes back into text, and catches
 * everything, so that no guest object and no guest error reaches the wall. Its honesty is a
 * convenience: the thread outside checks and bounds all that it hands out.
 */

/** Callbacks into the thread. Primitives only; none of them throws. */
export interface HostCallbacks {
  /**
   * `kind` is `result`, `error`, the name of a fault, or `provisional`: what the function returned
   * while its callback is still open, which is the answer only if none comes.
   */
  answer(kind: string, text: string, code: string, stack: string): void;
  log(level: string, text: string): void;
  /** False if too many are set. */
  setTimer(id: number, delayMs: number, repeat: boolean): boolean;
  clearTimer(id: number): void;
  /** False if too many are open, or the text is too long. */
  ask(id: number, capability: string, request: string): boolean;
}

/** Entry points for the thread. */
export interface GuestEntries {
  /** Takes what the bundle exports. Must be the first call; a run may follow. */
  load(exported: unknown): void;
  /** Runs a CommonJS bundle; `factory` is its compiled wrapper. */
  loadCommonJs(factory: (exports: object, require: (name: string) => unknown, module: object) => void): void;
  start(section: string, name: string, argument: string, resultDepth: number, messageChars: number): void;
  /** Answers with the names of the connector's sections and functions. */
  inspect(): void;
  fire(timerId: number): void;
  settle(askId: number, reply: string): void;
}

export function harness(
  answer: HostCallbacks['answer'],
  log: HostCallbacks['log'],
  setTimer: HostCallbacks['setTimer'],
  clearTimer: HostCallbacks['clearTimer'],
  ask: HostCallbacks['ask'],
  sectionNames: string,
): GuestEntries & { sdk: object } {
  const global = globalThis as unknown as Record<string, unknown>;
  const { apply, getPrototypeOf, getOwnPropertyDescriptor, ownKeys, defineProperty } = Reflect;
  const { parse, stringify } = JSON;
  const { freeze, create: createObject } = Object;
  const isArray = Array.isArray;
  const isFiniteNumber = Number.isFinite;
  const ObjectPrototype = Object.prototype;
  const ArrayPrototype = Array.prototype;
  const PromiseClass = Promise;
  const promiseThen = Promise.prototype.then;
  const promiseResolve = Promise.resolve;
  const sliceString = String.prototype.slice;
  const splitString = String.prototype.split;
  const includesString = String.prototype.includes;
  const lowerCase = String.prototype.toLowerCase;
  const upperCase = String.prototype.toUpperCase;
  const ErrorClass = Error;
  const TypeErrorClass = TypeError;
  const StringFunction = String;
  const MapClass = Map;
  const mapGet = Map.prototype.get;
  const mapSet = Map.prototype.set;
  const mapDelete = Map.prototype.delete;
  const setHas = Set.prototype.has;

  const cut = (text: string, chars: number): string =>
    text.length > chars ? (apply(sliceString, text, [0, chars]) as string) : text;

  // --- looking up a function ---------------------------------------------------------------------

  /** Prototypes that are not the connector's: a look-up stops before them. */
  const builtInPrototypes = new Set<object>();
  for (const key of ownKeys(globalThis)) {
    const value = getOwnPropertyDescriptor(globalThis, key)?.value;
    const prototype = typeof value === 'function' ? value.prototype : undefined;
    if (typeof prototype === 'object' && prototype !== null) builtInPrototypes.add(prototype);
  }
  builtInPrototypes.add(Function.prototype);
  const AsyncFunctionPrototype = getPrototypeOf(async () => {});
  if (AsyncFunctionPrototype) builtInPrototypes.add(AsyncFunctionPrototype);
  /** `constructor`, `toString`, `__proto__` and their like, whoever defines them. */
  const hasOwn = ObjectPrototype.hasOwnProperty;
  const reservedNames = new Set<PropertyKey>(ownKeys(ObjectPrototype));
  const knownSections = apply(splitString, sectionNames, [',']) as string[];

  const member = (holder: object, name: string): unknown => {
    if (apply(setHas, reservedNames, [name])) return undefined;
    let object: object | null = holder;
    while (object !== null && !apply(setHas, builtInPrototypes, [object])) {
      const found = getOwnPropertyDescriptor(object, name);
      if (found) return apply(hasOwn, found, ['get']) && found.get ? apply(found.get, holder, []) : found.value;
      object = getPrototypeOf(object);
    }
    return undefined;
  };
  const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

  let connector: object | undefined;
  const hasSection = (candidate: object): boolean => {
    for (let i = 0; i < knownSections.length; i++) {
      if (isObject(member(candidate, knownSections[i] as string))) return true;
    }
    return false;
  };
  /** The exports themselves, or their default, whichever holds a section. */
  const choose = (exported: unknown): object => {
    const byDefault = isObject(exported) ? getOwnPropertyDescriptor(exported, 'default')?.value : undefined;
    if (isObject(exported) && hasSection(exported)) return exported;
    if (isObject(byDefault)) return byDefault;
    if (isObject(exported)) return exported;
    throw new TypeErrorClass('the bundle exports no object');
  };

  /** A module that waits at its top level has not reached its last export. */
  const ended = (namespace: unknown): unknown => {
    try {
      getOwnPropertyDescriptor(namespace as object, 'bulkheadLoaded$');
      return namespace;
    } catch {
      throw new ErrorClass('its top level has not ended; top-level await is not offered');
    }
  };

  // --- results -----------------------------------------------------------------------------------

  /** Whether a value is plain JSON; an undefined property is left out, as JSON does. */
  const isPlain = (value: unknown, depth: number): boolean => {
    if (value === null) return true;
    const type = typeof value;
    if (type === 'string' || type === 'boolean') return true;
    if (type === 'number') return isFiniteNumber(value as number);
    if (type !== 'object' || depth <= 0) return false;
    const prototype = getPrototypeOf(value as object);
    if (isArray(value)) {
      if (prototype !== ArrayPrototype) return false;
      for (let i = 0; i < value.length; i++) if (!isPlain(value[i], depth - 1)) return false;
      return true;
    }
    if (prototype !== ObjectPrototype && prototype !== null) return false;
    const keys = ownKeys(value as object);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      if (typeof key === 'symbol') return false;
      const item = (value as Record<string, unknown>)[key];
      if (item !== undefined && !isPlain(item, depth - 1)) return false;
    }
    return true;
  };

  // --- errors ------------------------------------------------------------------------------------

  const read = (holder: object, name: string): unknown => {
    try {
      return (holder as Record<string, unknown>)[name];
    } catch {
      return undefined;
    }
  };
  const textOf = (value: unknown): string | undefined => {
    if (typeof value === 'string') return value === '' ? undefined : value;
    return typeof value === 'number' || typeof value === 'boolean' ? StringFunction(value) : undefined;
  };
  const asJson = (value: unknown): string => {
    try {
      const text = stringify(value);
      return typeof text === 'string' ? text : typeof value;
    } catch {
      return typeof value;
    }
  };
  /** Frames of the harness are ours, and say nothing to the connector's author. */
  const ownFrames = (stack: string): string => {
    const lines = apply(splitString, stack, ['\n']) as string[];
    let kept = '';
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i] as string;
      if (!apply(includesString, line, ['bulkhead:harness'])) {
        kept += (kept === '' ? '' : '\n') + line;
      }
    }
    return kept;
  };
  const describe = (error: unknown): { code: string; message: string; stack: string } => {
    if (isObject(error) || typeof error === 'function') {
      const stack = textOf(read(error, 'stack'));
      return {
        code: textOf(read(error, 'code')) ?? textOf(read(error, 'name')) ?? 'Error',
        message: textOf(read(error, 'message')) ?? cut(asJson(error), messageLimit),
        stack: stack === undefined ? '' : ownFrames(cut(stack, 4 * messageLimit)),
      };
    }
    let message: string;
    try {
      message = StringFunction(error) || 'no message';
    } catch {
      message = typeof error;
    }
    return { code: 'Error', message, stack: '' };
  };

  // --- the run -----------------------------------------------------------------------------------

  let run = 0;
  let answered = true;
  let depthLimit = 0;
  let messageLimit = 1000;

  /** The first answer counts; a later one is logged and ignored. */
  const settleRun = (id: number, kind: string, text: string, code: string, stack: string): void => {
    if (id !== run) return;
    if (answered) return log('warn', 'answered again; the first answer counts');
    answered = true;
    answer(kind, text, code, stack);
  };
  const fail = (id: number, error: unknown): void => {
    try {
      const { code, message, stack } = describe(error);
      settleRun(id, 'error', cut(message, messageLimit), cut(code, messageLimit), cut(stack, 2 * messageLimit));
    } catch {
      settleRun(id, 'error', 'the error could not be read', 'Error', '');
    }
  };
  const succeed = (id: number, value: unknown): void => {
    if (value === undefined) return settleRun(id, 'result', '{}', '', '');
    let text: unknown;
    try {
      if (isPlain(value, depthLimit)) text = stringify(value);
    } catch {
      // A trap, a getter or the stack's end: not plain.
    }
    if (typeof text === 'string') settleRun(id, 'result', text, '', '');
    else settleRun(id, 'invalid_extension_response', '', '', '');
  };

  const start: GuestEntries['start'] = (sectionName, name, argument, resultDepth, messageChars) => {
    const id = ++run;
    answered = false;
    depthLimit = resultDepth;
    messageLimit = messageChars;
    try {
      const section = connector && member(connector, sectionName);
      if (!isObject(section)) return settleRun(id, 'object_not_found', '', '', '');
      const called = member(section, name);
      if (typeof called !== 'function') return settleRun(id, 'invalid_function', '', '', '');
      const takesCallback = called.length >= 2;
      const callback = (error: unknown, result: unknown): void => {
        if (error) fail(id, error);
        else succeed(id, result);
      };
      const returned: unknown = apply(called as () => unknown, section, [parse(argument), callback]);
      const thenable = isObject(returned) && typeof (returned as { then?: unknown }).then === 'function';
      if (thenable) {
        const promise = apply(promiseResolve, PromiseClass, [returned]) as Promise<unknown>;
        apply(promiseThen, promise, [
          // An async function that takes a callback may answer through it later on.
          (value: unknown) => {
            if (value !== undefined || !takesCallback) succeed(id, value);
            else if (id === run && !answered) answer('provisional', '{}', '', '');
          },
          (error: unknown) => fail(id, error),
        ]);
      } else if (!takesCallback) {
        succeed(id, returned);
      } else if (returned !== undefined && !answered && isPlain(returned, depthLimit)) {
        // A timer's handle, say; or an answer after all.
        answer('provisional', stringify(returned), '', '');
      }
    } catch (error) {
      fail(id, error);
    }
  };

  const inspect = (): void => {
    const id = ++run;
    answered = false;
    try {
      const sections = createObject(null) as Record<string, string[]>;
      for (let i = 0; i < knownSections.length; i++) {
        const sectionName = knownSections[i] as string;
        const section = connector && member(connector, sectionName);
        if (!isObject(section)) continue;
        const names: string[] = [];
        let object: object | null = section;
        while (object !== null && !apply(setHas, builtInPrototypes, [object])) {
          const keys = ownKeys(object);
          for (let k = 0; k < keys.length && names.length < 1000; k++) {
            const key = keys[k] as string;
            if (typeof key === 'string' && typeof member(section, key) === 'function') {
              names[names.length] = cut(key, 200);
            }
          }
          object = getPrototypeOf(object);
        }
        sections[sectionName] = names;
      }
      settleRun(id, 'result', stringify(sections), '', '');
    } catch (error) {
      fail(id, error);
    }
  };

  // --- timers ------------------------------------------------------------------------------------

  type Timer = { callback: (...args: unknown[]) => unknown; args: unknown[]; repeat: boolean };
  const timers = new MapClass<number, Timer>();
  let lastId = 0;
  const addTimer = (callback: unknown, delay: unknown, args: unknown[], repeat: boolean): number => {
    if (typeof callback !== 'function') throw new TypeErrorClass('a timer takes a function');
    const id = ++lastId;
    const delayMs = +(delay as number);
    if (!setTimer(id, delayMs > 0 && delayMs <= 2_147_483_647 ? delayMs : 0, repeat)) {
      throw new ErrorClass('too many timers');
    }
    apply(mapSet, timers, [id, { callback, args, repeat }]);
    return id;
  };
  const removeTimer = (id: unknown): void => {
    if (apply(mapDelete, timers, [id])) clearTimer(id as number);
  };
  const fire = (id: number): void => {
    const timer = apply(mapGet, timers, [id]) as Timer | undefined;
    if (!timer) return;
    if (!timer.repeat) apply(mapDelete, timers, [id]);
    try {
      apply(timer.callback, undefined, timer.args);
    } catch (error) {
      fail(run, error);
    }
  };

  // --- requests to the runtime -------------------------------------------------------------------

  type Pending = { resolve: (value: unknown) => void; reject: (error: unknown) => void };
  const pending = new MapClass<number, Pending>();
  const request = (capability: string, payload: unknown): Promise<unknown> =>
    new PromiseClass((resolve, reject) => {
      const id = ++lastId;
      if (!ask(id, capability, stringify(payload))) {
        reject(new ErrorClass('too many requests at once, or too large a one'));
        return;
      }
      apply(mapSet, pending, [id, { resolve, reject }]);
    });
  const settle = (id: number, reply: string): void => {
    const open = apply(mapGet, pending, [id]) as Pending | undefined;
    if (!open) return;
    apply(mapDelete, pending, [id]);
    const told = parse(reply) as { value?: unknown; error: { code: string; message: string } };
    if (apply(hasOwn, told, ['error'])) {
      const { error } = told;
      const rejection = new TypeErrorClass(error.message) as TypeError & { code: string };
      rejection.code = error.code;
      open.reject(rejection);
    } else {
      open.resolve(told.value);
    }
  };

  // --- globals -----------------------------------------------------------------------------------

  const shown = (value: unknown): string => {
    if (typeof value === 'string') return value;
    try {
      if (isObject(value)) {
        const stack = textOf(read(value, 'stack'));
        return stack === undefined ? asJson(value) : ownFrames(stack);
      }
      return StringFunction(value);
    } catch {
      return typeof value;
    }
  };
  const logger =
    (level: string) =>
    (...values: unknown[]): void => {
      let line = '';
      for (let i = 0; i < values.length; i++) line += (i === 0 ? '' : ' ') + cut(shown(values[i]), 10_000);
      log(level, cut(line, 10_000));
    };
  const define = (name: string, value: unknown): void => {
    defineProperty(global, name, {
      // What the connector puts on every object is no part of it.
      __proto__: null,
      value,
      writable: true,
      enumerable: false,
      configurable: true,
    } as PropertyDescriptor);
  };
  define('console', {
    debug: logger('debug'),
    log: logger('info'),
    info: logger('info'),
    warn: logger('warn'),
    error: logger('error'),
    trace: logger('debug'),
  });
  define('setTimeout', (callback: unknown, delay?: unknown, ...args: unknown[]) =>
    addTimer(callback, delay, args, false),
  );
  define('setInterval', (callback: unknown, delay?: unknown, ...args: unknown[]) =>
    addTimer(callback, delay, args, true),
  );
  define('clearTimeout', removeTimer);
  define('clearInterval', removeTimer);
  define('queueMicrotask', (callback: unknown) => {
    if (typeof callback !== 'function') throw new TypeErrorClass('queueMicrotask takes a function');
    const settled = apply(promiseResolve, PromiseClass, [undefined]) as Promise<unknown>;
    apply(promiseThen, settled, [
      () => {
        try {
          apply(callback as () => unknown, undefined, []);
        } catch (error) {
          fail(run, error);
        }
      },
    ]);
  });

  class Headers {
    readonly #values = new MapClass<string, string>();
    constructor(init?: Iterable<[string, string]> | Record<string, string>) {
      if (init === undefined || init === null) return;
      const entries =
        init instanceof Headers || isArray(init)
          ? (init as Iterable<[string, string]>)
          : Object.entries(init as Record<string, string>);
      for (const [name, value] of entries) this.append(name, value);
    }
    append(name: string, value: string): void {
      const before = this.get(name);
      this.set(name, before === null ? value : `${before}, ${value}`);
    }
    delete(name: string): void {
      apply(mapDelete, this.#values, [apply(lowerCase, StringFunction(name), [])]);
    }
    get(name: string): string | null {
      return (apply(mapGet, this.#values, [apply(lowerCase, StringFunction(name), [])]) as string | undefined) ?? null;
    }
    has(name: string): boolean {
      return this.get(name) !== null;
    }
    set(name: string, value: string): void {
      apply(mapSet, this.#values, [apply(lowerCase, StringFunction(name), []), StringFunction(value)]);
    }
    forEach(callback: (value: string, name: string, headers: Headers) => void): void {
      for (const [name, value] of this) callback(value, name, this);
    }
    keys(): Iterator<string> {
      return this.#values.keys();
    }
    values(): Iterator<string> {
      return this.#values.values();
    }
    entries(): Iterator<[string, string]> {
      return this.#values.entries();
    }
    [Symbol.iterator](): Iterator<[string, string]> {
      return this.entries();
    }
  }

  type Received = { url: string; status: number; statusText: string; headers: [string, string][]; body: string };
  class Response {
    readonly status: number;
    readonly statusText: string;
    readonly headers: Headers;
    readonly url: string;
    readonly #body: string;
    #bodyUsed = false;
    constructor(received: Received) {
      this.status = received.status;
      this.statusText = received.statusText;
      this.headers = new Headers(received.headers);
      this.url = received.url;
      this.#body = received.body;
    }
    get ok(): boolean {
      return this.status >= 200 && this.status <= 299;
    }
    get bodyUsed(): boolean {
      return this.#bodyUsed;
    }
    async text(): Promise<string> {
      if (this.#bodyUsed) throw new TypeErrorClass('the body has been read');
      this.#bodyUsed = true;
      return this.#body;
    }
    async json(): Promise<unknown> {
      return parse(await this.text());
    }
  }
  type Init = { method?: string; headers?: ConstructorParameters<typeof Headers>[0]; body?: string };
  define('Headers', Headers);
  define('fetch', async (url: unknown, init: Init = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    const body = init.body;
    if (body !== undefined && body !== null && typeof body !== 'string') {
      throw new TypeErrorClass('fetch takes a text as its body');
    }
    const received = await request('fetch', {
      url: StringFunction(url),
      method: init.method === undefined ? 'GET' : (apply(upperCase, StringFunction(init.method), []) as string),
      headers: [...headers],
      body: body ?? null,
    });
    return new Response(received as Received);
  });
  // Its memory is counted by no heap limit.
  delete global.WebAssembly;

  const sdk = freeze({
    progress: (fraction: unknown, text?: unknown): void => {
      const message = text === undefined ? '' : cut(StringFunction(text), 1000);
      const sent = request('progress', { fraction: +(fraction as number), message });
      apply(promiseThen, sent, [undefined, () => {}]);
    },
  });

  return {
    sdk,
    load(exported) {
      try {
        connector = choose(ended(exported));
      } catch (error) {
        const { message, stack } = describe(error);
        answer('bundle_failed', cut(message, messageLimit), '', cut(stack, 2 * messageLimit));
      }
    },
    loadCommonJs(factory) {
      try {
        const module = { exports: {} };
        const require = (name: string): unknown => {
          if (name === 'bulkhead') return sdk;
          throw new ErrorClass(`cannot require ${cut(StringFunction(name), 200)}: only 'bulkhead' is there`);
        };
        apply(factory, module.exports, [module.exports, require, module]);
        connector = choose(module.exports);
      } catch (error) {
        const { message, stack } = describe(error);
        answer('bundle_failed', cut(message, messageLimit), '', cut(stack, 2 * messageLimit));
      }
    },
    start,
    inspect,
    fire(id) {
      fire(id);
    },
    settle,
  };
}
