/** The global object as packages see it, and assignments to what inherits from it. */
import { afterAll, expect, test } from 'vitest';
import { createSandbox } from '../../sandbox/index.ts';
import { resultIn } from './sandboxed.ts';

const sandbox = createSandbox({ prewarmed: false, threads: 1 });
afterAll(() => sandbox.close());

test.each(['fetch', 'URL', 'crypto', 'AbortController', 'setTimeout', 'console'])(
  'assigning %s to an object that inherits from the global one leaves the global as it is',
  async (name) => {
    const body = `
      const before = globalThis.${name};
      const fresh = () => Object.create(globalThis);
      const plain = fresh(); plain.${name} = 1;
      function Copy() { this.${name} = false; } Copy.prototype = globalThis; const copy = new Copy();
      const reflected = fresh(); Reflect.set(globalThis, '${name}', 2, reflected);
      const sealed = Object.freeze(fresh()); let refused; try { (() => { 'use strict'; sealed.${name} = 3; })(); } catch (error) { refused = error.name; }
      const { writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(plain, '${name}');
      plain.${name} = 4; delete copy.${name};
      return [before === globalThis.${name}, plain.${name}, copy.${name} === before, reflected.${name}, refused, writable, enumerable, configurable]`;
    expect(await resultIn(sandbox, { body })).toEqual([true, 4, true, 2, 'TypeError', true, true, true]);
  },
);

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
