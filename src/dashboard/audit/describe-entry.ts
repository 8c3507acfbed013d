/** An entry of the audit log, in plain words. */
import type { AuditEntry } from '../api/types.ts';

const events: Readonly<Record<string, string>> = {
  create: 'Created',
  update: 'Changed',
  delete: 'Deleted',
  install: 'Installed',
  uninstall: 'Uninstalled',
  upgrade: 'Updated to another version',
  upload: 'Uploaded',
  approve: 'Approved',
  connect: 'Connected',
  disconnect: 'Disconnected',
  revoke: 'Revoked',
  expire: 'Expired',
  backup: 'Made a backup',
  restore: 'Restored a backup',
};

const resources: Readonly<Record<string, string>> = {
  accesstoken: 'access token',
  iclient: 'OAuth client',
  state: 'state of an integration',
};

export const eventNameOf = ({ event }: AuditEntry): string => events[event] ?? event;

/** Empty for the server itself. */
export const resourceNameOf = ({ resourceType }: AuditEntry): string =>
  resourceType === 'server' ? '' : (resources[resourceType] ?? resourceType);

export function callerNameOf({ by }: AuditEntry): string {
  switch (by.type) {
    case 'administrator':
      return 'Administrator';
    case 'token':
      return by.name;
    case 'host':
      return 'Embedding application';
    case 'command':
      return 'Command';
    default:
      return 'Server';
  }
}
