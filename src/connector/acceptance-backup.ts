/** What connectors may reach, as a part of backups: a restored machine lets no version through that waited. */
import type { JsonObject } from '../json.ts';
import type { BackedAcceptances } from '../store/backup.ts';
import { BackupError } from '../store/backup-file.ts';
import { type Acceptance, isAcceptance, reachesTheSame } from './acceptance.ts';
import { AcceptanceError, type Acceptances } from './acceptances.ts';

/** @param onPut told what connector's is another now; a server that serves it looks at it again */
export function backedAcceptances(
  acceptances: Acceptances,
  onPut: (connectorId: string) => Promise<void> = async () => {},
): BackedAcceptances {
  return {
    all: () => acceptances.all() as readonly (Acceptance & JsonObject)[],
    problemOf: (acceptance) => (isAcceptance(acceptance) ? undefined : 'it is damaged'),
    compare(acceptance) {
      const saved = acceptance as Acceptance;
      const present = acceptances.of(saved._id);
      return { id: saved._id, to: !present ? 'none' : reachesTheSame(present, saved) ? 'same' : 'other' };
    },
    async put(acceptance) {
      const saved = acceptance as Acceptance;
      try {
        await acceptances.replace(saved);
      } catch (error) {
        throw error instanceof AcceptanceError ? new BackupError('already_there', `${error.message}.`) : error;
      }
      await onPut(saved._id);
    },
  };
}
