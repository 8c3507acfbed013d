/** Moving integrations to the bundle version that is there now (contract 6). */
import type { Connector } from '../connector/bundle.ts';
import { fieldErrors, RequestError, requestError } from '../errors.ts';
import { UnitOfWork } from '../store/unit-of-work.ts';
import { callFunction } from './dispatch.ts';
import type { Integration } from './integration.ts';
import { changeWithRetries, commit, integrationOf, put, type Service } from './service.ts';

/** Why an integration's update failed. */
export interface UpdateFailure {
  readonly integrationId: string;
  readonly error: RequestError;
}

/**
 * Updates one integration after the other; each is updated or left as it was.
 *
 * @throws RequestError before anything is changed, if an id is no integration of this connector
 */
export async function update(
  service: Service,
  connector: Connector,
  integrationIds: readonly string[],
): Promise<UpdateFailure[]> {
  await assertInstalls(service, connector._id, integrationIds);
  const failures: UpdateFailure[] = [];
  for (const integrationId of integrationIds) {
    try {
      await updateOne(service, connector, integrationId);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      failures.push({ integrationId, error });
    }
  }
  return failures;
}

async function assertInstalls(service: Service, connectorId: string, integrationIds: readonly string[]): Promise<void> {
  const foreign: number[] = [];
  for (const [index, integrationId] of integrationIds.entries()) {
    const document = await service.store.get(integrationId);
    if (document?.integration._connectorId !== connectorId) foreign.push(index);
  }
  if (foreign.length === 0) return;
  throw fieldErrors(
    foreign.map((index) => ({
      code: 'invalid_field',
      field: `_integrationIds.${index}`,
      message: `${integrationIds[index]} is no integration of this connector`,
    })),
  );
}

async function updateOne(service: Service, connector: Connector, integrationId: string): Promise<void> {
  const before = await setInProgress(service, integrationId);
  try {
    const unit = await UnitOfWork.open(service.store, integrationId);
    const { version, connector: manifest } = connector.manifest;
    if (manifest.updateFunction !== undefined) {
      await callFunction(service.dispatcher, {
        connector,
        unit,
        section: 'installer',
        name: manifest.updateFunction,
        body: JSON.stringify({ currentVersion: before.version ?? null, nextVersion: version }),
      });
    }
    const current = integrationOf(unit);
    const wroteVersion = current.version !== before.version;
    put(service, unit, {
      ...current,
      version: wroteVersion ? current.version : version,
      updateInProgress: false,
    } as Integration);
    await commit(unit);
  } catch (error) {
    await clearInProgress(service, integrationId);
    throw error;
  }
}

/** Others see that the integration is being updated, and no second update starts. */
async function setInProgress(service: Service, integrationId: string): Promise<Integration> {
  const { result } = await changeWithRetries(
    () => UnitOfWork.open(service.store, integrationId),
    (unit) => {
      const integration = integrationOf(unit);
      if (integration.updateInProgress) throw requestError('update_in_progress');
      put(service, unit, { ...integration, updateInProgress: true });
      return integration;
    },
  );
  return result;
}

/** After a failed update, and at start for one that the end of the process cut off. */
export async function clearInProgress(service: Service, integrationId: string): Promise<void> {
  await changeWithRetries(
    () => UnitOfWork.open(service.store, integrationId),
    (unit) => {
      if (unit.integration) put(service, unit, { ...integrationOf(unit), updateInProgress: false });
    },
  );
}
