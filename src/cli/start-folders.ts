/** The folders of a start: a misspelt one is reported, not created. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { closestName } from '../did-you-mean.ts';
import { assertCanCreate, locationOf } from '../store-location.ts';
import { type CommandContext, CommandError } from './command.ts';

export interface StartFolders {
  readonly data: string;
  readonly connectors: string;
  /** This start creates the data folder. */
  readonly isNew: boolean;
}

/**
 * A connectors folder that was named has to exist; a data folder only needs a folder to be created in.
 *
 * @throws CommandError, StoreError
 */
export async function checkFolders(context: CommandContext): Promise<StartFolders> {
  const { options, explicitOptions, cwd } = context;
  const data = resolve(cwd, options.data);
  const connectors = resolve(cwd, options.connectors);
  await assertCanCreate(locationOf({ data }, cwd));
  if (`${connectors}${sep}`.startsWith(`${data}${sep}`)) {
    throw new CommandError(
      `The connectors folder ${connectors} is in the data folder ${data}, where the server keeps copies of bundles. ` +
        'Move one of them, and correct --data (BULKHEAD_DATA) or --connectors (BULKHEAD_CONNECTORS).',
    );
  }
  await checkConnectors(connectors, explicitOptions.connectors === undefined, cwd);
  return { data, connectors, isNew: (await kindOf(data)) === undefined };
}

async function checkConnectors(folder: string, mayCreate: boolean, cwd: string): Promise<void> {
  const kind = await kindOf(folder);
  if (kind === 'file') throw new CommandError(`${folder} is a file. ${REMEDY}`);
  if (kind !== undefined || mayCreate) return;
  const parent = dirname(folder);
  const siblings = await readdir(parent, { withFileTypes: true }).catch(() => []);
  const folders = siblings.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const meant = closestName(basename(folder), folders);
  const question = meant === undefined ? '' : `Did you mean ${relative(cwd, join(parent, meant)) || '.'}? `;
  throw new CommandError(`There is no connectors folder ${folder}. ${question}${REMEDY}`);
}

const REMEDY = 'Create the folder, or correct --connectors (BULKHEAD_CONNECTORS).';

async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  return found && (found.isDirectory() ? 'folder' : 'file');
}
