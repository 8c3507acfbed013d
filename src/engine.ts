/** Opens what the options name: the storage, and the key that seals credentials. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { integrationProblem } from './integration/integration.ts';
import type { Options } from './options.ts';
import { KeyFile } from './record/key-file.ts';
import { KeyRotation, type RotationResult } from './record/key-rotation.ts';
import { type Keyring, openKeyring } from './record/keyring.ts';
import { removeTemporaries } from './store/files.ts';
import { openStorage } from './store/open-storage.ts';
import { openDataFolder } from './store/private-files.ts';
import type { Storage } from './store/storage.ts';

export interface Engine {
  /** This node's name; undefined for a server that shares nothing and was given none. */
  readonly node: string | undefined;
  /** Names the node in each line. */
  readonly logger: Logger;
  readonly storage: Storage;
  readonly keyring: Keyring;
  /** Undefined if the storage is not read at start: its credentials are checked while it is served. */
  readonly rotation: RotationResult | undefined;
}

type Opened = Pick<Engine, 'storage' | 'keyring' | 'rotation'>;

/** @param dataFolder absolute; with a database it is for temporary files only */
export async function openEngine(options: Options, dataFolder: string, parentLogger: Logger): Promise<Engine> {
  const { store, node = store === undefined ? undefined : nodeName() } = options;
  const logger = node === undefined ? parentLogger : parentLogger.child({ node });
  const accessProblem = await openDataFolder(dataFolder);
  if (accessProblem !== undefined) logger.warn({ event: 'data_folder_open' }, accessProblem);
  const opened =
    store === undefined || node === undefined
      ? await openFolder(options, dataFolder)
      : await openDatabase({ ...options, store, node }, dataFolder, logger);
  return { node, logger, ...opened };
}

async function openFolder({ secretKey }: Options, dataFolder: string): Promise<Opened> {
  const keyring = await openKeyring(new KeyFile(dataFolder), secretKey);
  const rotation = new KeyRotation(keyring);
  const storage = await openStorage(dataFolder, {
    check: integrationProblem,
    onRead: (document) => rotation.inspect(document),
  });
  try {
    await forgetOrphanedRuns(storage);
    return { storage, keyring, rotation: await rotation.rotate(storage.documents) };
  } catch (error) {
    await storage.close();
    throw error;
  }
}

/** A killed process may have removed an integration and not yet its runs. */
async function forgetOrphanedRuns({ documents, runs }: Storage): Promise<void> {
  for (const id of await runs.integrationIds()) {
    if ((await documents.ownerOf(id)) === undefined) await runs.forget(id);
  }
}

/** Loads the driver, which a data folder does not need. */
async function openDatabase(
  { store, node, secretKey }: Options & { readonly store: string; readonly node: string },
  dataFolder: string,
  logger: Logger,
): Promise<Opened> {
  await removeTemporaries(dataFolder);
  const { openPostgres } = await import('./store/postgres/open.ts');
  const { storage, keys } = await openPostgres(store, { node, check: integrationProblem });
  try {
    const keyring = await openKeyring(keys, secretKey);
    if (secretKey === undefined) logger.warn({ event: 'key_in_database' }, KEY_IN_DATABASE);
    return { storage, keyring, rotation: undefined };
  } catch (error) {
    await storage.close();
    throw error;
  }
}

const KEY_IN_DATABASE =
  'The key that encrypts credentials is in the database beside them: set BULKHEAD_SECRET_KEY to the same on every node.';

const nodeName = (): string => `${hostname()}-${randomBytes(4).toString('hex')}`.replace(/[^\w.:-]/g, '-');
