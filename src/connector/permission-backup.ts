/** Granted permissions in backups: after a restore, a version that awaited approval still awaits it. */
import type { JsonObject } from '../json.ts';
import type { BackupPart } from '../store/backup.ts';
import { BackupError } from '../store/backup-file.ts';
import { type GrantedPermissions, grantTheSame, isGrantedPermissions } from './granted-permissions.ts';
import { type PermissionStore, PermissionStoreError } from './permission-store.ts';

/** @param onPut called with a connector whose permissions have changed, so that a server checks it again */
export function permissionBackup(
  permissions: PermissionStore,
  onPut: (connectorId: string) => Promise<void> = async () => {},
): BackupPart {
  return {
    name: 'acceptance',
    differ: 'connectors have other permissions',
    all: async () => permissions.all() as readonly (GrantedPermissions & JsonObject)[],
    problemOf: (granted) => (isGrantedPermissions(granted) ? undefined : "a connector's permissions are damaged"),
    async compare(granted) {
      const saved = granted as GrantedPermissions;
      const present = permissions.of(saved._id);
      return { id: saved._id, to: !present ? 'none' : grantTheSame(present, saved) ? 'same' : 'other' };
    },
    async put(granted) {
      const saved = granted as GrantedPermissions;
      try {
        await permissions.replace(saved);
      } catch (error) {
        throw error instanceof PermissionStoreError ? new BackupError('already_there', `${error.message}.`) : error;
      }
      await onPut(saved._id);
    },
  };
}
