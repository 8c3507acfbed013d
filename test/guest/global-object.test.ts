/** The global object as packages see it, and assignments to what inherits from it. */
import { afterAll, describe, expect, test } from 'vitest';
import { createSandbox } from '../../sandbox/index.ts';
import { resultIn } from './sandboxed.ts';

const sandbox = createSandbox({ prewarmed: false, threads: 1 });
afterAll(() => sandbox.close());

/** Each is the first that happens to the global: reading it makes it an ordinary property. */
const ways = {
  'an object made from it': (name: string) => `const own = Object.create(globalThis); own.${name} = 1;`,
  "a function's instance": (name: string) =>
    `function Copy() { this.${name} = 1; } Copy.prototype = globalThis; const own = new Copy();`,
  'another receiver': (name: string) =>
    `const own = Object.create(globalThis); Reflect.set(globalThis, '${name}', 1, own);`,
};
const names = ['fetch', 'URL', 'crypto', 'AbortController', 'TextDecoder', 'setTimeout'];

describe.each(Object.entries(ways))('assigning to %s leaves the global as it is', (_what, way) => {
  test.each(names)('%s', async (name) => {
    const body = `
      ${way(name)}
      const { writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(own, '${name}') ?? {};
      const first = own.${name};
      own.${name} = 2;
      const second = own.${name};
      delete own.${name};
      return [typeof globalThis.${name}, first, second, own.${name} === globalThis.${name}, writable, enumerable, configurable]`;
    const type = name === 'crypto' ? 'object' : 'function';
    expect(await resultIn(sandbox, { body })).toEqual([type, 1, 2, true, true, true, true]);
  });
});

test('assigning to a frozen object that inherits from the global one throws', async () => {
  const body = `'use strict'; const own = Object.freeze(Object.create(globalThis)); try { own.URL = 1; } catch (error) { return [error.name, typeof URL]; }`;
  expect(await resultIn(sandbox, { body })).toEqual(['TypeError', 'function']);
});

test('assigning to the global object itself, or through a proxy of it, replaces the global', async () => {
  const body = `
    self.URL = 1; fetch = 2; Reflect.set(globalThis, 'Headers', 3); new Proxy(globalThis, {}).Request = 4;
    return [URL, fetch, Headers, Request, Object.getOwnPropertyDescriptor(globalThis, 'Request').enumerable]`;
  expect(await resultIn(sandbox, { body })).toEqual([1, 2, 3, 4, false]);
});

test('self and global are the global object, and the navigator says who runs the code', async () => {
  const body = `return [self === globalThis, global === globalThis, navigator.userAgent, Object.keys(globalThis).length, typeof window]`;
  expect(await resultIn(sandbox, { body })).toEqual([true, true, 'bulkhead', 0, 'undefined']);
});

test('every class of the platform has the name of its global', async () => {
  const body = `return Object.getOwnPropertyNames(globalThis).filter((name) => /^[A-Z]/.test(name) && typeof globalThis[name] === 'function' && globalThis[name].name !== name)`;
  expect(await resultIn(sandbox, { body })).toEqual([]);
});
