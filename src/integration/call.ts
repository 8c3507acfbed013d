/** Calls a function of an installed integration and applies the answer (contract 5 and 6). */
import { isDeepStrictEqual } from 'node:util';
import type { Connector } from '../connector/bundle.ts';
import { requestError } from '../errors.ts';
import { HOST } from '../store/audit.ts';
import { UnitOfWork } from '../store/unit-of-work.ts';
import type { Account } from '../work/work.ts';
import { changeWithTask, type Units } from './change-with-task.ts';
import { type Answer, callBuiltIn, callFunction, type FunctionRequest } from './dispatch.ts';
import type { Integration } from './integration.ts';
import { tasks } from './integration-tasks.ts';
import { commit, connectorOf, integrationOf, putIntegration, type Service } from './service.ts';

const PERSIST_SETTINGS = 'persistSettings';
const PRE_UNINSTALL = 'preUninstallFunction';
const MISSING_FUNCTION_FAULTS: readonly (string | undefined)[] = ['invalid_function', 'object_not_found'];

/** The answer of a call. Without `runId`, the runtime itself answered. */
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
  const { section, precondition = () => {} } = request;
  const unit = await UnitOfWork.open(service.store, integrationId);
  const integration = integrationOf(unit);
  precondition(unit);
  const connector = await connectorOf(service, integration);
  const name = nameIn(connector, request);
  if (section === 'settings') assertNoUpdate(service, integrationId);

  const applyAnswer = async (answer: Answer): Promise<CallAnswer> => {
    const isPreUninstall = name === connector.manifest.connector.preUninstallFunction;
    if (section === 'installer') await applyReply(service, unit, 'installerReply', integration, name, answer.text);
    if (section === 'uninstaller') {
      const kind = isPreUninstall ? 'preUninstallReply' : 'uninstallerReply';
      await applyReply(service, unit, kind, integration, name, answer.text);
    }
    if (unit.hasChanges) await commit(unit);
    return answer;
  };
  const isPersisting = section === 'settings' && name === PERSIST_SETTINGS;
  const persist = (): Promise<CallAnswer> =>
    persistByRuntime(service, integrationId, request, { owner: connector._id, charge() {} });
  const functionCall = { connector, unit, ...request, name, onStarted };
  if (isPersisting && service.withoutPersistSettings.has(connector)) {
    return callBuiltIn(service.dispatcher, functionCall, persist);
  }
  return callFunction(service.dispatcher, functionCall, applyAnswer, ({ fault }) => {
    if (!isPersisting || !MISSING_FUNCTION_FAULTS.includes(fault)) return undefined;
    service.withoutPersistSettings.add(connector);
    return persist;
  });
}

/** Clients of the original platform call this function by the name of the manifest key instead of its own. */
function nameIn({ manifest }: Connector, { section, name }: FunctionRequest): string {
  const isByKey = section === 'uninstaller' && name === PRE_UNINSTALL;
  return (isByKey ? manifest.connector[PRE_UNINSTALL] : undefined) ?? name;
}

function assertNoUpdate({ store }: Pick<Service, 'store'>, integrationId: string): void {
  if (store.isLocked(integrationId)) throw requestError('update_in_progress');
}

async function persistByRuntime(
  service: Service,
  integrationId: string,
  { body, by = HOST, precondition = () => {} }: FunctionRequest,
  account: Account,
): Promise<CallAnswer> {
  const { store, work } = service;
  const units: Units = {
    open: () => UnitOfWork.open(store, integrationId),
    change: (work) => UnitOfWork.change(store, integrationId, work, { by }),
  };
  return changeWithTask({ work, account, units }, tasks, 'persist', {
    inputOf(unit) {
      integrationOf(unit);
      precondition(unit);
      const settings = unit.settings?.text;
      return { input: { settings, body }, bytes: body.length + (settings?.length ?? 0) };
    },
    revisionOf: (unit) => unit.revisionOf(integrationId),
    store(unit, { text, reply }) {
      assertNoUpdate(service, integrationId);
      putIntegration(service, unit, integrationOf(unit), text);
      return { text: reply };
    },
  });
}

type ReplyKind = 'installerReply' | 'preUninstallReply' | 'uninstallerReply';

/**
 * Applies an installer's or uninstaller's answer to the integration.
 *
 * @param before the integration when the function was called
 */
export async function applyReply(
  service: Service,
  unit: UnitOfWork,
  kind: ReplyKind,
  before: Integration,
  name: string,
  reply: string,
): Promise<void> {
  const current = integrationOf(unit);
  const account = { owner: String(current._connectorId), charge() {} };
  const next = await service.work.run(tasks, kind, { reply, before, current, name }, reply.length, account);
  if (next !== current && !isDeepStrictEqual(next, current)) putIntegration(service, unit, next);
}
