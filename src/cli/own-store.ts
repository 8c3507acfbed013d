/** The data folder for a command: its own for that long, or a server has it. */
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { backedAcceptances } from '../connector/acceptance-backup.ts';
import { Acceptances, acceptancesFolder } from '../connector/acceptances.ts';
import { integrationProblem } from '../integration/integration.ts';
import type { Options } from '../options.ts';
import type { BackedAcceptances } from '../store/backup.ts';
import { BackupError } from '../store/backup-file.ts';
import { openLowdbStore } from '../store/lowdb-store.ts';
import { type Store, StoreError } from '../store/store.ts';
import { CommandError } from './command.ts';

/** What `ask` needs to say why it asks. */
export const SERVER_HAS_FOLDER = 'A server has the data folder';

export async function withStore<T>(
  options: Options,
  own: (store: Store, acceptances: BackedAcceptances) => Promise<T>,
  server: () => Promise<T>,
): Promise<T> {
  const data = resolve(options.data);
  let store: Store;
  try {
    await mkdir(data, { recursive: true, mode: 0o700 });
    store = await openLowdbStore(data, { check: integrationProblem });
  } catch (error) {
    if (error instanceof StoreError && error.code === 'store_locked') return server();
    throw error;
  }
  try {
    const acceptances = await Acceptances.open(acceptancesFolder(data), () => new Date());
    return await own(store, backedAcceptances(acceptances));
  } catch (error) {
    if (error instanceof BackupError) {
      throw new CommandError(
        error.code === 'already_there' ? `${error.message} --overwrite replaces them.` : error.message,
      );
    }
    throw error;
  } finally {
    await store.close();
  }
}
