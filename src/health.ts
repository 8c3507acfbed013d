/** What `/readyz` reports: whether the server is ready, and every known problem. */
import type { Sandbox } from '../sandbox/index.ts';
import type { Catalog } from './connector/catalog.ts';
import type { PermissionStore } from './connector/permission-store.ts';
import type { Storage } from './store/storage.ts';

interface Parts {
  readonly sandbox: Sandbox;
  readonly catalog: Catalog;
  readonly permissions: PermissionStore;
  readonly storage: Storage;
  readonly credentialProblems: readonly string[];
}

/** Problems alone do not make a server unready. */
export function healthOf(
  { sandbox, catalog, permissions, storage, credentialProblems }: Parts,
  isClosing: boolean,
): { isReady: boolean; reasons: string[] } {
  const unready = [
    ...(isClosing ? ['The server is shutting down.'] : []),
    ...(storage.outage === undefined ? [] : [storage.outage]),
    ...(catalog.hasScanned ? [] : ['The bundles are being loaded.']),
  ];
  const degraded = [
    ...sandbox.problems(),
    ...(catalog.problem ? [catalog.problem] : []),
    ...permissions.problems,
    ...storage.problems.map(({ message }) => message),
    ...credentialProblems,
  ];
  return { isReady: unready.length === 0, reasons: [...unready, ...degraded] };
}

/** Connectors by status. One whose calls are paused counts as held. */
export function connectorCounts(rows: ReturnType<Catalog['rows']>, sandbox: Pick<Sandbox, 'isCircuitOpen'>) {
  const counts = { ready: 0, held: 0, invalid: 0 };
  for (const { _id, status } of rows) {
    counts[status === 'ready' && sandbox.isCircuitOpen(_id) ? 'held' : status]++;
  }
  return counts;
}
