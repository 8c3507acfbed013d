/** The package installed in a project: what its types accept and reject, and its command line. */
import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { languagesOf, type TemplateName, templateNames } from '../../src/author/scaffold.ts';
import { authorFindings } from '../../src/connector/author-manifest.ts';
import { checkManifest } from '../../src/connector/manifest.ts';
import { type FieldType, fieldSchemas } from '../../src/connector/settings-form.ts';
import type { Json, JsonObject } from '../../src/json.ts';
import { callCommand } from '../support/command.ts';
import { folderOfFile } from '../support/folders.ts';
import { blocks, documentPaths, textOf } from '../support/markdown.ts';
import { installPackage, typeErrors } from '../support/package.ts';

const LONG_MS = 180_000;
const fixtures = fileURLToPath(new URL('./fixtures/', import.meta.url));

let installedIn: string;
beforeAll(async () => {
  installedIn = await folderOfFile();
  await installPackage(installedIn);
}, LONG_MS);

/** Runs the installed command. */
function installedCommand(...args: string[]): Promise<{ stdout: string }> {
  const main = join(installedIn, 'node_modules/bulkhead/dist/src/main.js');
  return promisify(execFile)(process.execPath, [main, ...args], { cwd: installedIn });
}

/** A project in a folder below the one with the package. */
async function project(name: string, files: Record<string, string>): Promise<string> {
  const folder = join(installedIn, name);
  await mkdir(join(folder, 'src'), { recursive: true });
  const tsconfig = { extends: 'bulkhead/tsconfig.guest.json', include: ['src'] };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
  for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text);
  return folder;
}

/** Line numbers with errors. */
function lines(errors: readonly string[], file: string): number[] {
  const found = errors.filter((line) => line.startsWith(`${file}(`)).map((line) => Number(/\((\d+),/.exec(line)?.[1]));
  return [...new Set(found)].sort((a, b) => a - b);
}

test('a correct connector has no errors', { timeout: LONG_MS }, async () => {
  const folder = await project('right', {});
  await cp(join(fixtures, 'right.ts'), join(folder, 'src/right.ts'));
  expect(await typeErrors(folder)).toEqual([]);
});

test('a wrong field, a wrong answer and an unknown name are errors on their own lines', {
  timeout: LONG_MS,
}, async () => {
  const folder = await project('wrong', {});
  await cp(join(fixtures, 'wrong.ts'), join(folder, 'src/wrong.ts'));
  const text = await readFile(join(fixtures, 'wrong.ts'), 'utf8');
  const marked = text.split('\n').flatMap((line, i) => (line.endsWith('// wrong') ? [i + 1] : []));
  expect(marked.length).toBeGreaterThan(60);
  expect(lines(await typeErrors(folder), 'src/wrong.ts')).toEqual(marked);
});

/** Templates whose tests are run by test/cli/author.test.ts and test/embed. */
const testedElsewhere: readonly TemplateName[] = ['blank', 'polling'];

/** Every template in each of its languages. */
const projects = templateNames.flatMap((template) =>
  languagesOf(template).map((language) => {
    const folder = testedElsewhere.includes(template) ? 'made' : 'made-and-tested';
    return [`${folder}/${template}-${language}`, template, language] as const;
  }),
);

describe('what init makes', () => {
  beforeAll(async () => {
    for (const [path, template, language] of projects) {
      const args = ['init', path, '--template', template, '--language', language];
      expect(await callCommand(args, { cwd: installedIn })).toMatchObject({ code: 0, stderr: '' });
    }
  });

  test('has tests that pass, all of them', { timeout: LONG_MS }, async () => {
    const folder = join(installedIn, 'made-and-tested');
    const files = globSync('*/test/index.test.*', { cwd: folder });
    expect(files).toHaveLength(templateNames.length - testedElsewhere.length);
    const count = files.flatMap((file) => readFileSync(join(folder, file), 'utf8').match(/^test\(/gm) ?? []).length;
    await writeFile(join(folder, 'package.json'), '{}');
    const { stdout } = await installedCommand('test', 'made-and-tested');
    expect(stdout).toContain(`pass ${count}\n`);
    expect(stdout).toContain('fail 0\n');
  });

  test.each(projects)('%s has no type error', { timeout: LONG_MS }, async (path, template, language) => {
    const folder = join(installedIn, path);
    expect(await typeErrors(folder)).toEqual([]);
    if (language === 'typescript') expect(await typeErrors(folder, ['-p', 'test'])).toEqual([]);
    if (template !== 'blank' && template !== 'legacy') return;
    // Each kind of project sees what is wrong.
    const source = join(folder, language === 'typescript' ? 'src/index.ts' : 'index.js');
    await writeFile(source, `${await readFile(source, 'utf8')}\nprocess.exit();\n`);
    expect(await typeErrors(folder)).toEqual([expect.stringContaining("Cannot find name 'process'")]);
  });
});

test('the installed command line creates and packs a connector with symlinked libraries', {
  timeout: LONG_MS,
}, async () => {
  const dependencyOf = async (name: string): Promise<string> => {
    await installedCommand('init', name);
    return JSON.parse(await readFile(join(installedIn, name, 'package.json'), 'utf8')).devDependencies.bulkhead;
  };
  expect(await dependencyOf('shop')).toBe('file:../node_modules/bulkhead');
  const { stdout } = await installedCommand('pack', 'shop', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ packed: true, findings: [] });
  // What npm notes about a package of a registry, and about a tarball.
  const packageFrom = (resolved: string): Promise<void> =>
    writeFile(
      join(installedIn, 'node_modules/.package-lock.json'),
      JSON.stringify({ packages: { 'node_modules/bulkhead': { version: '0.1.0', resolved } } }),
    );
  await packageFrom('https://registry.example.com/bulkhead/-/bulkhead-0.1.0.tgz');
  expect(await dependencyOf('from-registry')).toBe('^0.1.0');
  await packageFrom('file:../bulkhead-0.1.0.tgz');
  expect(await dependencyOf('from-tarball')).toBe('file:../node_modules/bulkhead');
});

describe('types and schemas', () => {
  /** One of each type. */
  const fields: Record<FieldType, JsonObject> = {
    input: { value: 'a', required: true, label: 'L', help: 'h', placeholder: 'p', hidden: false, disabled: false },
    text: { value: 1, title: 'T', tooltip: 't', description: 'd', helpText: 'h', visible: true },
    textarea: { value: null },
    expression: { value: '' },
    date: { value: '2026-11-24' },
    number: { value: 5 },
    file: { value: '' },
    link: { value: 'https://example.com' },
    checkbox: {
      value: true,
      dependencies: {
        enabled: {
          fields: [{ name: 'a', hidden: true, required: true, disabled: false }],
          sections: [{ id: 's', hidden: true }],
        },
      },
    },
    select: {
      value: 'a',
      options: ['a', ['b', 'B'], { value: true, label: 'C' }, { id: 4, text: 'D' }],
      supportsRefresh: true,
    },
    radio: { value: { id: 'a', label: 'A' }, properties: { yieldValueAndLabel: true } },
    multiselect: { value: ['a', { id: 'b' }], options: [] },
    staticMapWidget: {
      map: { a: 'b' },
      default: null,
      allowFailures: true,
      extracts: [['a', 'A']],
      generates: [{ id: 'b', text: 'B' }],
      extractFieldHeader: 'E',
      generateFieldHeader: 'G',
      supportsExtractsRefresh: true,
      supportsGeneratesRefresh: false,
      hideLookupAllowFailures: true,
      optionsMap: [{ id: 'x', name: 'X', type: 'select', options: ['a'], required: true, supportsRefresh: true }],
      value: [{ x: 'a' }],
    },
  };
  const all = Object.entries(fields).map(([type, field]) => ({ name: type, type, ...field }));
  const base: JsonObject = {
    name: 'a',
    version: '1.0.0',
    description: 'd',
    main: 'index.js',
    type: 'module',
    other: { tool: 1 },
    connector: {
      _id: 'a'.repeat(24),
      title: 'T',
      imageURL: 'icon.svg',
      installerFunction: 'f',
      updateFunction: 'f',
      preUninstallFunction: 'f',
      uninstallerFunction: 'f',
      opts: { a: 1 },
      permissions: { fetch: ['https://example.com'] },
      transactional: true,
      limits: { timeoutMs: 1, cpuMs: 1, memoryMb: 8 },
      install: [
        {
          name: 'S',
          description: 'd',
          imageURL: 'i',
          installURL: 'u',
          completed: false,
          installerFunction: 'f',
          uninstallerFunction: 'f',
          _connectionId: 'c',
          form: { fields: all.slice(0, 1) },
          own: 1,
        },
      ],
      settings: {
        supportsMultiStore: true,
        storeLabel: 'S',
        own: { a: 1 },
        general: { title: 'G', fields: all.slice(1, 2) },
        sections: [
          { id: 's', name: 's', title: 'S', description: 'd', hidden: false, fields: all.slice(3, 4) },
          {
            title: 'T',
            flows: [{ _id: 'f', name: 'F', showMapping: true, settings: all.slice(2, 3) }],
            fieldSets: [{ header: 'H', fields: [] }],
          },
        ],
      },
    },
  };

  /** With a value that no field has, without it, and with a key that is none, at every place in turn. */
  function* mutants(value: Json): Generator<Json> {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) {
      for (const [i, item] of value.entries()) {
        yield value.with(i, { strange: { strange: [] } });
        for (const inner of mutants(item)) yield value.with(i, inner);
      }
      return;
    }
    const object = value as JsonObject;
    yield { ...object, strange: { strange: [] } };
    for (const [key, item] of Object.entries(object)) {
      const { [key]: _, ...rest } = object;
      yield rest;
      yield { ...object, [key]: { strange: { strange: [] } } };
      for (const inner of mutants(item)) yield { ...object, [key]: inner };
    }
  }

  const isRight = (value: Json): boolean => {
    const { manifest } = checkManifest(value);
    return manifest !== undefined && authorFindings(value as JsonObject).length === 0;
  };

  test('the example has every key of a field', () => {
    const used = new Set(all.flatMap((field) => Object.keys(field)));
    for (const { properties } of Object.values(fieldSchemas)) {
      expect(Object.keys(properties).filter((key) => !used.has(key))).toEqual([]);
    }
    expect(isRight(base)).toBe(true);
  });

  test('agree on every field of a manifest and its forms', { timeout: LONG_MS }, async () => {
    const holding = (field: Json): Json => ({
      name: 'a',
      version: '1.0.0',
      main: 'index.js',
      connector: { settings: { fields: [field] } },
    });
    const values = [base, ...mutants(base), ...all.flatMap((field) => [field, ...mutants(field)].map(holding))];
    const declared = values.map((value, i) => `export const v${i}: Manifest = ${JSON.stringify(value)};`);
    const folder = await project('agree', {
      'src/values.ts': ["import type { Manifest } from 'bulkhead/sdk';", ...declared].join('\n'),
    });
    const wrongByType = new Set(lines(await typeErrors(folder), 'src/values.ts').map((line) => line - 2));
    const differ = values.filter((value, i) => isRight(value) === wrongByType.has(i));
    expect(differ.map((value) => JSON.stringify(differenceFrom(base, value)).slice(0, 300))).toEqual([]);
    expect(wrongByType.size).toBeGreaterThan(200);
    expect(values.length - wrongByType.size).toBeGreaterThan(100);
  });

  /** Where a mutant is another, for a message that can be read. */
  function differenceFrom(from: Json | undefined, to: Json | undefined, path = ''): Json {
    if (typeof from !== 'object' || from === null || typeof to !== 'object' || to === null) return [path, to ?? null];
    const keys = new Set([...Object.keys(from), ...Object.keys(to)]);
    for (const key of keys) {
      const [a, b] = [(from as JsonObject)[key], (to as JsonObject)[key]];
      if (JSON.stringify(a) !== JSON.stringify(b)) return differenceFrom(a, b, `${path}.${key}`);
    }
    return [path, to];
  }
});

describe('documentation compiles', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  /** Code that runs in a compartment knows nothing of Node. */
  const isForGuests = (code: string): boolean => code.includes("'bulkhead/sdk'");

  /** Compiles each as a file of its own, and gives the errors with the code that they are in. */
  async function errorsIn(codes: readonly string[], name: string): Promise<string[]> {
    const guest = await project(`${name}-guest`, {});
    const host = await project(`${name}-host`, {});
    const options = {
      target: 'ES2024',
      lib: ['ES2024', 'ESNext.Disposable'],
      module: 'NodeNext',
      types: ['node'],
      strict: true,
      skipLibCheck: true,
      noEmit: true,
    };
    await writeFile(join(host, 'package.json'), '{"type":"module"}');
    await writeFile(join(host, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['src'] }));
    for (const [i, code] of codes.entries()) {
      await writeFile(join(isForGuests(code) ? guest : host, `src/${i}.ts`), `${code}\nexport {};\n`);
    }
    const folders = [guest, host].filter((folder) => codes.some((code) => isForGuests(code) === (folder === guest)));
    const errors = (await Promise.all(folders.map((folder) => typeErrors(folder)))).flat();
    return errors.map((error) => `${error}\n${codes[Number(/src\/(\d+)\.ts/.exec(error)?.[1])]}`);
  }

  test('every example in a doc comment', { timeout: LONG_MS }, async () => {
    const files = globSync(['src/**/*.ts', 'sandbox/**/*.ts'], { cwd: root }).filter(
      (file) => !file.includes('/templates/'),
    );
    const examples = files.flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      const comments = [...text.matchAll(/\/\*\*.*?\*\//gs)].map(([comment]) => comment);
      return comments.flatMap((comment) => {
        const lines = comment.split('\n').map((line) => line.replace(/^\s*\/?\*+(?:\/$| ?)/, ''));
        const at = lines.indexOf('@example');
        if (at < 0) return [];
        const length = lines.slice(at + 1).findIndex((line) => line.startsWith('@'));
        const code = lines.slice(at + 1, length < 0 ? undefined : at + 1 + length).join('\n');
        // Examples for internal modules import them by relative path.
        const exported = [...text.matchAll(/^export (?:async )?(?:function|class|const) (\w+)|^export \{ (\w+) \}/gm)];
        const names = exported
          .map(([, declared, passed]) => declared ?? passed ?? '')
          .filter((name) => new RegExp(`\\b${name}\\b`).test(code));
        const own = `../../node_modules/bulkhead/dist/${file.replace(/\.ts$/, '.js')}`;
        return [code.includes("from 'bulkhead") ? code : `import { ${names.join(', ')} } from '${own}';\n${code}`];
      });
    });
    expect(examples.length).toBeGreaterThan(5);
    expect(await errorsIn(examples, 'examples')).toEqual([]);
  });

  test('every piece of TypeScript in the documents', { timeout: LONG_MS }, async () => {
    const printed = documentPaths.flatMap((path) => blocks(textOf(path), 'ts'));
    expect(printed.length).toBeGreaterThanOrEqual(2);
    expect(await errorsIn(printed, 'printed')).toEqual([]);
  });
});
