/** `bulkhead init`: creates the files of a new connector. */
import { readFileSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { isConnectorName, type Language, languages, scaffold } from '../author/scaffold.ts';
import { type Command, CommandError, jsonFlag, print, UsageError } from './command.ts';

export const init: Command = {
  name: 'init',
  summary: 'Creates a folder with a new connector and its test.',
  expects: 'the name of a connector',
  args: [['<name>', "the connector's name, or a path that ends in it"]],
  flags: [
    {
      syntax: '--language <language>',
      help: 'programming language',
      choices: languages,
      fallback: 'typescript' satisfies Language,
    },
    jsonFlag,
  ],
  examples: ['bulkhead init weather', 'bulkhead init connectors/weather --language javascript'],

  async run(context) {
    const { args, flags, cwd } = context;
    if (args[0] === '') throw new UsageError('init expects the name of a connector.');
    const folder = resolve(cwd, args[0] as string);
    const name = basename(folder);
    if (!isConnectorName(name)) {
      throw new UsageError(
        `${JSON.stringify(name)} is not a valid connector name: use lower-case letters, digits, '.', '_' and '-'.`,
      );
    }
    if ((await listFolder(folder)).length > 0) throw new CommandError(`${args[0]} already exists and is not empty.`);
    const files = scaffold(name, flags.language as Language, ownVersions());
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text, { flag: 'wx' });
    }
    const displayPath = relative(cwd, folder) || '.';
    const next = ['npm install', 'npm test', 'npm run dev', 'npm run pack'];
    print(context, {
      text: [
        `Created in ${displayPath}: ${Object.keys(files).join(', ')}.`,
        '',
        'Next:',
        `  cd ${displayPath}`,
        ...next.map((line) => `  ${line}`),
      ].join('\n'),
      json: { folder, files: Object.keys(files) },
    });
    return undefined;
  },
};

async function listFolder(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}

interface OwnPackage {
  readonly version: string;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** New projects use the versions this package was developed with. */
function ownVersions(): Parameters<typeof scaffold>[2] {
  const path = findPackageJSON('..', import.meta.url) ?? '';
  const { version, devDependencies } = JSON.parse(readFileSync(path, 'utf8')) as OwnPackage;
  const of = (name: string): string => devDependencies[name] ?? 'latest';
  const caret = (range: string): string => (/^\d/.test(range) ? `^${range}` : range);
  return {
    bulkhead: caret(version),
    esbuild: caret(of('esbuild')),
    typescript: of('typescript'),
    types: of('@types/node'),
  };
}
