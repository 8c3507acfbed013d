/** Finds a connector's function and calls it, in either style. */
import type { GuestEntries } from '../harness.ts';
import type { Answers } from './answers.ts';
import type { Primordials } from './primordials.ts';

type Entries = Pick<GuestEntries, 'load' | 'loadCommonJs' | 'start' | 'inspect'>;
type Dispatch = Entries & {
  /** Names a prototype that is not the connector's: a look-up stops before it. */
  addBuiltIn(prototype: object): void;
};

export function dispatch(built: Primordials, answers: Answers, sdk: object, sectionNames: string): Dispatch {
  const { apply, getPrototypeOf, getOwnPropertyDescriptor, ownKeys, isObject, cut } = built;
  const MOST_NAMES = 1_000;
  const NAME_CHARS = 200;
  const MESSAGE_CHARS = 1_000;

  const builtInPrototypes = new built.Set<object>([built.FunctionPrototype]);
  for (const key of ownKeys(globalThis)) {
    const value = getOwnPropertyDescriptor(globalThis, key)?.value;
    const prototype = typeof value === 'function' ? value.prototype : undefined;
    if (isObject(prototype)) builtInPrototypes.add(prototype);
  }
  const AsyncFunctionPrototype = getPrototypeOf(async () => {});
  if (AsyncFunctionPrototype) builtInPrototypes.add(AsyncFunctionPrototype);
  /** `constructor`, `toString`, `__proto__` and their like, whoever defines them. */
  const reservedNames = new built.Set<PropertyKey>(ownKeys(built.ObjectPrototype));
  const knownSections = apply(built.splitString, sectionNames, [',']) as string[];

  const member = (holder: object, name: string): unknown => {
    if (apply(built.setHas, reservedNames, [name])) return undefined;
    let object: object | null = holder;
    while (object !== null && !apply(built.setHas, builtInPrototypes, [object])) {
      const found = getOwnPropertyDescriptor(object, name);
      if (found) return built.hasOwn(found, 'get') && found.get ? apply(found.get, holder, []) : found.value;
      object = getPrototypeOf(object);
    }
    return undefined;
  };

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
    throw new built.TypeError('the bundle exports no object');
  };
  /** A module that waits at its top level has not reached its last export. */
  const ended = (namespace: unknown): unknown => {
    try {
      getOwnPropertyDescriptor(namespace as object, 'bulkheadLoaded$');
      return namespace;
    } catch {
      throw new built.Error('its top level has not ended; top-level await is not offered');
    }
  };

  const call = (id: number, sectionName: string, name: string, argument: string): void => {
    try {
      const section = connector && member(connector, sectionName);
      if (!isObject(section)) return answers.settle(id, 'object_not_found', '');
      const called = member(section, name);
      if (typeof called !== 'function') return answers.settle(id, 'invalid_function', '');
      const takesCallback = called.length >= 2;
      const callback = (error: unknown, result: unknown): void => {
        if (error) answers.fail(id, error);
        else answers.succeed(id, result);
      };
      const returned: unknown = apply(called as () => unknown, section, [built.parse(argument), callback]);
      if (isObject(returned) && typeof (returned as { then?: unknown }).then === 'function') {
        built.whenSettled(
          returned,
          // An async function that takes a callback may answer through it later on.
          (value) => {
            if (value !== undefined || !takesCallback) answers.succeed(id, value);
            else answers.provide(id, {});
          },
          (error) => answers.fail(id, error),
        );
      } else if (!takesCallback) {
        answers.succeed(id, returned);
      } else if (returned !== undefined) {
        // A timer's handle, say; or an answer after all.
        answers.provide(id, returned);
      }
    } catch (error) {
      answers.fail(id, error);
    }
  };

  return {
    addBuiltIn(prototype) {
      apply(built.setAdd, builtInPrototypes, [prototype]);
    },

    load(exported) {
      try {
        connector = choose(ended(exported));
      } catch (error) {
        answers.failLoading(error);
      }
    },

    loadCommonJs(factory) {
      try {
        const module = { exports: {} };
        const require = (name: string): unknown => {
          if (name === 'bulkhead') return sdk;
          throw new built.Error(`cannot require ${cut(built.String(name), NAME_CHARS)}: only 'bulkhead' is there`);
        };
        apply(factory, module.exports, [module.exports, require, module]);
        connector = choose(module.exports);
      } catch (error) {
        answers.failLoading(error);
      }
    },

    start(sectionName, name, resultDepth, messageChars, ...pieces) {
      const id = answers.begin(resultDepth, messageChars);
      call(id, sectionName, name, built.joined(pieces));
      return answers.started();
    },

    inspect() {
      const id = answers.begin(0, MESSAGE_CHARS);
      try {
        const sections = built.createObject(null) as Record<string, string[]>;
        for (let i = 0; i < knownSections.length; i++) {
          const sectionName = knownSections[i] as string;
          const section = connector && member(connector, sectionName);
          if (!isObject(section)) continue;
          const names: string[] = [];
          let object: object | null = section;
          while (object !== null && !apply(built.setHas, builtInPrototypes, [object])) {
            const keys = ownKeys(object);
            for (let k = 0; k < keys.length && names.length < MOST_NAMES; k++) {
              const key = keys[k] as string;
              if (typeof key === 'string' && typeof member(section, key) === 'function') {
                names[names.length] = cut(key, NAME_CHARS);
              }
            }
            object = getPrototypeOf(object);
          }
          sections[sectionName] = names;
        }
        answers.settle(id, 'result', built.stringify(sections));
      } catch (error) {
        answers.fail(id, error);
      }
      return answers.started();
    },
  };
}
