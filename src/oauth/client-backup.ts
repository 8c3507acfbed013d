/** OAuth clients in backups, because connections refer to them by id. Their secrets stay sealed. */
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../json.ts';
import { isSealed } from '../record/keyring.ts';
import type { BackupPart } from '../store/backup.ts';
import { isObjectId } from '../store/object-id.ts';
import type { OAuthClientRecords } from '../store/storage.ts';
import { type OAuthClient, parseClient } from './client.ts';

export function clientBackup(stored: OAuthClientRecords): BackupPart {
  const records = stored as OAuthClientRecords<OAuthClient>;
  return {
    name: 'oauthClient',
    differ: 'OAuth clients exist with other content',
    all: async () => (await records.all()).map((client) => ({ ...client })),
    problemOf: (record) => (isClient(record) ? undefined : 'an OAuth client is damaged'),
    async compare(record) {
      const saved = record as OAuthClient;
      const present = await records.find(saved._id);
      return { id: saved._id, to: !present ? 'none' : isDeepStrictEqual(present, saved) ? 'same' : 'other' };
    },
    put: (record) => records.put(record as OAuthClient),
  };
}

function isClient(record: unknown): boolean {
  const { _id, createdAt, lastModified, clientSecret } = (record ?? {}) as Partial<OAuthClient>;
  if (typeof _id !== 'string' || !isObjectId(_id)) return false;
  if (typeof createdAt !== 'string' || typeof lastModified !== 'string') return false;
  if (clientSecret !== undefined && !isSealed(clientSecret)) return false;
  try {
    parseClient(record as JsonObject);
    return true;
  } catch {
    return false;
  }
}
