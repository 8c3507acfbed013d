/** What connectors may reach, as a part of backups: a restored machine lets no version through that waited. */
import type { JsonObject } from '../json.ts';
import type { PermissionBackup } from '../store/backup.ts';
import { BackupError } from '../store/backup-file.ts';
import { type GrantedPermissions, grantTheSame, isGrantedPermissions } from './granted-permissions.ts';
import { type PermissionStore, PermissionStoreError } from './permission-store.ts';

/** @param onPut told what connector's is another now; a server that serves it looks at it again */
export function permissionBackup(
  acceptances: PermissionStore,
  onPut: (connectorId: string) => Promise<void> = async () => {},
): PermissionBackup {
  return {
    all: () => acceptances.all() as readonly (GrantedPermissions & JsonObject)[],
    problemOf: (acceptance) => (isGrantedPermissions(acceptance) ? undefined : 'it is damaged'),
    compare(acceptance) {
      const saved = acceptance as GrantedPermissions;
      const present = acceptances.of(saved._id);
      return { id: saved._id, to: !present ? 'none' : grantTheSame(present, saved) ? 'same' : 'other' };
    },
    async put(acceptance) {
      const saved = acceptance as GrantedPermissions;
      try {
        await acceptances.replace(saved);
      } catch (error) {
        throw error instanceof PermissionStoreError ? new BackupError('already_there', `${error.message}.`) : error;
      }
      await onPut(saved._id);
    },
  };
}
