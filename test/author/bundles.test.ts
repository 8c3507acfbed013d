/** Bundles of packages of every make, and of ones that harm what they find. */
import { expect, test } from 'vitest';
import { findingLine } from '../../src/author/finding.ts';
import { inspectProject } from '../../src/author/inspect.ts';
import { built, installed, opened, projectOf, resultOf } from '../support/project.ts';

const index = (imports: string, body: string): string =>
  `${imports}\nexport const settings = { async run() { ${body} } };\n`;

test('CommonJS and modules mixed, in circles, with JSON, line ends of Windows and an umlaut in the path', async () => {
  const folder = await projectOf(
    {
      'src/index.js': index(
        `import odd, { named } from 'odd';\r\nimport data from './größe.json';\r\nimport { even } from './even.js';\r\n`,
        `return [odd(), named, data.größe, even(10), (await import('./later.js')).default, require('odd').named];`,
      ),
      'src/even.js': `import { odd } from './odd.js';\r\nexport const even = (n) => n === 0 || odd(n - 1);\r\n`,
      'src/odd.js': `import { even } from './even.js';\r\nexport const odd = (n) => n !== 0 && even(n - 1);\r\n`,
      'src/größe.json': '\uFEFF{"größe": 1}'.slice(1),
      'src/later.js': 'export default "later";',
      ...installed(
        'odd',
        `exports.half = 1; const b = require('./b'); module.exports = () => b.seen; module.exports.named = 'n';`,
      ),
      'node_modules/odd/b.js': `exports.seen = require('./index.js').half;`,
    },
    {},
    'Würfel größer',
  );
  expect(await resultOf(folder)).toEqual([1, 'n', 1, true, 'later', 'n']);
});

test('a require with an expression loads nothing, and says so when it runs', async () => {
  const folder = await projectOf({
    'src/index.js': index(
      `import load from 'loads';`,
      `try { return load('fs') } catch (error) { return error.message }`,
    ),
    ...installed('loads', `module.exports = (name) => require(name);`),
  });
  expect(await resultOf(folder)).toMatch(/require.*fs/);
});

test('a process of its own, and names that are no globals of Node', async () => {
  const folder = await projectOf({
    'src/index.js': index(
      `const process = { env: { A: 'mine' } }; const Buffer = 5;`,
      `return [process.env.A, Buffer, typeof globalThis.process, typeof globalThis.Buffer]`,
    ),
  });
  expect((await built(folder)).bundle?.connector.bundle.code.length).toBeLessThan(2_000);
  expect(await resultOf(folder)).toEqual(['mine', 5, 'undefined', 'undefined']);
});

test('globals of Node come only where they are used', async () => {
  const folder = await projectOf({ 'src/index.js': index('', `return [typeof process, process.env.HOME ?? 'none']`) });
  const { sizes = [] } = await built(folder);
  expect(sizes.map(({ name }) => name)).toContainEqual("Node's globals");
  expect(sizes.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(16 * 1024);
  expect(await resultOf(folder)).toEqual(['object', 'none']);
});

test('a package that patches modules and prototypes harms its own integration alone', async () => {
  const folder = await projectOf({
    'src/index.js': `import http from 'http'; import crypto from 'crypto'; import EventEmitter from 'events';
      export const settings = {
        break() { http.request = () => 'patched'; crypto.createHash = undefined; EventEmitter.prototype.emit = 5; Object.prototype.polluted = 1; process.env.A = 'b'; Buffer.from = null; return {}; },
        look: () => [typeof http.request, http.request.length, typeof crypto.createHash, typeof EventEmitter.prototype.emit, {}.polluted ?? 0, process.env.A ?? '', typeof Buffer.from],
      };`,
  });
  const connector = await opened(folder);
  const [mine, other] = ['a'.repeat(24), 'b'.repeat(24)];
  const whole = await connector.call('settings', 'look', {}, { integrationId: other });
  await connector.call('settings', 'break', {}, { integrationId: mine });
  // Patching works, as it does in Node.
  expect(await connector.call('settings', 'look', {}, { integrationId: mine })).not.toEqual(whole);
  expect(await connector.call('settings', 'look', {}, { integrationId: other })).toEqual(whole);
  expect(await connector.call('settings', 'look', {}, { integrationId: 'c'.repeat(24) })).toEqual(whole);
});

test.each([
  ['module', `null.x;`],
  ['commonjs', `null.x;`],
])('a package that fails while a bundle of format %s loads is named with file and line', async (type, code) => {
  const manifest = {
    name: 'shop',
    version: '1.0.0',
    type,
    source: 'src/index.js',
    main: 'dist/index.js',
    connector: {},
  };
  const folder = await projectOf({
    'package.json': JSON.stringify(manifest),
    'src/index.js': index(`import 'breaks';`, ''),
    ...installed('breaks', `'use strict';\nconst a = 1;\n  ${code}\nmodule.exports = a;`),
  });
  const { findings } = await inspectProject(folder);
  expect(findings.map(findingLine)).toEqual([
    expect.stringMatching(/does not load: Cannot read properties of null.*\(node_modules\/breaks\/index\.js:3:8\)$/),
  ]);
});

test('a bundle says what is in it, minified it is smaller, and one over the limit says what is large', async () => {
  const large = `module.exports = ${JSON.stringify('x'.repeat(17 * 1024 * 1024))};`;
  const files = {
    'src/index.js': index(
      `import { small } from 'small'; class OrderMissingError extends Error {}`,
      `return [small(2), OrderMissingError.name, small.name]`,
    ),
    ...installed(
      'small',
      `export const small = (given) => { const doubled = given * 2; return doubled; };\nexport const unused = '${'y'.repeat(5_000)}';`,
      {
        type: 'module',
      },
    ),
    ...installed('large', large),
  };
  const folder = await projectOf(files);
  const [plain, minified] = [await built(folder), await built(folder, { minify: true })];
  const bytesOf = ({ bundle }: typeof plain): number => bundle?.files.get('dist/index.js')?.length ?? 0;
  expect(plain.sizes?.map(({ name }) => name)).toEqual(['your code', 'small']);
  // What is not used is left out.
  expect(bytesOf(plain)).toBeLessThan(2_000);
  expect(bytesOf(minified)).toBeLessThan(bytesOf(plain));
  expect(minified.bundle?.connector.bundle.code).toContain('OrderMissingError');

  const over = await projectOf({ ...files, 'src/index.js': index(`import large from 'large';`, 'return large') });
  expect((await built(over)).findings.map(findingLine)).toEqual([
    expect.stringMatching(
      /error main \(dist\/index\.js\) is larger than \d+ bytes; its largest parts: large 17\d{3} KiB/,
    ),
  ]);
});
