/** Marks a connection offline when its application refuses it, and online when a job has used it. */
import type { OfflineEvent } from '../oauth/stored-tokens.ts';
import { markOffline } from '../record/offline.ts';
import type { Store } from '../store/store.ts';
import { UnitOfWork } from '../store/unit-of-work.ts';

export interface ConnectionStateParts {
  readonly store: Store;
  readonly now: () => Date;
  readonly onChange: (event: OfflineEvent) => void;
}

/** @param refusal why the application refused it; undefined if it works */
export async function markConnection(
  { store, now, onChange }: ConnectionStateParts,
  integrationId: string,
  connectionId: string,
  refusal: string | undefined,
): Promise<void> {
  const name = await UnitOfWork.change(store, integrationId, (unit) =>
    markOffline(unit, connectionId, refusal !== undefined, now()),
  );
  if (name === undefined) return;
  const problem =
    refusal === undefined ? undefined : { error: 'connection_offline', description: refusal, at: now().toISOString() };
  onChange({ integrationId, connectionId, name, refusal: problem });
}
