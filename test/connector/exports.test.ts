/** What a bundle may export: sections of functions, named or default. Exports that cannot be called are a warning. */
import { beforeAll, expect, test } from 'vitest';
import { createSandbox, type Sandbox } from '../../sandbox/index.ts';
import type { Connector } from '../../src/connector/bundle.ts';
import { loadBundle } from '../../src/connector/load-check.ts';
import { objectIds } from '../../src/store/object-id.ts';
import { installed, serve } from '../support/runtime.ts';

const module = { type: 'module' };
const SECTION = '{ f: () => "called" }';

/** Accepted, with `utilities.f`. */
const good: Record<string, string> = {
  'named exports': `export const utilities = ${SECTION};`,
  'a default export': `export default { utilities: ${SECTION} };`,
  'named exports and a helper': `export const utilities = ${SECTION}; export const VERSION = 5;`,
  'the same by name and by default': `export const utilities = ${SECTION}; export default { utilities };`,
  'objects of functions that are helpers': `export const utilities = ${SECTION}; export const dates = ${SECTION}; export const utility = 5;`,
  'a default that is not an object': `export const utilities = ${SECTION}; export default 5;`,
  'a class instance': `class Connector { utilities = ${SECTION} }; export default new Connector();`,
};
/** Accepted, with a warning that names these. */
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
/** Accepted, with a warning that names the section that was meant. */
const misspelt: Record<string, [code: string, warning: string]> = {
  'a section with a slip': [
    `export const utilities = ${SECTION}; export const setings = ${SECTION};`,
    'setings is not a section; did you mean settings?',
  ],
  'one in a default export': [
    `export default { utilities: ${SECTION}, Hook: ${SECTION} };`,
    'Hook is not a section; did you mean hooks?',
  ],
};
/** Refused, with this reason. */
const bad: Record<string, [code: string, reason: string]> = {
  'a default function': ['export default function f() {}', 'its default export is a function'],
  'a default async function': ['export default async () => {};', 'its default export is a function'],
  'a default class': ['export default class { static utilities = { f() {} } }', 'its default export is a function'],
  'named functions without a section': ['export function f() {} export const g = () => {};', 'these are not: f, g'],
  'a default object of functions': ['export default { f() {}, g() {} };', 'these are not: f, g'],
  'inherited functions': ['class A { f() {} }; export default new A();', 'these are not: f'],
  'a section that is a function': ['export const utilities = () => {};', 'these are not: utilities'],
  'very many': [Array.from({ length: 50 }, (_, i) => `export const f${i} = () => {};`).join(''), ' and 45 more'],
};

let sandbox: Sandbox;
beforeAll(() => {
  sandbox = createSandbox({ prewarmed: false, threads: 1 });
  return () => sandbox.close();
});
const ids = objectIds();
/** Always the same connector, to reuse its process. */
const load = (code: string) => {
  const bundle = { connectorId: 'c', digest: code, filename: 'c/index.js', format: 'module', code } as const;
  return loadBundle(sandbox, ids, { bundle, manifest: { connector: {} } } as Connector, false);
};

test.each(Object.entries(good))('%s: accepted', async (_what, code) => {
  expect(await load(code)).toEqual({ sections: { utilities: ['f'] } });
});

test.each(Object.entries(odd))('%s: a warning', async (_what, [code, uncallable]) => {
  const warning = `these exports cannot be called: ${uncallable}`;
  expect(await load(code)).toEqual({ sections: { utilities: ['f'] }, warning });
});

test.each(Object.entries(misspelt))('%s: a warning', async (_what, [code, warning]) => {
  expect(await load(code)).toEqual({ sections: { utilities: ['f'] }, warning });
});

test.each(Object.entries(bad))('%s: refused', async (_what, [code, reason]) => {
  expect(await load(code)).toEqual({ problem: expect.stringMatching(/sections/) });
  expect((await load(code)).problem).toContain(reason);
});

test('the same rules apply to CommonJS', async () => {
  const { client } = await serve({
    function: { code: 'module.exports = () => {};' },
    flat: { code: 'exports.f = () => {};' },
    beside: { code: `exports.utilities = ${SECTION}; exports.default = { settings: {} };` },
    itself: { code: `exports.utilities = ${SECTION}; exports.default = module.exports;` },
    empty: { code: '' },
  });
  expect((await client('PUT', `/integrations/${await installed(client, 'beside')}/utilities/f`)).body).toBe('called');
  const { body } = await client('GET', '/connectors');
  const messages = Object.fromEntries(
    body.map(({ name, status, errors, warnings }: Record<string, { message: string }[]>) => [
      name,
      [status, (errors ?? warnings)?.[0]?.message],
    ]),
  );
  expect(messages).toEqual({
    function: ['invalid', expect.stringContaining('it exports a value of type function')],
    flat: ['invalid', expect.stringContaining('these are not: f')],
    beside: ['ready', expect.stringContaining('default.settings')],
    itself: ['ready', undefined],
    empty: ['ready', undefined],
  });
});

test('a manifest with diy allows functions without a section', async () => {
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
