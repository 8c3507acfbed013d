/** Removes an installed integration, whatever the state of its connector (contract 6). */
import { type ErrorItem, RequestError, requestError } from '../errors.ts';
import { type Caller, HOST } from '../store/audit.ts';
import { UnitOfWork } from '../store/unit-of-work.ts';
import type { Trace } from '../trace-context.ts';
import type { CallAnswer } from './call.ts';
import { callFunction } from './dispatch.ts';
import { RunError } from './run-error.ts';
import { commit, connectorOf, integrationOf, type Service } from './service.ts';

const DONE = '{"success":true}';

export interface UninstallOptions {
  /** JSON of an object, checked: the caller's part of `options`. */
  readonly body?: Buffer;
  /** Removes it even if the connector fails or is missing. The answer then contains the error. */
  readonly force?: boolean;
  /** Throws if the integration is not the version that the caller means. */
  readonly precondition?: ((unit: UnitOfWork) => void) | undefined;
  readonly trace?: Trace;
  /** Who removes it. Default: the embedding application. */
  readonly by?: Caller;
}

/**
 * Runs the uninstaller function, then removes the integration with all its records in one write. Returns the function's
 * answer.
 */
export function uninstall(
  service: Service,
  integrationId: string,
  options: UninstallOptions = {},
): Promise<CallAnswer> {
  return service.activity.during(() => uninstallOne(service, integrationId, options));
}

async function uninstallOne(
  service: Service,
  integrationId: string,
  { body = Buffer.from('{}'), force = false, precondition = () => {}, trace, by = HOST }: UninstallOptions,
): Promise<CallAnswer> {
  const unit = await UnitOfWork.open(service.store, integrationId);
  const integration = integrationOf(unit);
  if (integration._connectorId === undefined) throw requestError('not_a_connector_integration');
  precondition(unit);
  unit.author = { by };
  const remove = async (): Promise<void> => {
    unit.removeAll();
    await commit(unit);
    await service.dispatcher.runs.forget(integrationId);
  };
  try {
    const connector = await connectorOf(service, integration);
    const name = connector.manifest.connector.uninstallerFunction;
    if (name === undefined) {
      await remove();
      return { text: DONE };
    }
    const call = { connector, unit, section: 'uninstaller', name, body, trace, by } as const;
    return await callFunction(service.dispatcher, call, async (answer) => {
      await remove();
      return answer.text === '{}' ? { ...answer, text: DONE } : answer;
    });
  } catch (error) {
    if (!force || !(error instanceof RequestError)) throw error;
    await UnitOfWork.change(service.store, integrationId, (current) => current.removeAll(), { by });
    await service.dispatcher.runs.forget(integrationId);
    const text = JSON.stringify({ success: true, errors: error.errors satisfies readonly ErrorItem[] });
    return error instanceof RunError ? { text, runId: error.runId } : { text };
  }
}
