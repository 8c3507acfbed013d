/** Installs a connector: creates the integration and runs the installer function, all or nothing (contract 6). */
import { requestError } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import { assertValid } from '../schema.ts';
import { type Caller, HOST } from '../store/audit.ts';
import { UnitOfWork } from '../store/unit-of-work.ts';
import type { Trace } from '../trace-context.ts';
import { applyReply } from './call.ts';
import { callFunction } from './dispatch.ts';
import { afterSteps, assertIntegration, type Integration, installBody } from './integration.ts';
import { commit, integrationOf, putIntegration, type Service, unavailableError } from './service.ts';

export interface InstallResult {
  readonly unit: UnitOfWork;
  readonly runId?: string;
}

export interface InstallOptions {
  /** Id of the new integration. */
  readonly id?: string;
  readonly trace?: Trace;
  /** Who installs it. Default: the embedding application. */
  readonly by?: Caller;
}

/** @param body `{tag?, sandbox?, name?}` */
export function install(
  service: Service,
  connectorId: string,
  body: JsonObject,
  options: InstallOptions = {},
): Promise<InstallResult> {
  return service.activity.during(() => installOne(service, connectorId, body, options));
}

async function installOne(
  service: Service,
  connectorId: string,
  body: JsonObject,
  { id = service.dispatcher.ids(), trace, by = HOST }: InstallOptions,
): Promise<InstallResult> {
  assertValid(installBody, body);
  const connector = await service.catalog.find(connectorId);
  if (!connector) {
    if (!service.catalog.row(connectorId))
      throw requestError('not_found', { message: `There is no connector ${connectorId}.` });
    throw unavailableError(service, connectorId);
  }
  const { manifest } = connector;
  const { title, install: steps = [], settings = {}, installerFunction } = manifest.connector;
  const now = service.now().toISOString();
  const { name = title ?? manifest.name, tag, sandbox } = body as { name?: string; tag?: string; sandbox?: boolean };
  const integration: JsonObject = {
    _id: id,
    createdAt: now,
    lastModified: now,
    name,
    ...(tag === undefined ? {} : { tag }),
    ...(sandbox === undefined ? {} : { sandbox }),
    _connectorId: connector._id,
    mode: 'install',
    version: manifest.version,
    updateInProgress: false,
    install: steps.map((step) => ({ ...step, completed: step.completed ?? false })) as readonly Json[],
  };
  assertIntegration({ ...integration, settings });
  assertIntegration(integration);
  const unit = await UnitOfWork.open(service.store, integration._id);
  unit.author = { by };
  putIntegration(service, unit, integration, Buffer.from(JSON.stringify(settings)));

  if (installerFunction === undefined) {
    putIntegration(service, unit, afterSteps(integration));
    await commit(unit);
    return { unit };
  }
  const before: Integration = integrationOf(unit);
  const call = {
    connector,
    unit,
    section: 'installer',
    name: installerFunction,
    // A failed install must leave nothing behind, whatever the manifest says.
    isAtomic: true,
    trace,
    by,
    body: Buffer.from(
      JSON.stringify({ ...(tag === undefined ? {} : { tag }), ...(sandbox === undefined ? {} : { sandbox }) }),
    ),
  } as const;
  return callFunction(service.dispatcher, call, async ({ runId, text }) => {
    await applyReply(service, unit, 'installerReply', before, installerFunction, text);
    await commit(unit);
    return { unit, runId };
  });
}
