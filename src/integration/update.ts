/** Updates integrations to the current version of their connector (contract 6). */
import type { Connector } from '../connector/bundle.ts';
import { ERRORS_MAX, fieldErrors, RequestError, requestError } from '../errors.ts';
import { type Caller, HOST } from '../store/audit.ts';
import { UnitOfWork } from '../store/unit-of-work.ts';
import type { Trace } from '../trace-context.ts';
import { callFunction } from './dispatch.ts';
import { commit, integrationOf, putIntegration, type Service } from './service.ts';

export interface UpdateFailure {
  readonly integrationId: string;
  readonly error: RequestError;
}

export interface UpdateOptions {
  readonly trace?: Trace | undefined;
  /** Who updates them. Default: the embedding application. */
  readonly by?: Caller;
}

/**
 * Updates one integration after the other. A failed update leaves its integration unchanged.
 *
 * @throws RequestError before any change, if an id is not an integration of this connector
 */
export async function update(
  service: Service,
  connector: Connector,
  integrationIds: readonly string[],
  { trace, by = HOST }: UpdateOptions = {},
): Promise<UpdateFailure[]> {
  await assertInstalls(service, connector._id, integrationIds);
  const failures: UpdateFailure[] = [];
  for (const integrationId of integrationIds) {
    try {
      await service.activity.during(() => updateOne(service, connector, integrationId, { trace, by }));
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
    if (document?.integration.head._connectorId !== connectorId) foreign.push(index);
    if (foreign.length === ERRORS_MAX) break;
  }
  if (foreign.length === 0) return;
  throw fieldErrors(
    foreign.map((index) => ({
      code: 'invalid_field',
      field: `_integrationIds.${index}`,
      message: `${integrationIds[index]} is not an integration of this connector`,
    })),
  );
}

/**
 * `updateInProgress` is never on disk while true. The function sees it in its unit of work, others through
 * `publicIntegration`.
 */
async function updateOne(
  service: Service,
  connector: Connector,
  integrationId: string,
  { trace, by = HOST }: UpdateOptions,
): Promise<void> {
  const unlock = await service.store.lock(integrationId);
  if (!unlock) throw requestError('update_in_progress');
  try {
    const unit = await UnitOfWork.open(service.store, integrationId);
    unit.author = { by };
    const before = integrationOf(unit);
    const { version, connector: manifest } = connector.manifest;
    putIntegration(service, unit, { ...before, updateInProgress: true });
    const store = async (): Promise<void> => {
      const current = integrationOf(unit);
      const wroteVersion = current.version !== before.version;
      putIntegration(service, unit, { ...current, ...(wroteVersion ? {} : { version }), updateInProgress: false });
      await commit(unit);
    };
    if (manifest.updateFunction === undefined) return await store();
    const call = {
      connector,
      unit,
      isAtomic: true,
      section: 'installer',
      name: manifest.updateFunction,
      body: Buffer.from(JSON.stringify({ currentVersion: before.version ?? null, nextVersion: version })),
      trace,
      by,
    } as const;
    await callFunction(service.dispatcher, call, store);
  } finally {
    await unlock();
  }
}
