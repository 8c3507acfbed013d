/** `bulkhead init`: creates the files of a new connector. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { versionsFor } from '../author/own-package.ts';
import {
  isConnectorName,
  type Language,
  languages,
  languagesOf,
  scaffold,
  type TemplateName,
  templateNames,
  templates,
} from '../author/scaffold.ts';
import { type Command, CommandError, jsonFlag, print, UsageError } from './command.ts';

const templateHelp = templateNames.map((name) => `${name}: ${templates[name].summary}`).join('; ');

export const init: Command = {
  name: 'init',
  summary: 'Creates a folder with a new connector and its test.',
  expects: 'the name of a connector',
  args: [['<name>', "the connector's name, or a path that ends in it"]],
  flags: [
    {
      syntax: '--template <template>',
      help: `what it starts with (${templateHelp})`,
      choices: templateNames,
      fallback: 'blank' satisfies TemplateName,
    },
    {
      syntax: '--language <language>',
      help: "programming language; default: the template's first",
      choices: languages,
    },
    jsonFlag,
  ],
  examples: [
    'bulkhead init weather',
    'bulkhead init orders --template polling',
    'bulkhead init connectors/weather --language javascript',
  ],

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
    const template = flags.template as TemplateName;
    const language = languageOf(template, flags.language as Language | undefined);
    if ((await listFolder(folder)).length > 0) throw new CommandError(`${args[0]} already exists and is not empty.`);
    const versions = versionsFor(folder);
    const files = scaffold({ name, template, language, versions });
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text, { flag: 'wx' });
    }
    const displayPath = relative(cwd, folder) || '.';
    const next = ['npm install', 'npm test', 'npm run dev', 'npm run pack'];
    const { advice } = templates[template];
    print(context, {
      text: [
        `Created in ${displayPath}: ${Object.keys(files).join(', ')}.`,
        ...(advice === undefined ? [] : ['', advice]),
        '',
        'Next:',
        `  cd ${displayPath}`,
        ...next.map((line) => `  ${line}`),
      ].join('\n'),
      json: { folder, template, language, files: Object.keys(files), bulkhead: versions.bulkhead },
    });
    return undefined;
  },
};

function languageOf(template: TemplateName, asked: Language | undefined): Language {
  const offered = languagesOf(template);
  const language = asked ?? offered[0];
  if (language !== undefined && offered.includes(language)) return language;
  throw new UsageError(`The template ${template} is in ${offered.join(' and ')} only.`);
}

async function listFolder(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
