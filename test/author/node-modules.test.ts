/** Node's modules in bundles: what computes gives what Node gives; what cannot be there throws when it is used. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { findingLine } from '../../src/author/finding.ts';
import { built, installed, projectOf, resultOf } from '../support/project.ts';
import { computes } from './node-computes.ts';

const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test.each(Object.entries(computes))('%s', async (_what, code) => {
  const folder = await projectOf({
    'src/uses.js': code,
    'src/index.js': `import run from './uses.js'; export const settings = { run: async () => JSON.parse(JSON.stringify(await run())) };`,
  });
  const { default: run } = (await import(pathToFileURL(join(folder, 'src/uses.js')).href)) as {
    default: () => unknown;
  };
  expect(await resultOf(folder)).toEqual(asJson(await run()));
});

describe('what cannot be there', () => {
  const outcome = `const outcome = (use) => { try { return use(); } catch (error) { return [error.code, error.message]; } };`;
  const refused = (what: string, by = ''): string[] => [
    'ERR_NOT_AVAILABLE',
    `${what} is not available${by}: connectors run without Node.`,
  ];

  test('loads, and says what it is when it is used', async () => {
    const folder = await projectOf({
      'src/index.js': `import fs, { readFileSync } from 'fs'; import * as dns from 'node:dns'; import { Socket } from 'net'; import { createServer } from 'http'; import crypto from 'crypto';
        ${outcome}
        class Own extends Socket {}
        export const settings = { run: async () => [
          outcome(() => readFileSync('/etc/passwd')), outcome(() => fs.promises.readFile('x')), outcome(() => dns.lookup('a')), outcome(() => new Own()),
          outcome(() => createServer()), outcome(() => crypto.createECDH('prime256v1')), outcome(() => require('child_process').execSync('ls')),
          outcome(() => require('http2').connect('x')), typeof (await import('tls')).connect, fs.existsSync('/'), fs.readFile === fs.readFile,
        ] };`,
    });
    expect(await resultOf(folder)).toEqual([
      refused('fs.readFileSync'),
      refused('fs.promises.readFile'),
      refused('dns.lookup'),
      refused('net.Socket'),
      refused('http.createServer'),
      refused('crypto.createECDH'),
      refused('child_process.execSync'),
      refused('http2.connect'),
      'function',
      false,
      true,
    ]);
  });

  test('a package that uses it is named, at build with the chain of imports', async () => {
    const folder = await projectOf({
      'src/index.js': `import top from 'top'; ${outcome} export const settings = { run: () => outcome(top) };`,
      ...installed('top', `module.exports = require('@scope/middle');`),
      ...installed('@scope/middle', `module.exports = require('deep/index.js');`),
      ...installed(
        'deep',
        `const fs = require('fs'); require('node:fs'); module.exports = () => fs.writeFileSync('x', 'y');`,
      ),
    });
    const { findings } = await built(folder);
    expect(findings.map(findingLine)).toEqual([
      'node_modules/deep/index.js:1:20 warning fs is not available: it loads, and throws ERR_NOT_AVAILABLE when it is used (needed by deep ← @scope/middle ← top ← src/index.js)',
    ]);
    expect(await resultOf(folder)).toEqual(refused('fs.writeFileSync', ' (called by deep)'));
  });

  test('a module that is missing is an error with the chain of imports', async () => {
    const folder = await projectOf({
      'src/index.js': `import top from 'top'; export const settings = { run: top };`,
      ...installed('top', `module.exports = require('not-installed');`),
    });
    expect((await built(folder)).findings.map(findingLine)).toEqual([
      'node_modules/top/index.js:1:26 error Could not resolve "not-installed" (needed by top ← src/index.js)',
    ]);
  });
});

describe('which file of a package', () => {
  const run = (expression: string, imports = ''): string =>
    `${imports} export const settings = { run: () => ${expression} };`;

  test('a browser field that names nothing: a module that computes stays, and what cannot be there is empty', async () => {
    const nothing = { crypto: false, fs: false, util: false, stream: false, net: false };
    const folder = await projectOf({
      'src/index.js': run('uses()', `import uses from 'uses';`),
      ...installed(
        'uses',
        `const [crypto, fs, util, stream] = [require('crypto'), require('fs'), require('util'), require('stream')];
         module.exports = () => [typeof crypto.createHash, Object.keys(fs).length, typeof util.format, typeof stream.Transform, Object.keys(require('net')).length];`,
        { browser: nothing },
      ),
    });
    const { findings } = await built(folder);
    expect(findings).toEqual([]);
    expect(await resultOf(folder)).toEqual(['function', 0, 'function', 'function', 0]);
  });

  test('a browser field that names a file for a module of Node', async () => {
    const folder = await projectOf({
      'src/index.js': run('uses()', `import uses from 'uses';`),
      ...installed('uses', `module.exports = () => require('http').mine;`, { browser: { http: './own.js' } }),
      'node_modules/uses/own.js': `exports.mine = 'own';`,
    });
    expect(await resultOf(folder)).toBe('own');
  });

  test.each([
    [{ worker: './w.js', browser: './b.js', default: './index.js' }, 'worker'],
    [{ node: './index.js', browser: './b.js', default: './index.js' }, 'browser'],
    [{ browser: './b.js', worker: './w.js' }, 'browser'],
  ])('exports %j give the %s', async (exports, expected) => {
    const folder = await projectOf({
      'src/index.js': run('which', `import which from 'which-file';`),
      ...installed('which-file', `module.exports = 'node';`, { exports }),
      'node_modules/which-file/w.js': `module.exports = 'worker';`,
      'node_modules/which-file/b.js': `module.exports = 'browser';`,
    });
    expect(await resultOf(folder)).toBe(expected);
  });

  test("a package with the name of a module of Node's gives way to it, unless it is named with a slash", async () => {
    const folder = await projectOf({
      'src/index.js': run(
        `[typeof events.once, typeof crypto.createHash, own]`,
        `import events from 'events'; import crypto from 'crypto'; import own from 'punycode/';`,
      ),
      ...installed('events', `module.exports = 'own';`),
      ...installed('crypto', `module.exports = {};`),
      ...installed('punycode', `module.exports = 'own';`),
    });
    expect(await resultOf(folder)).toEqual(['function', 'function', 'own']);
  });
});
