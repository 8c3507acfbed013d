/** Stands in for what a connector cannot have: it loads, and throws when it is used. */

class NotAvailableError extends Error {
  readonly code = 'ERR_NOT_AVAILABLE';
}

/**
 * @param neededBy the package that imports the module
 * @param thrower the stack begins with its caller
 */
export function notAvailable(
  what: string,
  neededBy?: string,
  thrower: (...args: never[]) => unknown = notAvailable,
): Error {
  const caller = neededBy === undefined ? '' : ` (called by ${neededBy})`;
  const error = new NotAvailableError(`${what} is not available${caller}: connectors run without Node.`);
  Error.captureStackTrace?.(error, thrower);
  return error;
}

/** Whatever an object answers by itself, and what would make it look like a promise or an ES module. */
const isOwn = (object: object, key: PropertyKey): boolean =>
  typeof key === 'symbol' || key in object || key === 'then' || key === '__esModule' || key === 'default';

type Member = (key: string) => unknown;

function members(path: string, neededBy: string | undefined): Member {
  const made = new Map<string, unknown>();
  return (key) => {
    if (!made.has(key)) made.set(key, absentMember(`${path}.${key}`, neededBy));
    return made.get(key);
  };
}

/** A function and a class that throws when called, with members that do the same. */
function absentMember(path: string, neededBy: string | undefined): unknown {
  const member = members(path, neededBy);
  const refuse = (): never => {
    throw notAvailable(path, neededBy, refuse);
  };
  // biome-ignore lint/complexity/useArrowFunction: classes are derived from it
  return new Proxy(function () {}, {
    get: (target, key, receiver) => (isOwn(target, key) ? Reflect.get(target, key, receiver) : member(key as string)),
    apply: refuse,
    construct: refuse,
  });
}

/**
 * A module of which nothing works but `present`. Its members come from its prototype, which the bundler copies for
 * code that imports them by name.
 */
export function absentModule(name: string, neededBy?: string, present: object = {}): object {
  const member = members(name, neededBy);
  const every = new Proxy(Object.create(null) as object, {
    get: (target, key, receiver) =>
      isOwn(target, key) || key in Object.prototype ? Reflect.get(target, key, receiver) : member(key as string),
  });
  return Object.assign(Object.create(every) as object, present);
}

/** For a module that is there but for some of its functions. */
export function absentFunctions(module: string, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, absentMember(`${module}.${name}`, undefined)]));
}
