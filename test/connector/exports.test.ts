/** What a bundle may export: sections of functions, by name or by default, and nothing that no call would reach. */
import { beforeAll, expect, test } from 'vitest';
import { createSandbox, type Sandbox } from '../../sandbox/index.ts';
import type { Connector } from '../../src/connector/bundle.ts';
import { loadBundle } from '../../src/connector/load-check.ts';
import { objectIds } from '../../src/store/object-id.ts';
import { installed, serve } from '../support/runtime.ts';

const module = { type: 'module' };
const SECTION = '{ f: () => "called" }';

/** Served, with `utilities.f`. */
const good: Record<string, string> = {
  'named exports': `export const utilities = ${SECTION};`,
  'a default export': `export default { utilities: ${SECTION} };`,
  'named exports and a helper': `export const utilities = ${SECTION}; export const VERSION = 5;`,
  'the same by name and by default': `export const utilities = ${SECTION}; export default { utilities };`,
  'a default that is not an object': `export const utilities = ${SECTION}; export default 5;`,
  'a class instance': `class Connector { utilities = ${SECTION} }; export default new Connector();`,
};
/** Served, with a warning that names this. */
const odd: Record<string, [code: string, names: string]> = {
  'a section by default beside named ones': [
    `export const utilities = ${SECTION}; export default { settings: {} };`,
    'default.settings',
  ],
  'another one of the same name': [
    `export const utilities = ${SECTION}; export default { utilities: { f() {} } };`,
    'default.utilities',
  ],
  'a function by default': [`export const utilities = ${SECTION}; export default function main() {}`, 'default'],
  'a class by default': [`export const utilities = ${SECTION}; export default class {}`, 'default'],
  'named functions beside a default': [
    `export const a = () => 1, b = () => 2; export default { utilities: ${SECTION} };`,
    'a, b',
  ],
};
/** Refused, for this. */
const bad: Record<string, [code: string, reason: string]> = {
  'a default function': ['export default function f() {}', 'its default export is a function'],
  'a default async function': ['export default async () => {};', 'its default export is a function'],
  'a default class': ['export default class { static utilities = { f() {} } }', 'its default export is a function'],
  'named functions without a section': ['export function f() {} export const g = () => {};', 'these do not: f, g'],
  'a default object of functions': ['export default { f() {}, g() {} };', 'these do not: f, g'],
  'inherited functions': ['class A { f() {} }; export default new A();', 'these do not: f'],
  'a section that is a function': ['export const utilities = () => {};', 'these do not: utilities'],
  'very many': [Array.from({ length: 50 }, (_, i) => `export const f${i} = () => {};`).join(''), ' and 45 more'],
};

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = createSandbox({ prewarmed: false, threads: 1 });
  return () => sandbox.close();
});
const ids = objectIds();
/** Of one connector, which keeps its process. */
const load = (code: string) => {
  const bundle = { connectorId: 'c', digest: code, filename: 'c/index.js', format: 'module', code } as const;
  return loadBundle(sandbox, ids, { bundle, manifest: { connector: {} } } as Connector, false);
};

test.each(Object.entries(good))('%s: nothing is wrong', async (_what, code) => {
  expect(await load(code)).toEqual({ sections: { utilities: ['f'] } });
});

test.each(Object.entries(odd))('%s: a warning', async (_what, [code, lost]) => {
  const warning = `it exports what no call can reach, beside its sections: ${lost}`;
  expect(await load(code)).toEqual({ sections: { utilities: ['f'] }, warning });
});

test.each(Object.entries(bad))('%s: refused', async (_what, [code, reason]) => {
  expect(await load(code)).toEqual({ problem: expect.stringMatching(/sections/) });
  expect((await load(code)).problem).toContain(reason);
});

test('CommonJS is held to the same', async () => {
  const { client } = await serve({
    function: { code: 'module.exports = () => {};' },
    flat: { code: 'exports.f = () => {};' },
    beside: { code: `exports.utilities = ${SECTION}; exports.default = { settings: {} };` },
    itself: { code: `exports.utilities = ${SECTION}; exports.default = module.exports;` },
    empty: { code: '' },
  });
  expect((await client('PUT', `/integrations/${await installed(client, 'beside')}/utilities/f`)).body).toBe('called');
  const { body } = await client('GET', '/connectors');
  const told = Object.fromEntries(
    body.map(({ name, status, errors, warnings }: Record<string, { message: string }[]>) => [
      name,
      [status, (errors ?? warnings)?.[0]?.message],
    ]),
  );
  expect(told).toEqual({
    function: ['invalid', expect.stringContaining('it exports a value of type function')],
    flat: ['invalid', expect.stringContaining('these do not: f')],
    beside: ['ready', expect.stringContaining('default.settings')],
    itself: ['ready', undefined],
    empty: ['ready', undefined],
  });
});

test('functions without a section are taken where the manifest says diy', async () => {
  const { client } = await serve({
    module: { code: 'export function f() {}', manifest: module, connector: { diy: true } },
    flat: { code: 'exports.f = () => {};', connector: { diy: true } },
    not: { code: 'exports.f = () => {};', connector: { diy: false } },
    neither: { code: 'export default () => {};', manifest: module, connector: { diy: true } },
  });
  const { body } = await client('GET', '/connectors');
  expect(body.map(({ name, status }: { name: string; status: string }) => [name, status])).toEqual([
    ['flat', 'ready'],
    ['module', 'ready'],
    ['neither', 'invalid'],
    ['not', 'invalid'],
  ]);
});
