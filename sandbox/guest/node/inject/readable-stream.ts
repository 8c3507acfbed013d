/**
 * `ReadableStream`, for code that uses it as a global: the class of the bodies of replies, if there is no such global.
 * Most code only asks whether there is one, so the class is loaded when it is used.
 */
const { ReadableStream: present } = globalThis;

type StreamClass = typeof globalThis.ReadableStream;

function lazyClass(): StreamClass {
  let loaded: StreamClass | undefined;
  const load = (): StreamClass => {
    loaded ??= new globalThis.Response('').body?.constructor as StreamClass;
    return loaded;
  };
  // A proxy may report another prototype for a function, but not for a class.
  // biome-ignore lint/complexity/useArrowFunction: arrow functions have no prototype
  return new Proxy(function () {} as unknown as StreamClass, {
    get: (_target, key) => Reflect.get(load(), key),
    construct: (_target, args, newTarget) => Reflect.construct(load(), args, newTarget),
  });
}

const ReadableStreamClass = present ?? lazyClass();

export { ReadableStreamClass as ReadableStream };
