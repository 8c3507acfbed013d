/** Marks connections as offline when their application refuses them, and as online when a job has used them. */
import type { OfflineEvent } from '../oauth/stored-tokens.ts';
import { factsOf } from '../record/record-tasks.ts';
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
  const name = await UnitOfWork.change(store, integrationId, (unit) => {
    const part = unit.record('connections', connectionId);
    if (!part || part.isLarge || (part.head.offline === true) === (refusal !== undefined)) return undefined;
    const { offline: _, ...rest } = part.value;
    const lastModified = now().toISOString();
    unit.putRecord(
      'connections',
      factsOf({ ...rest, ...(refusal === undefined ? {} : { offline: true }), lastModified }),
    );
    return String(part.head.name);
  });
  if (name === undefined) return;
  const problem =
    refusal === undefined ? undefined : { error: 'connection_offline', description: refusal, at: now().toISOString() };
  onChange({ integrationId, connectionId, name, refusal: problem });
}
