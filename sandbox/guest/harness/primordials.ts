/**
 * The built-ins that the harness uses, saved before connector code can patch them. Later patches affect
 * connector code and the libraries, but not how the harness answers.
 */
export type Primordials = ReturnType<typeof primordials>;

export function primordials() {
  const { apply, getPrototypeOf, getOwnPropertyDescriptor, ownKeys, defineProperty } = Reflect;
  const hasOwn = Object.prototype.hasOwnProperty;
  const then = Promise.prototype.then;
  const resolve = Promise.resolve;
  const PromiseClass = Promise;
  const TypeErrorClass = TypeError;
  return Object.freeze({
    apply,
    getPrototypeOf,
    getOwnPropertyDescriptor,
    ownKeys,
    parse: JSON.parse,
    stringify: JSON.stringify,
    freeze: Object.freeze,
    createObject: Object.create,
    isArray: Array.isArray,
    isFiniteNumber: Number.isFinite,
    ObjectPrototype: Object.prototype,
    ArrayPrototype: Array.prototype,
    FunctionPrototype: Function.prototype,
    Promise: PromiseClass,
    Error,
    TypeError,
    String,
    Map,
    Set,
    mapGet: Map.prototype.get,
    mapSet: Map.prototype.set,
    mapDelete: Map.prototype.delete,
    setHas: Set.prototype.has,
    setAdd: Set.prototype.add,
    splitString: String.prototype.split,
    sliceString: String.prototype.slice,
    includesString: String.prototype.includes,
    Date,
    now: Date.now,
    isObject: (value: unknown): value is object => typeof value === 'object' && value !== null,
    cut: (() => {
      const slice = String.prototype.slice;
      return (text: string, chars: number): string =>
        text.length > chars ? (apply(slice, text, [0, chars]) as string) : text;
    })(),
    join: (pieces: readonly string[]): string => {
      let text = '';
      for (let i = 0; i < pieces.length; i++) text += pieces[i] as string;
      return text;
    },
    hasOwn: (object: object, name: string): boolean => apply(hasOwn, object, [name]) as boolean,
    /** Defines it with the attributes of a global. The null prototype keeps properties patched into Object.prototype out. */
    defineValue(object: object, name: string | number, value: unknown): void {
      const own = { __proto__: null, value, writable: true, enumerable: false, configurable: true };
      defineProperty(object, name, own as PropertyDescriptor);
    },
    /** Bundlers rename functions and classes. */
    nameFunction(named: object, name: string): void {
      const own = { __proto__: null, value: name, writable: false, enumerable: false, configurable: true };
      defineProperty(named, 'name', own as PropertyDescriptor);
    },
    /** What an assignment does to an object that inherits a writable property of this name. */
    assignOwn(object: unknown, name: string, value: unknown): void {
      const isTarget = typeof object === 'function' || (typeof object === 'object' && object !== null);
      const earlier = isTarget ? getOwnPropertyDescriptor(object, name) : undefined;
      const enumerable = earlier?.enumerable ?? true;
      const own = { __proto__: null, value, writable: true, enumerable, configurable: true };
      if (!isTarget || !defineProperty(object, name, own as PropertyDescriptor)) {
        throw new TypeErrorClass(`Cannot assign to ${name}`);
      }
    },
    defineAccessor(object: object, name: string, get: () => unknown, set?: (value: unknown) => void): void {
      const own = { __proto__: null, get, set, enumerable: false, configurable: true };
      defineProperty(object, name, own as PropertyDescriptor);
    },
    /** Calls back when a value or promise has settled. */
    whenSettled(
      value: unknown,
      onValue: ((value: unknown) => void) | undefined,
      onError: (error: unknown) => void,
    ): void {
      apply(then, apply(resolve, PromiseClass, [value]), [onValue, onError]);
    },
  });
}
