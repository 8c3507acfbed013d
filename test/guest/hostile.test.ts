/** Code that breaks its own realm before or while a library is loaded. */
import { afterAll, expect, test } from 'vitest';
import { createSandbox } from '../../sandbox/index.ts';
import { resultIn, runIn } from './sandboxed.ts';

const sandbox = createSandbox({ prewarmed: false, threads: 1 });
afterAll(() => sandbox.close());

/** Reads every global and ignores errors. */
const touchAll = `for (let i = 0; i < names.length; i++) { try { globalThis[names[i]]; } catch {} }`;
const names = 'const names = Object.getOwnPropertyNames(globalThis);';

test.each([
  ['nothing', ''],
  [
    'Array.prototype',
    `for (const name of ['push', 'map', 'filter', 'join', 'slice', Symbol.iterator]) Array.prototype[name] = () => { throw new Error('mine') };`,
  ],
  [
    'index setters',
    `Object.defineProperty(Array.prototype, 0, { set() { throw new Error('mine') }, configurable: true });`,
  ],
  [
    'Object.prototype',
    `for (const name of ['get', 'value', 'then', 'enumerable', 'prototype', 'url']) Object.defineProperty(Object.prototype, name, Object.assign(Object.create(null), { get() { throw new Error('mine') }, configurable: true }));`,
  ],
  [
    'Function.prototype',
    `Function.prototype.call = Function.prototype.apply = Function.prototype.bind = () => { throw new Error('mine') };`,
  ],
  [
    'Object',
    `Object.defineProperty = Object.create = Object.freeze = Object.getPrototypeOf = () => { throw new Error('mine') };`,
  ],
  [
    'Reflect',
    `for (const name of Object.getOwnPropertyNames(Reflect)) Reflect[name] = () => { throw new Error('mine') };`,
  ],
  ['JSON', `JSON.parse = JSON.stringify = () => { throw new Error('mine') };`],
  [
    'Map and WeakMap',
    `globalThis.Map = globalThis.WeakMap = globalThis.Set = class { constructor() { throw new Error('mine') } };`,
  ],
  [
    'promises',
    `Promise.prototype.then = () => { throw new Error('mine') }; Promise.resolve = () => { throw new Error('mine') };`,
  ],
  [
    'strings',
    `String.prototype.replace = String.prototype.split = RegExp.prototype.exec = RegExp.prototype.test = () => { throw new Error('mine') };`,
  ],
])('code that breaks %s breaks only its own libraries and is still answered', async (_what, breakage) => {
  const integrationId = `broken ${breakage}`;
  const body = `${names} ${breakage} ${touchAll} try { fetch('/x').catch(() => {}) } catch {} return 5`;
  expect(await runIn(sandbox, { body, integrationId })).toMatchObject({ status: 'answered', result: '5' });
  expect(await resultIn(sandbox, { body: `return new URL('https://a.test/b').pathname` })).toBe('/b');
});

test('code may replace, delete and inspect its globals', async () => {
  const body = `
    const before = Object.getOwnPropertyDescriptor(globalThis, 'URL');
    const value = URL;
    const after = Object.getOwnPropertyDescriptor(globalThis, 'URL');
    URL = 5;
    globalThis.Headers = 6;
    delete globalThis.Request;
    Object.defineProperty(globalThis, 'Response', { value: 7 });
    return [typeof before.get, before.enumerable, after.value === value, after.writable, after.enumerable, URL, Headers, typeof Request, Response]`;
  expect(await resultIn(sandbox, { body })).toEqual(['function', false, true, true, false, 5, 6, 'undefined', 7]);
});

test('libraries find each other even if the globals were replaced', async () => {
  const body = `
    const reply = fetch;
    for (const name of ['URL', 'TextEncoder', 'TextDecoder', 'AbortController', 'DOMException', 'Headers', 'crypto']) globalThis[name] = undefined;
    const request = new Request('https://a.test/x', { method: 'POST', body: new Uint8Array([255]) });
    return [request.url, (await request.bytes())[0], await reply('/x').catch(({ code }) => code)]`;
  expect(await resultIn(sandbox, { body })).toEqual(['https://a.test/x', 255, 'permission_denied']);
});

test('objects of library classes are not plain JSON', async () => {
  for (const value of ["new URL('https://a.test')", 'new Headers()', 'AbortSignal.abort()', 'new Response()']) {
    expect(await runIn(sandbox, { body: `return ${value}` })).toMatchObject({ fault: 'invalid_extension_response' });
  }
});

test('members of a library class are not functions of a section', async () => {
  const code = 'exports.utilities = new Headers();';
  const bundle = { connectorId: 'c', digest: code, filename: 'c/index.js', format: 'commonjs', code } as const;
  const { defaultLimits } = await import('../../sandbox/index.ts');
  const { nothingGranted } = await import('./sandboxed.ts');
  const call = { section: 'utilities', name: 'keys', argument: '{}' };
  const job = { runId: 'headers', bundle, integrationId: 'headers', call, limits: defaultLimits };
  expect(await sandbox.run(job, nothingGranted)).toMatchObject({ fault: 'invalid_function' });
});

test('the calls to the thread are not globals', async () => {
  const body = `return ['web', 'nothing', 'made', 'library', '__core-js_shared__'].filter((name) => name in globalThis)`;
  expect(await resultIn(sandbox, { body: `${names} ${touchAll} ${body}` })).toEqual(['__core-js_shared__']);
});

test.each([
  [
    'memory',
    `const held = []; try { for (;;) held.push(new Array(50_000).fill(1)); } finally { URL }`,
    'memory_limit_exceeded',
  ],
  [
    'memory, with a little left',
    `${names} const held = []; for (let i = 0; i < 11; i++) held.push(new Array(250_000).fill(i + 0.5)); ${touchAll} new URL('https://bücher.test'); for (;;) held.push(new Array(5_000).fill(1))`,
    'memory_limit_exceeded',
  ],
  ['time', `${names} ${touchAll} for (;;) crypto.getRandomValues(new Uint8Array(65_536))`, 'cpu_limit_exceeded'],
  [
    'time, digesting',
    `const data = new Uint8Array(4e6); for (;;) await crypto.subtle.digest('SHA-512', data)`,
    'cpu_limit_exceeded',
  ],
])('running out of %s in a library ends the run as elsewhere; the next one is served', async (_what, body, fault) => {
  expect(await runIn(sandbox, { body, limits: { memoryMb: 32, cpuMs: 1_000 } })).toMatchObject({ fault });
  expect(await resultIn(sandbox, { body: `return new URL('https://a.test/b').pathname` })).toBe('/b');
});

test('after a stack overflow within a library, it can still be loaded', async () => {
  const body = `let deepest; const dive = () => { try { dive() } catch { try { URL; deepest ??= 'loaded' } catch (error) { deepest ??= error.name } } };
    dive(); return [typeof deepest, new URL('https://a.test/b').pathname]`;
  expect(await resultIn(sandbox, { body })).toEqual(['string', '/b']);
});

test('the data of digests is bounded', async () => {
  const body = `const big = new Uint8Array(13e6); return crypto.subtle.digest('SHA-256', big).then(() => 'made', ({ name }) => name)`;
  expect(await resultIn(sandbox, { body, limits: { memoryMb: 256 } })).toBe('OperationError');
});

test('an error in a listener ends the run, like one in a timer', async () => {
  const body = `const target = new EventTarget(); target.addEventListener('x', () => { throw new RangeError('here') });
    setTimeout(() => target.dispatchEvent(new Event('x')), 1); await new Promise(() => {})`;
  expect(await runIn(sandbox, { body })).toMatchObject({ status: 'failed', code: 'RangeError', message: 'here' });
});
