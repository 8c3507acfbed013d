/** Everything that actions on integrations need. Made once by the runtime. */
import type { Outbound } from '../broker/outbound.ts';
import type { Connector } from '../connector/bundle.ts';
import type { Catalog } from '../connector/catalog.ts';
import type { BundleUploads } from '../connector/uploads.ts';
import { requestError } from '../errors.ts';
import type { Keyring } from '../record/keyring.ts';
import type { Reachability } from '../record/reachability.ts';
import type { BackupPart, RestoreOptions } from '../store/backup.ts';
import { concatPieces, integrationText } from '../store/document.ts';
import { Part } from '../store/part.ts';
import { type Store, StoreError } from '../store/store.ts';
import { ConflictError, type UnitOfWork } from '../store/unit-of-work.ts';
import type { Work } from '../work/work.ts';
import type { Activity } from './activity.ts';
import type { Dispatcher } from './dispatch.ts';
import type { Integration } from './integration.ts';
import { storeFailure } from './store-failure.ts';

export interface Service {
  readonly store: Store;
  readonly catalog: Catalog;
  readonly bundleUploads: BundleUploads;
  readonly dispatcher: Dispatcher;
  readonly now: () => Date;
  readonly work: Work;
  readonly keyring: Keyring;
  readonly reachability: Reachability;
  readonly outbound: Outbound;
  /** Connectors known from a run to have no `persistSettings`. Asked once per version. */
  readonly withoutPersistSettings: WeakSet<Connector>;
  /** The parts of backups besides integrations. */
  readonly backupParts: readonly BackupPart[];
  /** Folder of uploads being checked, and preparation of a backup's documents. */
  readonly uploads: { readonly folder: string } & Required<Pick<RestoreOptions, 'prepare'>>;
  /** Work that a shutdown waits for. */
  readonly activity: Activity;
}

/** The unit's integration without its settings. @throws RequestError `not_found` */
export function integrationOf(unit: UnitOfWork): Integration {
  if (!unit.integration) throw requestError('not_found', { message: `There is no integration ${unit.integrationId}.` });
  // The store checks documents against the same schema.
  return unit.integration as Integration;
}

/** The integration as everybody but its own run sees it: with `updateInProgress` during an update. */
export function publicIntegration(service: Service, integration: Integration): Integration {
  return service.store.isLocked(integration._id) ? { ...integration, updateInProgress: true } : integration;
}

/** The connector of an installed integration. @throws RequestError */
export async function connectorOf(service: Service, integration: Integration): Promise<Connector> {
  if (integration._connectorId === undefined) throw requestError('not_a_connector_integration');
  const connector = await service.catalog.find(integration._connectorId);
  if (!connector) throw unavailableError(service, integration._connectorId);
  return connector;
}

/** The error for a known connector that cannot serve. */
export function unavailableError({ catalog }: Service, connectorId: string): Error {
  const isHeld = catalog.row(connectorId)?.status === 'held';
  const message = isHeld
    ? 'The connector asks for more permissions than were granted, and waits for approval.'
    : undefined;
  return requestError('connector_unavailable', { message });
}

/**
 * Writes a changed integration into the unit, with the runtime's fields set.
 *
 * @param settings JSON of the new settings; absent: unchanged
 */
export function putIntegration(
  service: Pick<Service, 'now'>,
  unit: UnitOfWork,
  next: Integration,
  settings?: Buffer,
): Integration {
  const { _id, createdAt } = unit.integration ?? next;
  const stored = { ...next, _id, createdAt, lastModified: service.now().toISOString() };
  unit.putIntegration(stored, settings && Part.ofText({ text: settings, head: undefined }));
  return stored;
}

/** An integration's JSON, with its settings. */
export function integrationJson(shownHead: Integration, settings: Part<undefined> | undefined): Buffer {
  return concatPieces(integrationText({ integration: Part.ofRecord(shownHead), settings }));
}

/** @throws RequestError 409 if another commit was first, 422 if the integration is too large */
export async function commit(unit: UnitOfWork): Promise<void> {
  try {
    await unit.commit();
  } catch (error) {
    if (error instanceof ConflictError) throw requestError('conflict');
    if (error instanceof StoreError && error.code === 'integration_too_large') {
      throw storeFailure(error);
    }
    throw error;
  }
}
