/** Writes the audit log of commits, for engines that cannot write it in the commit itself. */
import type { MakeEntries } from './audit.ts';
import { auditedEvents } from './audited-change.ts';
import type { AuditStore } from './storage.ts';
import type { StoreChange } from './store.ts';

/** @param onError the change is stored, but not its entries */
export function auditCommits(
  audit: AuditStore,
  makeEntries: MakeEntries,
  onError: (error: unknown) => void,
): (change: StoreChange) => void {
  return ({ integrationId, before, after, author }) => {
    if (!author) return;
    try {
      const entries = makeEntries(author, auditedEvents(integrationId, before, after, author));
      if (entries.length > 0) audit.add(entries).catch(onError);
    } catch (error) {
      onError(error);
    }
  };
}
