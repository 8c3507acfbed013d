/** Gives a command access to the data: directly, or through the server that uses the data folder. */
import { permissionBackup } from '../connector/permission-backup.ts';
import { PermissionStore } from '../connector/permission-store.ts';
import { clientBackup } from '../oauth/client-backup.ts';
import { type AuditedEvent, COMMAND, entryMaker } from '../store/audit.ts';
import type { BackupPart } from '../store/backup.ts';
import { BackupError } from '../store/backup-file.ts';
import type { OpenStore } from '../store/copy/item.ts';
import type { KeyStore } from '../store/storage.ts';
import { type Store, StoreError } from '../store/store.ts';
import { locationOf, openLocation } from '../store-location.ts';
import { type CommandContext, CommandError } from './command.ts';

/** `--url` means that server, even if there is a data folder here. */
export const isServerNamed = ({ flags }: Pick<CommandContext, 'flags'>): boolean => flags.url !== undefined;

export interface LocalStore {
  readonly documents: Store;
  readonly parts: readonly BackupPart[];
  readonly keys: KeyStore;
  /** Writes to the audit log. */
  readonly audit: (event: AuditedEvent) => Promise<void>;
}

/**
 * Opens a database even if nodes use it, but a data folder only if no server does.
 *
 * @param command its name, for messages
 * @param viaServer gets the reason for using a server
 */
export async function withStore<T>(
  command: string,
  context: CommandContext,
  locally: (store: LocalStore) => Promise<T>,
  viaServer: (reason: string) => Promise<T>,
): Promise<T> {
  if (isServerNamed(context)) return viaServer(`${command} asks a server`);
  let opened: OpenStore;
  try {
    opened = await openLocation(locationOf(context.options, context.cwd));
  } catch (error) {
    if (error instanceof StoreError && error.code === 'store_locked')
      return viaServer('A server is using the data folder');
    throw error;
  }
  const { storage, keys } = opened;
  try {
    const permissions = await PermissionStore.open(storage, () => new Date());
    const parts = [permissionBackup(permissions), clientBackup(storage.oauthClients)];
    const audit = (event: AuditedEvent): Promise<void> =>
      storage.audit.add(entryMaker()({ by: COMMAND }, [event])).catch((error: Error) => {
        // The command has taken effect already, so only report it.
        context.err.write(`The audit log could not be written (${error.message}).\n`);
      });
    return await locally({ documents: storage.documents, parts, keys, audit });
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
