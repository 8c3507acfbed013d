/** Findings of `validate`, with file and line. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { callCommand, linesOf } from '../support/command.ts';
import { temporaryFolder } from '../support/folders.ts';

const MANIFEST = `{
  "name": "shop",
  "version": "1.0.0",
  "main": "index.js",
  "connector": {
    "install": [{ "name": "Verify", "installerFunction": "verify" }]
  }
}
`;
const CODE = 'exports.installer = { verify: () => ({ success: true }) };\n';

async function validated(files: Record<string, string>, flags: string[] = []) {
  const folder = await temporaryFolder();
  for (const [path, text] of Object.entries({ 'package.json': MANIFEST, 'index.js': CODE, ...files })) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return callCommand(['validate', ...flags], { cwd: folder });
}

/** The manifest with one line replaced. */
const withLine = (line: string, text: string): string => MANIFEST.replace(line, text);
const INSTALL = '    "install": [{ "name": "Verify", "installerFunction": "verify" }]';

test('a correct project has no findings', async () => {
  expect(await validated({})).toEqual({
    code: 0,
    stdout: 'No problems found: shop 1.0.0, 1 functions, 1 KiB.\n',
    stderr: '',
  });
});

test.each<[string, Record<string, string>, string[]]>([
  [
    'no JSON',
    { 'package.json': '{\n  "name": "a",\n  oops\n}' },
    ['package.json:3:3 error package.json is not JSON: '],
  ],
  [
    'a trailing comma',
    { 'package.json': '{\n  "name": "a",\n}' },
    ['package.json:3:1 error package.json is not JSON: '],
  ],
  ['a list', { 'package.json': '[]' }, ['package.json:1:1 error the value must be object']],
  [
    'several fields, Windows line endings and a byte-order mark',
    {
      'package.json': `\uFEFF${withLine('"1.0.0"', '"one"')
        .replace(INSTALL, '    "title": 5,\n    "install": [{ "name": "V" }, { "name": "" }]')
        .replaceAll('\n', '\r\n')}`,
    },
    [
      'package.json:3:3 error version must be a semantic version',
      'package.json:6:5 error connector.title must be string',
      'package.json:7:36 error connector.install.1.name must',
    ],
  ],
  [
    'a missing function',
    { 'package.json': withLine(INSTALL, `    "updateFunction": "update",\n${INSTALL.replace('"verify"', '"verfy"')}`) },
    [
      'package.json:6:5 error the section installer has no function update',
      'package.json:7:37 error the section installer has no function verfy; did you mean verify?',
    ],
  ],
  [
    'a missing main',
    { 'package.json': withLine('index.js', 'lib/main.js') },
    ['package.json:4:3 error main (lib/main.js) is missing'],
  ],
  [
    'forbidden imports',
    {
      'index.js': `const { progress } = require('bulkhead');\nconst fs = require('node:fs');\n\nconst own = require('./own.js');\n${CODE}`,
    },
    [
      'index.js:2:20 error node:fs is not available',
      'index.js:4:21 error ./own.js is another file, but a bundle is a single file',
    ],
  ],
  [
    'forbidden imports of a module',
    {
      'package.json': withLine('"main"', '"type": "module",\n  "main"'),
      'index.js':
        "import { progress } from 'bulkhead';\nexport { x } from 'lodash';\nexport const installer = { verify: () => import('fs') };\n",
    },
    ['index.js:2:19 error lodash is another file', 'index.js:3:49 error fs is not available'],
  ],
  [
    'a syntax error',
    { 'index.js': 'exports.installer = {\n  verify( => 1\n};' },
    ['index.js:2:11 error Expected identifier'],
  ],
  [
    'top-level await',
    {
      'package.json': withLine('"main"', '"type": "module",\n  "main"'),
      'index.js': 'export const installer = { verify() {} };\nawait 1;\n',
    },
    ['index.js:2:1 error Top-level await is not available'],
  ],
  [
    'code that throws while loading',
    { 'index.js': `${CODE}process.exit();` },
    ['package.json:4:3 error index.js does not load: process is not defined'],
  ],
  [
    'a default export that is a function',
    {
      'package.json': withLine('"main"', '"type": "module",\n  "main"'),
      'index.js': 'export default function verify() {}\n',
    },
    ['package.json:5:3 error index.js does not load: the bundle must export an object with sections of functions'],
  ],
  [
    'functions without a section',
    { 'index.js': 'exports.verify = () => {};' },
    [
      'package.json:4:3 error index.js does not load: functions must be in sections (installer, uninstaller, settings, utilities, hooks, wrappers), but these are not: verify',
    ],
  ],
  [
    'code that is too large',
    { 'index.js': `${CODE}//${'x'.repeat(17 * 1024 * 1024)}` },
    ['package.json:4:3 error main (index.js) is larger than 16777216 bytes'],
  ],
  [
    'forbidden imports of a source and of a file it imports',
    {
      'package.json': withLine('"main": "index.js"', '"source": "src/index.ts",\n  "main": "dist/index.js"'),
      'src/index.ts': "import './other.ts';\nimport 'not-installed';\nexport const installer = { verify() {} };\n",
      'src/other.ts':
        "const a = 1;\n/* größer */ import { join } from 'path';\nimport { createCompartment } from 'bulkhead/test';\nexport default [join, createCompartment, a];\n",
    },
    ['src/other.ts:3:35 error bulkhead/test is for tests', 'src/index.ts:2:8 error Could not resolve "not-installed"'],
  ],
  [
    'a missing source',
    { 'package.json': withLine('"main"', '"source": "src/nowhere.ts",\n  "main"') },
    ['package.json:4:3 error Could not resolve "src/nowhere.ts"'],
  ],
])('%s', async (_what, files, expected) => {
  const { code, stderr, stdout } = await validated(files);
  const lines = linesOf(stderr).sort();
  expect(lines).toEqual(expected.toSorted().map((line) => expect.stringContaining(line)));
  expect([code, stdout]).toEqual([1, expect.stringMatching(/^\d+ errors?, 0 warnings/)]);
});

test('what the runtime ignores is a warning', async () => {
  const section = [
    '    "permission": { "fetch": [] },',
    '    "limits": { "memory": 32 },',
    '    "settings": {',
    '      "own": { "kept": true },',
    '      "sections": [{ "titel": "Orders", "fields": [',
    '        { "name": "a", "type": "combobox" },',
    '        { "name": "b", "type": "input", "requird": true },',
    '        { "name": "c", "type": "checkbox", "value": "on" },',
    '        { "type": "input" }',
    '      ] }]',
    '    },',
  ];
  const { code, stdout, stderr } = await validated({
    'package.json': withLine(INSTALL, `${section.join('\n')}\n${INSTALL}`),
  });
  expect(linesOf(stderr)).toEqual(
    [
      'package.json:6:5 warning connector.permission is not a field of this object; did you mean permissions?',
      'package.json:7:17 warning connector.limits.memory is not a field of this object; did you mean memoryMb?',
      'package.json:10:22 warning connector.settings.sections.0.titel is unknown: the dashboard does not show it; did you mean title?',
      'package.json:11:24 warning connector.settings.sections.0.fields.0.type must be one of input, ',
      'package.json:12:41 warning connector.settings.sections.0.fields.1.requird is not a field of this object; did you mean required?',
      'package.json:13:44 warning connector.settings.sections.0.fields.2.value must be boolean',
      'package.json:14:9 warning connector.settings.sections.0.fields.3.name is required',
    ].map((line) => expect.stringContaining(line)),
  );
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^0 errors, 7 warnings: shop 1\.0\.0/)]);
});

test('a key of a step that looks like another one is a warning', async () => {
  const { code, stderr } = await validated({
    'package.json': withLine(INSTALL, INSTALL.replace('"installerFunction"', '"own": 1, "instalerFunction"')),
  });
  expect(linesOf(stderr)).toEqual([
    expect.stringMatching(
      /^package\.json:6:\d+ warning .*\.instalerFunction is a key of your own; did you mean installerFunction\?$/,
    ),
  ]);
  expect(code).toBe(0);
});

test('exports that cannot be called are a warning', async () => {
  const { code, stdout, stderr } = await validated({
    'package.json': withLine('"main"', '"type": "module",\n  "main"'),
    'index.js': 'export const installer = { verify() {} };\nexport default { settings: {} };\n',
  });
  expect(stderr).toContain(
    'package.json:5:3 warning index.js loads, but these exports cannot be called: default.settings',
  );
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^0 errors, 1 warning: shop 1\.0\.0/)]);
});

test('--json prints the findings with their fields', async () => {
  const wrong = await validated({ 'package.json': withLine('"1.0.0"', '1') }, ['--json']);
  expect([wrong.code, wrong.stderr, JSON.parse(wrong.stdout)]).toEqual([
    1,
    '',
    {
      valid: false,
      findings: [
        {
          severity: 'error',
          file: 'package.json',
          line: 3,
          column: 3,
          field: 'version',
          message: expect.stringContaining('version'),
        },
      ],
    },
  ]);
  const right = JSON.parse((await validated({}, ['--json'])).stdout);
  expect(right).toMatchObject({ valid: true, findings: [], sections: { installer: ['verify'] } });
});

test("a bundled library's optional require of a Node module is only a warning", async () => {
  const { code, stderr } = await validated({
    'package.json': withLine('"main": "index.js"', '"source": "src/index.js",\n  "main": "dist/index.js"'),
    'src/index.js': "import works from 'tolerant';\nexport const installer = { verify: () => works() };\n",
    'node_modules/tolerant/package.json': '{"name":"tolerant","version":"1.0.0","main":"index.js"}',
    'node_modules/tolerant/index.js':
      "let fs;\ntry { fs = require('node:fs'); } catch {}\nmodule.exports = () => ({ success: true });\n",
  });
  expect([code, linesOf(stderr)]).toEqual([
    0,
    [expect.stringContaining('node_modules/tolerant/index.js:2:20 warning node:fs is not available')],
  ]);
});
