/** Opens the configured storage, and the key that seals credentials. */
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
  /** This node's name. May be undefined for a server that shares nothing. */
  readonly node: string | undefined;
  /** Adds the node's name to each line. */
  readonly logger: Logger;
  readonly storage: Storage;
  readonly keyring: Keyring;
  /** Undefined if the storage is not read at start: credentials are then checked while the server runs. */
  readonly rotation: RotationResult | undefined;
}

type OpenStorage = Pick<Engine, 'storage' | 'keyring' | 'rotation'>;

/** @param dataFolder absolute; with a database, for temporary files only */
export async function openEngine(options: Options, dataFolder: string, parentLogger: Logger): Promise<Engine> {
  const { store, node = store === undefined ? undefined : nodeName() } = options;
  const logger = node === undefined ? parentLogger : parentLogger.child({ node });
  const accessProblem = await openDataFolder(dataFolder);
  if (accessProblem !== undefined) logger.warn({ event: 'data_folder_open' }, accessProblem);
  const opened =
    store === undefined || node === undefined
      ? await openFolder(options, dataFolder, logger)
      : await openDatabase({ ...options, store, node }, dataFolder, logger);
  return { node, logger, ...opened };
}

async function openFolder({ secretKey }: Options, dataFolder: string, logger: Logger): Promise<OpenStorage> {
  const keyring = await openKeyring(new KeyFile(dataFolder), secretKey);
  const rotation = new KeyRotation(keyring);
  const storage = await openStorage(dataFolder, {
    check: integrationProblem,
    onRead: (document) => rotation.inspect(document),
    onAuditError: (error) => logger.error({ err: error }, 'a change could not be written to the audit log'),
  });
  try {
    await forgetOrphans(storage);
    return { storage, keyring, rotation: await rotation.rotate(storage.documents) };
  } catch (error) {
    await storage.close();
    throw error;
  }
}

/** A process may have been killed after it removed an integration, but before it removed the runs and jobs. */
async function forgetOrphans({ documents, runs, jobs }: Storage): Promise<void> {
  for (const store of [runs, jobs]) {
    for (const id of await store.integrationIds()) {
      if ((await documents.ownerOf(id)) === undefined) await store.forget(id);
    }
  }
}

/** Loads the driver only here, since a data folder does not need it. */
async function openDatabase(
  { store, node, secretKey }: Options & { readonly store: string; readonly node: string },
  dataFolder: string,
  logger: Logger,
): Promise<OpenStorage> {
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
  'The key that encrypts credentials is stored next to them in the database: set BULKHEAD_SECRET_KEY to the same value on every node.';

const nodeName = (): string => `${hostname()}-${randomBytes(4).toString('hex')}`.replace(/[^\w.:-]/g, '-');
