/** Files beside the code, read with `fs` by paths that can be told: they become part of the bundle, and nothing else does. */
import { execFileSync } from 'node:child_process';
import { symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findingLine } from '../../src/author/finding.ts';
import { built, installed, projectOf, resultOf } from '../support/project.ts';

const commonJs = { name: 'shop', version: '1.0.0', source: 'src/index.cjs', main: 'dist/index.js', connector: {} };

/** A project in CommonJS whose `src/reads.cjs` exports functions. */
async function projectThat(code: string, files: Record<string, string> = {}): Promise<string> {
  return projectOf({
    'package.json': JSON.stringify(commonJs),
    'src/index.cjs': `var reads = require('./reads.cjs'); exports.settings = { run: function () {
      return Object.fromEntries(Object.keys(reads).map(function (name) { return [name, JSON.parse(JSON.stringify(reads[name]()))]; }));
    } };`,
    'src/reads.cjs': code,
    ...files,
  });
}

const lines = async (folder: string): Promise<string[]> => (await built(folder)).findings.map(findingLine);
const codeOf = async (folder: string): Promise<string> => {
  const { bundle } = await built(folder);
  return `${bundle?.files.get('dist/index.js')}${bundle?.files.get('dist/index.js.map')}`;
};

/** What Node gives, with the project as working directory. */
function inNode(folder: string): unknown {
  const script = `console.log(JSON.stringify(require('./src/index.cjs').settings.run()))`;
  return JSON.parse(String(execFileSync(process.execPath, ['-e', script], { cwd: folder })));
}

describe('paths that can be told', () => {
  const files = {
    'src/beside.json': '{"a":1}',
    'src/templates/one.hbs': 'one {{name}} – ä',
    'src/templates/two.hbs': 'two',
    'data/orders.json': '[1,2]',
  };

  test('give what they give in Node', async () => {
    const folder = await projectThat(
      `'use strict';
      var fs = require('fs'), path = require('path');
      var wrap = function (module) { return { default: module }; };
      const fs_1 = require('fs'), path_1 = require('path'), fs_2 = wrap(require('node:fs'));
      const { readFileSync } = require('fs');
      const { join } = path;
      var HERE = __dirname;
      var TEMPLATE = path.join(HERE, 'templates', 'two.hbs');
      module.exports = {
        'a text and __dirname': () => require('fs').readFileSync(__dirname + '/beside.json', 'utf8'),
        'a template': () => fs.readFileSync(\`\${__dirname}/templates/one.hbs\`, { encoding: "utf-8" }),
        'path.join': () => fs.readFileSync(path.join(__dirname, 'templates', 'one.hbs'), 'utf8'),
        'path.resolve': () => JSON.parse(fs.readFileSync(path.resolve(__dirname, '../data/orders.json'))),
        'path.dirname': () => fs.readFileSync(path.join(path.dirname(__filename), 'beside.json')).toString('base64'),
        'the working directory': () => [fs.readFileSync('./data/orders.json').toString(), fs.readFileSync('data/orders.json', 'utf8')],
        'process.cwd': () => fs.readFileSync(process.cwd() + '/data/orders.json', 'latin1'),
        'variables': () => fs.readFileSync(TEMPLATE, 'utf8'),
        'members by themselves': () => readFileSync(join(HERE, 'beside.json'), 'utf8'),
        'as compilers write it': () => (0, fs_1.readFileSync)((0, path_1.join)(__dirname, 'beside.json'), 'utf8'),
        'as other compilers do': () => fs_2.default.readFileSync(__dirname + '/beside.json', 'utf8'),
        'existsSync': () => ['/beside.json', '/none.json', '/templates'].length && [fs.existsSync(__dirname + '/beside.json'), fs.existsSync(__dirname + '/none.json'), fs.existsSync(__dirname + '/templates')],
        'a folder and its files': () => fs.readdirSync(path.join(__dirname, 'templates')).map((name) => [name, fs.readFileSync(path.join(__dirname, 'templates', name), 'utf8')]),
        'bytes': () => [fs.readFileSync(__dirname + '/picture.bin').length, fs.readFileSync(__dirname + '/picture.bin', 'hex')],
      };`,
      files,
    );
    await writeFile(join(folder, 'src/picture.bin'), Uint8Array.of(0, 255, 128, 10));
    expect(await resultOf(folder)).toEqual(inNode(folder));
  });

  test('with a callback, and in an ES module in TypeScript', async () => {
    const folder = await projectOf({
      'src/index.js': `export { settings } from './run.ts';`,
      'src/run.ts': `import fs, { readFileSync } from 'node:fs';
        import { join, dirname } from 'node:path';
        import { fileURLToPath } from 'node:url';
        const __dirname: string = dirname(fileURLToPath(import.meta.url));
        export const settings = { run: (_options: object, done: (error: unknown, result: unknown) => void) =>
          fs.readFile(join(__dirname, 'beside.json'), 'utf8', (error, text) =>
            done(error, [text, readFileSync(new URL('./beside.json', import.meta.url), 'utf8'), readFileSync(join(import.meta.dirname, 'beside.json'), 'utf8')])) };`,
      ...files,
    });
    expect(await resultOf(folder)).toEqual(['{"a":1}', '{"a":1}', '{"a":1}']);
    expect(await lines(folder)).toEqual([]);
  });

  test('put the file into the bundle once, with no path of the machine', async () => {
    const marker = 'inlined-once-'.repeat(3);
    const folder = await projectThat(
      `var fs = require('fs'); exports.run = function () { return fs.readFileSync('data/big.json', 'utf8') + fs.readFileSync(__dirname + '/../data/big.json', 'utf8'); };`,
      { 'data/big.json': marker },
    );
    const code = await codeOf(folder);
    expect(code.split(marker)).toHaveLength(2);
    expect(code).not.toContain(dirname(folder));
  });
});

describe('what is not inlined', () => {
  /** Each with what the build says of it. */
  const refused: readonly (readonly [read: string, problem: string])[] = [
    [`readFileSync(__dirname + '/../../secret.txt', 'utf8')`, "../secret.txt is outside the project's folder"],
    [`readFileSync('/etc/hostname', 'utf8')`, "etc/hostname is outside the project's folder"],
    [`readFileSync(__dirname + '/link.txt', 'utf8')`, "src/link.txt is outside the project's folder"],
    [`readFileSync(__dirname + '/links/secret.txt', 'utf8')`, "src/links/secret.txt is outside the project's folder"],
    [`readdirSync(__dirname + '/links')`, "src/links is outside the project's folder"],
    [`readFileSync(__dirname + '/none.json')`, 'src/none.json is not there'],
    [`readdirSync('none')`, 'none is not there'],
    [`readFileSync(__dirname, 'utf8')`, 'src is not a file'],
    [`readFileSync(path.join(__dirname, name + '.json'))`, 'The path is not known at build time'],
    [`readFileSync(__dirname + '/large.txt')`, 'src/large.txt is larger than 8388608 bytes'],
  ];

  test('is named with its line, and throws when it is read', async () => {
    const cases = refused.map(([read], i) => `exports.read${i} = () => outcome(() => fs.${read});\n`);
    const folder = await projectThat(
      `${cases.join('')}var fs = require('fs'), path = require('path'); exports.there = () => fs.readFileSync(__dirname + '/there.txt', 'utf8');
       var name = Math.random(); function outcome(read) { try { return read(); } catch (error) { return error.code; } }`,
      { 'src/large.txt': 'x'.repeat(8 * 1024 * 1024 + 1), 'src/there.txt': 'there' },
    );
    const outside = dirname(folder);
    await writeFile(join(outside, 'secret.txt'), 'the-secret');
    await symlink(join(outside, 'secret.txt'), join(folder, 'src/link.txt'));
    await symlink(outside, join(folder, 'src/links'));
    const found = await lines(folder);
    for (const [i, [read, problem]] of refused.entries()) {
      const column = (cases[i]?.indexOf(`fs.${read}`) ?? 0) + 1;
      const place = `src/reads\\.cjs:${i + 1}:${column}`;
      expect(found).toContainEqual(
        expect.stringMatching(new RegExp(`^${place} warning .*${problem.replaceAll('.', '\\.')}`)),
      );
    }
    expect(found).toHaveLength(refused.length);
    expect(await resultOf(folder)).toEqual({
      ...Object.fromEntries(refused.map((_, i) => [`read${i}`, 'ERR_NOT_AVAILABLE'])),
      there: 'there',
    });
    expect(await codeOf(folder)).not.toContain('the-secret');
  });

  test('hidden files, what a package reads elsewhere, and two files with one path in a bundle', async () => {
    const folder = await projectThat(
      `Object.assign(exports, require('./same.cjs'), { hidden: require('./hidden.cjs'), packaged: require('reads') });`,
      {
        'src/hidden.cjs': `var fs = require('fs'); module.exports = () => fs.readdirSync(__dirname + '/list');`,
        'src/list/.env': 'the-secret',
        'src/list/a.txt': 'a',
        'secret.json': 'the-secret',
        ...installed(
          'reads',
          `var fs = require('fs'); var read = function (path) { try { return fs.readFileSync(path, 'utf8'); } catch (error) { return error.code; } };
           module.exports = function () { return [fs.readFileSync(__dirname + '/own.txt', 'utf8'), read('secret.json'), fs.existsSync('secret.json'), fs.existsSync(__dirname + '/own.txt')];
             function unused() { fs.readFileSync('secret.json'); fs.readFileSync(__dirname + '/../../secret.json'); } };`,
        ),
        'node_modules/reads/own.txt': 'own',
        'src/same.cjs': `var fs = require('fs'); exports.same = () => { try { return fs.readFileSync(__dirname + '/same.txt', 'utf8') + fs.readFileSync(process.cwd() + '/same.txt', 'utf8'); } catch (error) { return error.code; } };`,
        'src/same.txt': 'one',
        'same.txt': 'two',
      },
    );
    expect(await resultOf(folder)).toEqual({
      hidden: ['.env', 'a.txt'],
      packaged: ['own', 'ERR_NOT_AVAILABLE', false, true],
      same: 'ERR_NOT_AVAILABLE',
    });
    expect(await codeOf(folder)).not.toContain('the-secret');
    expect(await lines(folder)).toContainEqual(
      expect.stringMatching(/^src\/same\.cjs:1:\d+ warning same\.txt has the same path in a bundle as src\/same\.txt/),
    );
  });
});

test('code that nests too deep to be walked is built as it is', async () => {
  const folder = await projectThat(
    `var fs = require('fs'), chain = () => ({ a: chain }); exports.run = () => fs.readFileSync(__dirname + '/a.txt'); exports.deep = () => chain()${'.a()'.repeat(10_000)} && require('./be' + 'side.json');`,
    { 'src/a.txt': 'a', 'src/beside.json': '1' },
  );
  const { bundle, findings } = await built(folder);
  expect(bundle).toBeDefined();
  expect(findings.map(findingLine)).toContainEqual(expect.stringContaining('1:18 warning fs is not available'));
});

test('code that uses nothing of fs but what is inlined has no warning; what else it uses is warned of', async () => {
  const reads = `var fs = require('fs'); exports.run = function () { return fs.readFileSync(__dirname + '/a.txt', 'utf8'); OTHER };`;
  const quiet = await projectThat(reads.replace('OTHER', ''), { 'src/a.txt': 'a' });
  expect(await lines(quiet)).toEqual([]);
  const loud = await projectThat(reads.replace('OTHER', `fs.writeFileSync('x', 'y');`), { 'src/a.txt': 'a' });
  expect(await lines(loud)).toEqual([
    'src/reads.cjs:1:18 warning fs is not available: it loads, and throws ERR_NOT_AVAILABLE when it is used',
  ]);
});

test('require finds files by paths that can be told, never outside the project', async () => {
  const folder = await projectThat(
    `var path = require('path'), DATA = path.resolve(__dirname, '../data');
     var outcome = function (run) { try { return run(); } catch (error) { return 'not found'; } };
     module.exports = {
       'a sum': () => require(__dirname + '/beside.json'), 'path.join': () => require(path.join(__dirname,
         'own')).own, 'a variable': () => require(DATA + '/orders.json'), 'a template': () => require(\`\${__dirname}/beside\`),
       'a name': () => typeof require('pa' + 'th').join,
       'line': () => { try { null.x; } catch (error) { return /reads.cjs:6:/.test(error.stack); } },
       'outside': () => outcome(() => require(__dirname + '/../../outside.json')),
       'none': () => outcome(() => require(__dirname + '/none.json')),
     };`,
    {
      'src/beside.json': '{"a":1}',
      'src/own.js': 'exports.own = require("./beside.json");',
      'data/orders.json': '[1]',
      '../outside.json': '{"the-secret":1}',
    },
  );
  expect(await resultOf(folder)).toEqual({ ...(inNode(folder) as object), outside: 'not found' });
  expect(await codeOf(folder)).not.toContain('the-secret');
});
