/** Finds a connector's function and calls it, for the runtime or for the flow engine. */
import type { EngineFunction } from '../../engine-functions.ts';
import type { ConnectorFunctions, FlowEngine } from '../flow/interface.ts';
import type { GuestEntries } from '../harness-interface.ts';
import type { Answers } from './answers.ts';
import type { CallFunction } from './calling.ts';
import type { Primordials } from './primordials.ts';

type Entries = Pick<GuestEntries, 'load' | 'loadCommonJs' | 'start' | 'startEngine' | 'inspect'>;
type Dispatch = Entries & {
  /** Registers a built-in prototype, at which look-ups of connector functions stop. */
  addBuiltIn(prototype: object): void;
};

export function dispatch(
  builtIns: Primordials,
  answers: Answers,
  sdk: object,
  sectionNames: string,
  callFunction: CallFunction,
  loadEngine: () => FlowEngine,
): Dispatch {
  const { apply, getPrototypeOf, getOwnPropertyDescriptor, ownKeys, isObject, cut } = builtIns;
  const MAX_NAMES = 1_000;
  const NAME_CHARS = 200;
  const MESSAGE_CHARS = 1_000;
  const NOT_AN_OBJECT = 'the bundle must export an object with sections of functions';

  const builtInPrototypes = new builtIns.Set<object>([builtIns.FunctionPrototype]);
  for (const key of ownKeys(globalThis)) {
    const value = getOwnPropertyDescriptor(globalThis, key)?.value;
    const prototype = typeof value === 'function' ? value.prototype : undefined;
    if (isObject(prototype)) builtInPrototypes.add(prototype);
  }
  const AsyncFunctionPrototype = getPrototypeOf(async () => {});
  if (AsyncFunctionPrototype) builtInPrototypes.add(AsyncFunctionPrototype);
  /** `constructor`, `toString`, `__proto__` and the like are never connector functions, whoever defines them. */
  const reservedNames = new builtIns.Set<PropertyKey>(ownKeys(builtIns.ObjectPrototype));
  const knownSections = builtIns.parse(sectionNames) as string[];

  const isBuiltIn = (object: object): boolean => apply(builtIns.setHas, builtInPrototypes, [object]) as boolean;

  const member = (holder: object, name: string): unknown => {
    if (apply(builtIns.setHas, reservedNames, [name])) return undefined;
    let object: object | null = holder;
    while (object !== null && !isBuiltIn(object)) {
      const descriptor = getOwnPropertyDescriptor(object, name);
      if (descriptor) {
        const getter = builtIns.hasOwn(descriptor, 'get') ? descriptor.get : undefined;
        return getter ? apply(getter, holder, []) : descriptor.value;
      }
      object = getPrototypeOf(object);
    }
    return undefined;
  };

  /** Visits own and inherited members, up to `MAX_NAMES`: a bundle may have any number of them. */
  const eachMember = (holder: object, visit: (name: string, value: unknown) => void): void => {
    let remaining = MAX_NAMES;
    for (let object: object | null = holder; object !== null && !isBuiltIn(object); object = getPrototypeOf(object)) {
      const keys = ownKeys(object);
      for (let i = 0; i < keys.length && remaining > 0; i++) {
        const key = keys[i];
        if (typeof key !== 'string') continue;
        remaining--;
        visit(key, member(holder, key));
      }
    }
  };
  const functionNames = (holder: object): string[] => {
    const names: string[] = [];
    eachMember(holder, (name, value) => {
      if (typeof value === 'function') names[names.length] = cut(name, NAME_CHARS);
    });
    return names;
  };

  let connector: object | undefined;
  /** All exports of the bundle. The connector may be its default export. */
  let allExports: object | undefined;
  const hasSection = (candidate: object): boolean => {
    for (let i = 0; i < knownSections.length; i++) {
      if (isObject(member(candidate, knownSections[i] as string))) return true;
    }
    return false;
  };
  const defaultOf = (exported: object): unknown => getOwnPropertyDescriptor(exported, 'default')?.value;
  /** The exports if they have a section; else their default export if that is an object; else the exports. */
  const choose = (exported: unknown): object => {
    if (!isObject(exported))
      throw new builtIns.TypeError(`${NOT_AN_OBJECT} (it exports a value of type ${typeof exported})`);
    allExports = exported;
    if (hasSection(exported)) return exported;
    const defaultExport = defaultOf(exported);
    if (isObject(defaultExport)) return defaultExport;
    if (typeof defaultExport === 'function')
      throw new builtIns.TypeError(`${NOT_AN_OBJECT} (its default export is a function)`);
    return exported;
  };
  /** Exported functions and sections that no call can reach. */
  const outOfReach = (): string[] => {
    const names: string[] = [];
    if (!connector || !allExports) return names;
    const defaultExport = defaultOf(allExports);
    if (connector === defaultExport) {
      eachMember(allExports, (name, value) => {
        if (name !== 'default' && typeof value === 'function') names[names.length] = cut(name, NAME_CHARS);
      });
    } else if (typeof defaultExport === 'function') {
      names[0] = 'default';
    } else if (isObject(defaultExport)) {
      eachMember(defaultExport, (name, value) => {
        const isFunctionOrObject = typeof value === 'function' || isObject(value);
        if (isFunctionOrObject && member(allExports as object, name) !== value)
          names[names.length] = `default.${cut(name, NAME_CHARS)}`;
      });
    }
    return names;
  };
  /** Exported objects with functions that are not sections. */
  const otherObjects = (): string[] => {
    const names: string[] = [];
    if (!connector) return names;
    eachMember(connector, (name, value) => {
      if (name === 'default' || !isObject(value) || functionNames(value).length === 0) return;
      for (let i = 0; i < knownSections.length; i++) if (knownSections[i] === name) return;
      names[names.length] = cut(name, NAME_CHARS);
    });
    return names;
  };
  /** While a module waits in a top-level await, reading its last export throws. */
  const assertEvaluated = (namespace: unknown): unknown => {
    try {
      getOwnPropertyDescriptor(namespace as object, 'bulkheadLoaded$');
      return namespace;
    } catch {
      throw new builtIns.Error('its top level has not finished; top-level await is not supported');
    }
  };

  /** Connectors of the original platform get these as dates. */
  const DATES = ['lastExportDateTime', 'currentExportDateTime'];
  const withDates = (options: object): unknown => {
    const argument = options as Record<string, unknown>;
    for (let i = 0; i < DATES.length; i++) {
      const name = DATES[i] as string;
      if (!builtIns.hasOwn(argument, name) || typeof argument[name] !== 'string') continue;
      argument[name] = new builtIns.Date(argument[name] as string);
    }
    return argument;
  };

  type Found = { callee: () => unknown; section: object };
  /** In stacks of the original platform a module may be flat: its functions have the section ''. */
  const find = (sectionName: string, name: string): Found | 'object_not_found' | 'invalid_function' => {
    const section = sectionName === '' ? connector : connector && member(connector, sectionName);
    if (!isObject(section)) return 'object_not_found';
    const callee = member(section, name);
    return typeof callee === 'function' ? { callee: callee as () => unknown, section } : 'invalid_function';
  };

  const call = (id: number, sectionName: string, name: string, argument: string): void => {
    try {
      const found = find(sectionName, name);
      if (typeof found === 'string') return answers.settle(id, found, '');
      callFunction(found.callee, found.section, withDates(builtIns.parse(argument)), {
        succeed: (value) => answers.succeed(id, value),
        fail: (error) => answers.fail(id, error),
        answerProvisionally: (value) => answers.answerProvisionally(id, value),
      });
    } catch (error) {
      answers.fail(id, error);
    }
  };

  /** What hooks and wrappers answer is an array or an object. Anything else is the handle of a timer or a request. */
  const isAnswer = (value: unknown): boolean => {
    const prototype = isObject(value) && getPrototypeOf(value);
    return builtIns.isArray(value) || prototype === builtIns.ObjectPrototype || prototype === null;
  };
  const connectorFunctions: ConnectorFunctions = {
    call: (sectionName, name, options) =>
      new builtIns.Promise((resolve, reject) => {
        const found = find(sectionName, name);
        if (typeof found === 'string') {
          const error = new builtIns.Error(`the connector has no function ${sectionName}.${name}`);
          builtIns.defineValue(error, 'code', found);
          return reject(error);
        }
        callFunction(found.callee, found.section, withDates(options), {
          succeed: resolve,
          fail: reject,
          answerProvisionally(value) {
            if (isAnswer(value)) resolve(value);
          },
        });
      }),
  };
  const callEngine = (id: number, name: EngineFunction, argument: string): void => {
    try {
      const engine = loadEngine();
      const callee = engine[name] as (...args: unknown[]) => unknown;
      builtIns.whenSettled(
        apply(callee, engine, [builtIns.parse(argument), connectorFunctions]),
        (value) => answers.succeed(id, value),
        (error) => answers.fail(id, error),
      );
    } catch (error) {
      answers.fail(id, error);
    }
  };

  return {
    addBuiltIn(prototype) {
      apply(builtIns.setAdd, builtInPrototypes, [prototype]);
    },

    load(exported) {
      try {
        connector = choose(assertEvaluated(exported));
      } catch (error) {
        answers.failLoading(error);
      }
    },

    loadCommonJs(factory) {
      try {
        const module = { exports: {} };
        const require = (name: string): unknown => {
          if (name === 'bulkhead') return sdk;
          throw new builtIns.Error(
            `cannot require ${cut(builtIns.String(name), NAME_CHARS)}: only 'bulkhead' is available`,
          );
        };
        apply(factory, module.exports, [module.exports, require, module]);
        connector = choose(module.exports);
      } catch (error) {
        answers.failLoading(error);
      }
    },

    start(sectionName, name, resultDepth, messageChars, ...pieces) {
      const id = answers.begin(resultDepth, messageChars);
      call(id, sectionName, name, builtIns.join(pieces));
      return answers.finishStart();
    },

    startEngine(name, resultDepth, messageChars, ...pieces) {
      const id = answers.begin(resultDepth, messageChars);
      callEngine(id, name, builtIns.join(pieces));
      return answers.finishStart();
    },

    inspect() {
      const id = answers.begin(0, MESSAGE_CHARS);
      try {
        const sections = builtIns.createObject(null) as Record<string, string[]>;
        for (let i = 0; i < knownSections.length; i++) {
          const sectionName = knownSections[i] as string;
          const section = connector && member(connector, sectionName);
          if (isObject(section)) sections[sectionName] = functionNames(section);
        }
        const report = builtIns.createObject(null) as Record<string, unknown>;
        report.sections = sections;
        report.loose = connector && !hasSection(connector) ? functionNames(connector) : [];
        report.outOfReach = outOfReach();
        report.otherObjects = otherObjects();
        answers.settle(id, 'result', builtIns.stringify(report));
      } catch (error) {
        answers.fail(id, error);
      }
      return answers.finishStart();
    },
  };
}
