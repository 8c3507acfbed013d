/** What the documents list is what there is: links, options, commands, codes, keys. */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { moduleFunctions } from '../sandbox/capabilities.ts';
import { sections } from '../sandbox/sections.ts';
import { templateNames } from '../src/author/scaffold.ts';
import { Manifest } from '../src/connector/manifest.ts';
import { fieldSchemas } from '../src/connector/settings-form.ts';
import { Metrics } from '../src/metrics/metrics.ts';
import { optionTable } from '../src/option-table.ts';
import { fileOf, pictures, schemes } from './dashboard/pictures/list.ts';
import { createClient } from './support/client.ts';
import { callCommand } from './support/command.ts';
import { temporaryFolder } from './support/folders.ts';
import { anchorsIn, documentPaths, linksIn, proseOf, root, tableRows, textOf } from './support/markdown.ts';
import { startServer } from './support/server.ts';

const LINES_MAX = 120;
const PICTURE_BYTES_MAX = 100_000;

test('the README is short', () => {
  expect(textOf('README.md').split('\n').length - 1).toBeLessThanOrEqual(LINES_MAX);
});

test('every picture of the dashboard is in a document, small, in light and dark, and described', () => {
  const named = documentPaths.flatMap((path) => {
    const pictures = [...textOf(path).matchAll(/^<picture>\n(.*?)^<\/picture>$/gms)].map(([, html = '']) => html);
    return pictures.map((html) => {
      expect(html).toMatch(/ alt="[^"]{20,}"/);
      const files = linksIn(html).map((target) => basename(target));
      const [, name = ''] = /^(.+)-dark\.webp$/.exec(files[0] ?? '') ?? [];
      expect(files).toEqual([fileOf(name, 'dark'), fileOf(name, 'light')]);
      return name;
    });
  });
  expect(named.sort()).toEqual(pictures.map(({ name }) => name).sort());
  const files = pictures.flatMap(({ name }) => schemes.map((scheme) => fileOf(name, scheme)));
  expect(readdirSync(join(root, 'docs/images')).sort()).toEqual(files.sort());
  for (const file of files) {
    expect(statSync(join(root, 'docs/images', file)).size, file).toBeLessThan(PICTURE_BYTES_MAX);
  }
});

test('the README leads to every document', () => {
  const linked = linksIn(textOf('README.md')).map((target) => target.split('#')[0]);
  const others = documentPaths.filter((path) => path.startsWith('docs/'));
  expect(others.length).toBeGreaterThan(15);
  expect(others.filter((path) => !linked.includes(path))).toEqual([]);
});

describe('every link leads to a file that is there, and to a heading of it:', () => {
  test.each(documentPaths)('%s', (path) => {
    for (const target of linksIn(textOf(path))) {
      if (/^https?:\/\//.test(target)) continue;
      const [file = '', anchor] = target.split('#');
      const linked = file === '' ? path : normalize(join(dirname(path), file)).replaceAll('\\', '/');
      expect(linked, target).not.toMatch(/^\.\./);
      expect(existsSync(join(root, linked)), `${target} in ${path}`).toBe(true);
      if (anchor !== undefined) expect(anchorsIn(textOf(linked)), `${target} in ${path}`).toContain(anchor);
    }
  });
});

test('the links of a text are found, and anchors are as GitHub makes them', () => {
  expect(linksIn('[`a`](b.md#c) ![d](e.png) `[f](g)`\n```sh\n[h](i)\n```\n')).toEqual(['b.md#c', 'e.png']);
  expect(linksIn('<source srcset="a.webp">\n<img src="b.webp" alt="c">')).toEqual(['a.webp', 'b.webp']);
  expect(anchorsIn("## The server's API\n```sh\n# no heading\n```\n### `a_b` & c\n")).toEqual([
    'the-servers-api',
    'a_b--c',
  ]);
});

const optionRows = tableRows(textOf('docs/configuration.md')).filter(([flag]) => flag?.startsWith('`--'));

test('configuration.md lists every option once, with its environment variable and its default', () => {
  const listed = optionRows.map(([flag, environment, fallback]) => [flag, environment, fallback]);
  const defaultOf = (row: object, shown: string | undefined): unknown => {
    if ('fallback' in row) return `\`${row.fallback}\``;
    // What it is without one is said in words.
    return shown !== undefined && /^[a-z][a-z ]+$/.test(shown) ? shown : 'words';
  };
  const expected = Object.values(optionTable).map((row) => {
    const shown = listed.find(([flag]) => flag === `\`--${row.flag}\``)?.[2];
    return [`\`--${row.flag}\``, `\`${row.environment}\``, defaultOf(row, shown)];
  });
  expect(listed.sort()).toEqual(expected.sort());
});

test.each(documentPaths)('%s sets only variables and flags that there are', (path) => {
  const text = textOf(path);
  // What commands read beside the options.
  const known = [...Object.values(optionTable).map(({ environment }) => environment), 'BULKHEAD_URL'];
  const named = new Set([...text.matchAll(/\bBULKHEAD_[A-Z_]+\b/g)].map(([name]) => name));
  expect([...named].filter((name) => !known.includes(name))).toEqual([]);
  for (const [, file = '', flags = ''] of text.matchAll(/node_modules\/bulkhead\/([\w./-]+\.js)"?\]?(.*)$/gm)) {
    const source = file.replace(/^dist\/(.*)\.js$/, '$1.ts');
    expect(existsSync(join(root, source)), source).toBe(true);
    for (const [, flag] of flags.matchAll(/--([\w-]+)/g)) {
      expect(Object.values(optionTable).map((row) => row.flag)).toContain(flag);
    }
  }
});

test('every size that configuration.md gives beside a number of bytes is that number', () => {
  const units: Record<string, number> = { KiB: 1024, MiB: 1024 * 1024 };
  const sizes = optionRows.flatMap(([, , fallback = '', meaning = '']) => {
    const [, count, unit = ''] = /\((\d+) ([KM]iB)\)/.exec(meaning) ?? [];
    return count === undefined ? [] : [[fallback, `\`${Number(count) * (units[unit] ?? 0)}\``]];
  });
  expect(sizes).toHaveLength(4);
  for (const [fallback, size] of sizes) expect(size).toBe(fallback);
});

test('install.md names every command, and the tutorial those for authors and their templates', async () => {
  const { stdout } = await callCommand(['--help']);
  const names = [...stdout.matchAll(/^ {2}(\w+) (?:\[options\]|<)/gm)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(10);
  const [install, tutorial] = [textOf('docs/install.md'), textOf('docs/connectors/tutorial.md')];
  for (const name of names) expect(install).toMatch(new RegExp(`\`${name}(?: [A-Z]+)*\``));
  for (const name of ['init', 'dev', 'test', 'validate', 'build', 'pack', 'invoke', ...templateNames]) {
    expect(tutorial).toMatch(new RegExp(`^\\| \`${name}[ \`]`, 'm'));
  }
});

test('troubleshooting.md lists every error code with its status', () => {
  const codes = [...textOf('src/errors.ts').matchAll(/^ {2}(\w+): \[(\d{3}), /gm)].map(([, code, status]) => [
    `\`${code}\``,
    status,
  ]);
  expect(codes.length).toBeGreaterThan(40);
  const listed = tableRows(textOf('docs/troubleshooting.md')).filter(([, status]) => /^\d{3}$/.test(status ?? ''));
  expect(listed.map(([code, status]) => [code, status]).sort()).toEqual(codes.sort());
});

test('manifest.md names every key, forms.md every type of field, globals.md every global', () => {
  const manifest = textOf('docs/connectors/manifest.md');
  const { connector, ...top } = Manifest.properties;
  for (const key of [...Object.keys(top), ...Object.keys(connector.properties)])
    expect(manifest).toContain(`\`${key}\``);
  const forms = textOf('docs/connectors/forms.md');
  for (const type of Object.keys(fieldSchemas)) expect(forms).toContain(`\`${type}\``);
  const globals = textOf('docs/connectors/globals.md');
  const types = ['crypto', 'guest', 'requests', 'streams']
    .map((name) => textOf(`sandbox/guest/types/${name}.d.ts`))
    .join('\n');
  const declared = [...types.matchAll(/^declare (?:var|const|function) (\w+)/gm)];
  expect(declared.length).toBeGreaterThan(25);
  for (const [, name] of declared) expect(globals).toContain(`\`${name}\``);
});

test('manifest.md names the sections, globals.md the functions of the module `bulkhead`', () => {
  const [sentence = ''] = /^Functions are in .* sections: .*$/m.exec(textOf('docs/connectors/manifest.md')) ?? [];
  for (const name of sections) expect(sentence).toContain(`\`${name}\``);
  const globals = textOf('docs/connectors/globals.md');
  for (const name of moduleFunctions) expect(globals).toContain(`\`${name}(`);
});

test('operate.md names every metric', async () => {
  const metrics = new Metrics({
    node: 'one',
    usage: () => ({ runsInFlight: 0, runsWaiting: 0, compartments: 0 }),
    events: () => ({ published: 0, followers: 0 }),
    connectors: () => ({}),
  });
  const { text } = await metrics.exposition();
  const named = [...text.matchAll(/^# TYPE (bulkhead_\w+)/gm)].map(([, name]) => name);
  expect(named.length).toBeGreaterThan(8);
  for (const name of named) expect(textOf('docs/operate.md')).toContain(`\`${name}\``);
});

test.each(documentPaths)('%s has no word of the code alone', (path) => {
  const own =
    /\b(?:acceptances?|shelf|slots?|hold-?back|held back|journal|errands?|guesses|write-room|tokens that are none)\b/i;
  expect(proseOf(textOf(path))).not.toMatch(own);
});

test('the documents are in the package', () => {
  expect(JSON.parse(textOf('package.json')).files).toEqual(expect.arrayContaining(['docs', 'connectors', 'README.md']));
});

test('the stand-in for curl does what the documents need', async () => {
  const server = await startServer({ BULKHEAD_TOKEN: 'a-token', BULKHEAD_DATA: await temporaryFolder() });
  const authorization = ['-H', 'Authorization: Bearer a-token', '-H', 'Content-Type: application/json'];
  const { stdout } = spawnSync(
    process.execPath,
    [
      join(root, 'test/support/curl.mjs'),
      ...['-sS', '-X', 'POST', ...authorization],
      'http://127.0.0.1:3000/integrations',
      ...['-d', '{"name":"n"}'],
    ],
    { env: { CONNECT_TO: `127.0.0.1:3000:${new URL(server.url).host}` } },
  );
  expect(JSON.parse(String(stdout)).name).toBe('n');
  expect((await createClient(server.url, 'a-token')('GET', '/integrations')).body).toHaveLength(1);
});
