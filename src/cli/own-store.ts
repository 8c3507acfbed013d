/** The data folder for a command: its own for that long, or a server has it. */
import { resolve } from 'node:path';
import { permissionBackup } from '../connector/permission-backup.ts';
import { PermissionStore } from '../connector/permission-store.ts';
import { integrationProblem } from '../integration/integration.ts';
import type { PermissionBackup } from '../store/backup.ts';
import { BackupError } from '../store/backup-file.ts';
import { openStorage } from '../store/open-storage.ts';
import { openDataFolder } from '../store/private-files.ts';
import type { Storage } from '../store/storage.ts';
import { type Store, StoreError } from '../store/store.ts';
import { CommandError, type CommandInput } from './command.ts';

/** Who names a server means that one, and not a folder that happens to lie here. */
export const isServerNamed = ({ flags }: Pick<CommandInput, 'flags'>): boolean => flags.url !== undefined;

/**
 * @param command its name
 * @param server told why a server is asked
 */
export async function withStore<T>(
  command: string,
  given: CommandInput,
  own: (store: Store, permissions: PermissionBackup) => Promise<T>,
  server: (why: string) => Promise<T>,
): Promise<T> {
  if (isServerNamed(given)) return server(`${command} asks a server`);
  const data = resolve(given.options.data);
  let storage: Storage;
  try {
    await openDataFolder(data);
    storage = await openStorage(data, { check: integrationProblem });
  } catch (error) {
    if (error instanceof StoreError && error.code === 'store_locked') return server('A server has the data folder');
    throw error;
  }
  try {
    const permissions = await PermissionStore.open(storage, () => new Date());
    return await own(storage.documents, permissionBackup(permissions));
  } catch (error) {
    if (error instanceof BackupError) {
      throw new CommandError(
        error.code === 'already_there' ? `${error.message} --overwrite replaces them.` : error.message,
      );
    }
    throw error;
  } finally {
    await storage.close();
  }
}
