/**
 * `bulkhead build`: writes one file and its source map to the manifest's `main`. For an old connector, whose `main` is
 * its source, it writes a bundle into a separate folder.
 */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { sizeLines } from '../author/bundle-sizes.ts';
import type { Inspection } from '../author/inspect.ts';
import { type Files, mainOf, writeFiles } from '../author/project-build.ts';
import { type Command, type CommandContext, CommandError, FAILED, jsonFlag, print, UsageError } from './command.ts';
import { folderArgument, folderOf, inspect, minifyFlag, oldStyleFlags, printFindings, summarize } from './inspect.ts';

const BUNDLE_FOLDER = 'bundle';

export const build: Command = {
  name: 'build',
  summary: 'Builds the "source" of package.json into one file with a source map.',
  expects: 'one folder',
  args: [folderArgument],
  flags: [
    minifyFlag,
    ...oldStyleFlags,
    { syntax: '--output <folder>', help: `where the bundle of an old connector goes; default: ${BUNDLE_FOLDER}` },
    jsonFlag,
  ],
  examples: [
    'bulkhead build',
    'bulkhead build connectors/weather --minify',
    'bulkhead build old-connector --legacy --output connectors/old-connector',
  ],

  async run(context) {
    const inspection = await inspect(context);
    const { project, bundle, findings, sizes = [] } = inspection;
    if (bundle && project?.source === undefined) {
      throw new CommandError('There is nothing to build: package.json has no "source", so main is used as it is.');
    }
    if (bundle && project?.oldStyle === undefined && context.flags.output !== undefined) {
      throw new UsageError('--output is for old connectors: others are built into "main" of package.json.');
    }
    printFindings(context, inspection);
    if (!bundle) {
      print(context, { text: `${summarize(inspection)}: nothing was written.`, json: { built: false, findings } });
      return FAILED;
    }
    const { connector, files } = bundle;
    const main = mainOf(connector);
    const folder = project?.oldStyle ? await bundleFolderOf(context, connector.manifest.name) : folderOf(context);
    await writeFiles(project?.oldStyle ? files : outputsOf(main, files), folder);
    const bytes = files.get(main)?.length ?? 0;
    const path = join(folder, main);
    const shown = project?.oldStyle ? path : main;
    const lines = [`Built ${shown} (${Math.ceil(bytes / 1024)} KiB) with its source map.`, ...sizeLines(sizes)];
    print(context, {
      text: [...lines, ...derivedLines(inspection)].join('\n'),
      json: {
        built: true,
        main: path,
        bytes,
        sizes,
        digest: connector.bundle.digest,
        ...(inspection.derived ? { derived: Object.fromEntries(inspection.derived) } : {}),
        findings,
      },
    });
    return undefined;
  },
};

function outputsOf(main: string, files: Files): Files {
  return new Map([main, `${main}.map`].flatMap((path) => (files.has(path) ? [[path, files.get(path) as Buffer]] : [])));
}

/** @throws CommandError if the folder holds something else */
async function bundleFolderOf(context: CommandContext, name: string): Promise<string> {
  const { cwd, flags } = context;
  const folder = typeof flags.output === 'string' ? resolve(cwd, flags.output) : join(folderOf(context), BUNDLE_FOLDER);
  const isProject = folder === folderOf(context);
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new CommandError(`${folder} cannot be written to (${error.code}).`, { cause: error });
  });
  if (isProject || (text !== undefined && nameIn(text) !== name)) {
    throw new CommandError(`${folder} holds something else: name another folder with --output.`);
  }
  return folder;
}

function nameIn(text: string): unknown {
  try {
    return (JSON.parse(text) as { name?: unknown } | null)?.name;
  } catch {
    return undefined;
  }
}

function derivedLines({ derived = [] }: Inspection): string[] {
  if (derived.length === 0) return [];
  const width = Math.max(...derived.map(([field]) => field.length));
  const rows = derived.map(([field, value]) => `  ${field.padEnd(width)}  ${value}`);
  return ['Derived from the code (with --legacy, "connector" in package.json takes precedence):', ...rows];
}
