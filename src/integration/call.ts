/** A call of an installed integration's function, and what its answer changes (contract 5 and 6). */
import { isDeepStrictEqual } from 'node:util';
import { requestError } from '../errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { UnitOfWork } from '../store/unit-of-work.ts';
import { type Answer, callFunction, callOwn, type FunctionRequest } from './dispatch.ts';
import { afterSteps, assertIntegration, type Integration } from './integration.ts';
import { persistSettings } from './persist-settings.ts';
import { commit, connectorOf, integrationOf, put, type Service } from './service.ts';
import { completeSteps, mergeSteps, succeeded } from './steps.ts';

const PERSIST_SETTINGS = 'persistSettings';
const MISSING: readonly (string | undefined)[] = ['invalid_function', 'object_not_found'];

/** What a call is answered with; the runtime's own functions have no run. */
export type CallAnswer = Pick<Answer, 'text'> & { readonly runId?: string };

export function callIntegration(
  service: Service,
  integrationId: string,
  request: FunctionRequest,
  onStarted?: (runId: string) => void,
): Promise<CallAnswer> {
  return service.activity.during(() => call(service, integrationId, request, onStarted));
}

async function call(
  service: Service,
  integrationId: string,
  request: FunctionRequest,
  onStarted?: (runId: string) => void,
): Promise<CallAnswer> {
  const { section, name, precondition = () => {} } = request;
  const unit = await UnitOfWork.open(service.store, integrationId);
  const integration = integrationOf(unit);
  precondition(unit);
  const connector = await connectorOf(service, integration);
  if (section === 'settings') assertNoUpdate(service, integrationId);

  const take = async (answer: Answer): Promise<CallAnswer> => {
    if (section === 'installer') applyInstallerReply(service, unit, integration, name, JSON.parse(answer.text));
    if (section === 'uninstaller') {
      const isPreUninstall = name === connector.manifest.connector.preUninstallFunction;
      applyUninstallerReply(service, unit, name, isPreUninstall, JSON.parse(answer.text));
    }
    if (unit.hasChanges) await commit(unit);
    return answer;
  };
  const isPersisting = section === 'settings' && name === PERSIST_SETTINGS;
  const persist = (): Promise<CallAnswer> => persistByRuntime(service, integrationId, request);
  const functionCall = { connector, unit, ...request, onStarted };
  if (isPersisting && service.withoutPersistSettings.has(connector)) {
    return callOwn(service.dispatcher, functionCall, persist);
  }
  return callFunction(service.dispatcher, functionCall, take, ({ fault }) => {
    if (!isPersisting || !MISSING.includes(fault)) return undefined;
    service.withoutPersistSettings.add(connector);
    return persist;
  });
}

function assertNoUpdate({ updating }: Service, integrationId: string): void {
  if (updating.has(integrationId)) throw requestError('update_in_progress');
}

async function persistByRuntime(
  service: Service,
  integrationId: string,
  { body, precondition = () => {} }: FunctionRequest,
): Promise<CallAnswer> {
  const { pending } = JSON.parse(body) as JsonObject;
  await UnitOfWork.change(service.store, integrationId, (unit) => {
    assertNoUpdate(service, integrationId);
    const integration = integrationOf(unit);
    precondition(unit);
    const next = { ...integration, settings: persistSettings(integration.settings ?? {}, pending) };
    assertIntegration(next);
    put(service, unit, next);
  });
  return { text: JSON.stringify({ success: true, pending: pending ?? {} }) };
}

/**
 * Merges the steps that the reply names and completes the function's own, unless the function wrote
 * the steps itself; without a step left to do, the integration is ready.
 *
 * @param before the integration as the function found it
 */
export function applyInstallerReply(
  service: Service,
  unit: UnitOfWork,
  before: Integration,
  name: string,
  reply: Json,
): void {
  const current = integrationOf(unit);
  let steps = current.install ?? [];
  if (isJsonObject(reply)) steps = mergeSteps(steps, reply.stepsToUpdate) as typeof steps;
  const wroteSteps = !isDeepStrictEqual(current.install, before.install);
  if (succeeded(reply) && !wroteSteps) steps = completeSteps(steps, 'installerFunction', name) as typeof steps;
  const next = { ...current, install: steps };
  const hasMode = current.mode !== before.mode;
  store(service, unit, current, hasMode ? next : afterSteps(next));
}

/** A pre-uninstall function's steps are kept, so that a removal can be taken up again. */
function applyUninstallerReply(
  service: Service,
  unit: UnitOfWork,
  name: string,
  isPreUninstall: boolean,
  reply: Json,
): void {
  const current = integrationOf(unit);
  if (isPreUninstall) {
    const isOver = isJsonObject(reply) && reply.removeIntegration === true;
    if (!Array.isArray(reply) && !isOver) return;
    const steps = Array.isArray(reply) ? reply.filter(isJsonObject) : [];
    return store(service, unit, current, { ...current, mode: 'uninstall', uninstall: steps });
  }
  if (!succeeded(reply) || !current.uninstall) return;
  store(service, unit, current, {
    ...current,
    uninstall: [...completeSteps(current.uninstall, 'uninstallerFunction', name)],
  });
}

/** Puts what a reply has changed; a reply that makes the record invalid is refused. */
function store(service: Service, unit: UnitOfWork, current: Integration, next: Integration): void {
  if (isDeepStrictEqual(current, next)) return;
  assertIntegration(next);
  put(service, unit, next);
}
