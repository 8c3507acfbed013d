/**
 * The web APIs that libraries provide. Each global is an accessor that loads its library when first read,
 * and then becomes an ordinary property. Connector code may replace it before or after: libraries find each
 * other through `web`, not through globals.
 */
import type { HostCallbacks } from '../harness-interface.ts';
import type { LibraryName, Web } from '../web-apis.ts';
import type { Primordials } from './primordials.ts';

type Exports = Readonly<Record<string, unknown>>;

export function libraries(
  builtIns: Primordials,
  library: HostCallbacks['library'],
  apiNames: string,
  parts: Omit<Web, 'load' | 'loaded'>,
  onClass: (prototype: object) => void,
): Web['load'] {
  const { apply, isObject } = builtIns;
  const names = builtIns.parse(apiNames) as Record<LibraryName, string[]>;
  const loaded = new builtIns.Map<LibraryName, Exports | null>();

  const find = (name: LibraryName): Exports | undefined =>
    (apply(builtIns.mapGet, loaded, [name]) as Exports | null | undefined) ?? undefined;
  const isBeingLoaded = (name: LibraryName): boolean => apply(builtIns.mapGet, loaded, [name]) === null;
  const load = (name: LibraryName): Exports => {
    const existing = find(name);
    if (existing) return existing;
    if (isBeingLoaded(name)) throw new builtIns.Error(`${name} is being loaded`);
    const libraryFunction = library(name);
    if (typeof libraryFunction !== 'function') throw new builtIns.Error(`${name} cannot be loaded`);
    apply(builtIns.mapSet, loaded, [name, null]);
    try {
      const exports = apply(libraryFunction, undefined, [web]) as Exports;
      apply(builtIns.mapSet, loaded, [name, exports]);
      for (let i = 0; i < names[name].length; i++) {
        const own = names[name][i] as string;
        const value = exports[own];
        if (typeof value !== 'function') continue;
        builtIns.nameFunction(value, own);
        if (isObject(value.prototype)) onClass(value.prototype);
      }
      return exports;
    } finally {
      if (isBeingLoaded(name)) apply(builtIns.mapDelete, loaded, [name]);
    }
  };

  const web = builtIns.createObject(null) as Web & Record<string, unknown>;
  const defineApi = (name: string, from: LibraryName): void => {
    builtIns.defineAccessor(web, name, () => load(from)[name]);
    const replace = (value: unknown): void => builtIns.defineValue(globalThis, name, value);
    /** Assignment as to an ordinary property: an object that inherits from the global object gets its own. */
    function assign(this: unknown, value: unknown): void {
      if (this === globalThis || this === undefined) replace(value);
      else builtIns.assignOwn(this, name, value);
    }
    const read = (): unknown => {
      // A library that checks whether the platform already has its API must find that it does not.
      if (isBeingLoaded(from)) return undefined;
      const value = load(from)[name];
      replace(value);
      return value;
    };
    builtIns.defineAccessor(globalThis, name, read, assign);
  };
  const keys = builtIns.ownKeys(names) as LibraryName[];
  for (let i = 0; i < keys.length; i++) {
    const from = keys[i] as LibraryName;
    for (let k = 0; k < names[from].length; k++) defineApi(names[from][k] as string, from);
  }
  const { request, compute, report, setSignalTimer } = parts;
  web.request = request;
  web.compute = compute;
  web.report = report;
  web.setSignalTimer = setSignalTimer;
  web.load = load;
  web.loaded = find;
  builtIns.freeze(web);
  return load;
}
