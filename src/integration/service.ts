/** What every action on integrations needs; made once by the runtime. */

import type { Outbound } from '../broker/outbound.ts';
import type { Connector } from '../connector/bundle.ts';
import type { Catalog } from '../connector/catalog.ts';
import type { BundleUploads } from '../connector/uploads.ts';
import { requestError } from '../errors.ts';
import type { Keyring } from '../record/keyring.ts';
import type { Reachability } from '../record/reachability.ts';
import type { PermissionBackup, RestoreOptions } from '../store/backup.ts';
import { integrationText, joined } from '../store/document.ts';
import { Part } from '../store/part.ts';
import { type Store, StoreError } from '../store/store.ts';
import { ConflictError, type UnitOfWork } from '../store/unit-of-work.ts';
import type { Work } from '../work/work.ts';
import type { Activity } from './activity.ts';
import type { Dispatcher } from './dispatch.ts';
import type { Integration } from './integration.ts';

export interface Service {
  readonly store: Store;
  readonly catalog: Catalog;
  readonly bundleUploads: BundleUploads;
  readonly dispatcher: Dispatcher;
  readonly now: () => Date;
  /** For JSON that is large. */
  readonly work: Work;
  /** Opens and seals credentials. */
  readonly keyring: Keyring;
  readonly reachability: Reachability;
  readonly outbound: Outbound;
  /** Integrations whose update is going on. */
  readonly updating: Set<string>;
  /** Connectors that have no `persistSettings`, as a run has shown: it is looked for once in each version. */
  readonly withoutPersistSettings: WeakSet<Connector>;
  /** What connectors may reach, for backups. */
  readonly permissions: PermissionBackup;
  /** Where uploads wait for their check, and what is stored of a backup's documents. */
  readonly uploads: { readonly folder: string } & Required<Pick<RestoreOptions, 'prepare'>>;
  /** What has to end before the runtime may. */
  readonly activity: Activity;
}

/** The integration that a unit of work is about, without its settings. @throws RequestError `not_found` */
export function integrationOf(unit: UnitOfWork): Integration {
  if (!unit.integration) throw requestError('not_found', { message: `There is no integration ${unit.integrationId}.` });
  // The store checks what it reads and writes against this very schema.
  return unit.integration as Integration;
}

/** The integration as everybody but its own run sees it: an update that is going on shows. */
export function publicIntegration(service: Service, integration: Integration): Integration {
  return service.updating.has(integration._id) ? { ...integration, updateInProgress: true } : integration;
}

/** The connector of an installed integration. @throws RequestError */
export async function connectorOf(service: Service, integration: Integration): Promise<Connector> {
  if (integration._connectorId === undefined) throw requestError('not_a_connector_integration');
  const connector = await service.catalog.find(integration._connectorId);
  if (!connector) throw unavailableError(service, integration._connectorId);
  return connector;
}

/** Why a connector that is known does not serve. */
export function unavailableError({ catalog }: Service, connectorId: string): Error {
  const isHeld = catalog.row(connectorId)?.status === 'held';
  const message = isHeld ? 'The connector asks for more than was accepted, and waits to be approved.' : undefined;
  return requestError('connector_unavailable', { message });
}

/**
 * Writes a changed integration into the unit; the runtime's fields are its own.
 *
 * @param settings JSON of new ones; absent: they stay
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

/** An integration's JSON as it is shown, with its settings. */
export function integrationJson(shownHead: Integration, settings: Part<undefined> | undefined): Buffer {
  return joined(integrationText({ integration: Part.ofRecord(shownHead), settings }));
}

/** Commits; what another has changed in the meantime is a 409, and too much of it a 422. */
export async function commit(unit: UnitOfWork): Promise<void> {
  try {
    await unit.commit();
  } catch (error) {
    if (error instanceof ConflictError) throw requestError('conflict');
    if (error instanceof StoreError && error.code === 'integration_too_large') {
      throw requestError(error.code, { message: error.message });
    }
    throw error;
  }
}
