/** Removing an installed integration, whatever state its connector is in (contract 6). */
import { type ErrorItem, RequestError, requestError } from '../errors.ts';
import { UnitOfWork } from '../store/unit-of-work.ts';
import type { CallAnswer } from './call.ts';
import { callFunction } from './dispatch.ts';
import { changeWithRetries, commit, connectorOf, integrationOf, type Service } from './service.ts';

const DONE = '{"success":true}';

/**
 * Runs the manifest's uninstaller function, then removes the integration and all it groups in one
 * write. Answers with what the function did.
 *
 * @param body JSON text of an object, the caller's part of `options`
 * @param force removes it even if the connector fails or is gone; the failure stands in the answer
 */
export async function uninstall(
  service: Service,
  integrationId: string,
  body: string,
  force: boolean,
): Promise<CallAnswer> {
  const unit = await UnitOfWork.open(service.store, integrationId);
  const integration = integrationOf(unit);
  if (integration._connectorId === undefined) throw requestError('not_a_connector_integration');
  let answer: CallAnswer = { text: DONE };
  try {
    const connector = await connectorOf(service, integration);
    const name = connector.manifest.connector.uninstallerFunction;
    if (name !== undefined) {
      answer = await callFunction(service.dispatcher, { connector, unit, section: 'uninstaller', name, body });
    }
    unit.removeAll();
    await commit(unit);
  } catch (error) {
    if (!force || !(error instanceof RequestError)) throw error;
    await remove(service, integrationId);
    return { text: JSON.stringify({ success: true, errors: error.errors satisfies readonly ErrorItem[] }) };
  }
  return answer.text === '{}' ? { ...answer, text: DONE } : answer;
}

/** Removes an integration as it is now, without asking its connector. */
export async function remove(service: Service, integrationId: string): Promise<void> {
  await changeWithRetries(
    () => UnitOfWork.open(service.store, integrationId),
    (unit) => unit.removeAll(),
  );
}
