/** Gives a command access to the data: directly, or through the server that uses the data folder. */
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
import { type CommandContext, CommandError } from './command.ts';

/** `--url` means that server, even if there is a data folder here. */
export const isServerNamed = ({ flags }: Pick<CommandContext, 'flags'>): boolean => flags.url !== undefined;

/**
 * @param command its name, for messages
 * @param viaServer gets the reason for using a server
 */
export async function withStore<T>(
  command: string,
  context: CommandContext,
  locally: (store: Store, permissions: PermissionBackup) => Promise<T>,
  viaServer: (reason: string) => Promise<T>,
): Promise<T> {
  if (isServerNamed(context)) return viaServer(`${command} asks a server`);
  const data = resolve(context.options.data);
  let storage: Storage;
  try {
    await openDataFolder(data);
    storage = await openStorage(data, { check: integrationProblem });
  } catch (error) {
    if (error instanceof StoreError && error.code === 'store_locked')
      return viaServer('A server is using the data folder');
    throw error;
  }
  try {
    const permissions = await PermissionStore.open(storage, () => new Date());
    return await locally(storage.documents, permissionBackup(permissions));
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
