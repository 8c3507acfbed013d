/** Runs the flow engine: one page of a job, or one export or import alone. Each is a run like any other. */
import type { EngineFunction } from '../../sandbox/index.ts';
import type { Connector } from '../connector/bundle.ts';
import { requestError } from '../errors.ts';
import { callFunction } from '../integration/dispatch.ts';
import { commit, connectorOf, integrationOf, type Service } from '../integration/service.ts';
import type { Caller } from '../store/audit.ts';
import type { UnitOfWork } from '../store/unit-of-work.ts';
import type { Trace } from '../trace-context.ts';
import { type Generated, type Paused, type Processed, tasks, type WentOffline } from './engine-answer.ts';
import { ownFlows } from './own-flows.ts';

export interface EngineRequest {
  readonly unit: UnitOfWork;
  readonly connector: Connector;
  readonly function: EngineFunction;
  /** See `EngineCall.lane`. */
  readonly lane: string;
  readonly body: Buffer;
  readonly secrets: readonly string[];
  readonly by?: Caller | undefined;
  readonly trace?: Trace | undefined;
  readonly onStarted?: ((runId: string) => void) | undefined;
}

/** The connector that provides a flow's hooks and wrappers. @throws RequestError */
export async function connectorFor(service: Service, unit: UnitOfWork): Promise<Connector> {
  const integration = integrationOf(unit);
  if (integration.mode === 'uninstall') {
    throw requestError('update_in_progress', { message: 'The integration is being uninstalled.' });
  }
  return integration._connectorId === undefined ? ownFlows : connectorOf(service, integration);
}

function call<T>(service: Service, request: EngineRequest, onAnswer: (text: string) => Promise<T>): Promise<T> {
  const { unit, connector, function: name, lane, body, secrets, by, trace, onStarted } = request;
  const engine = { function: name, lane, secrets };
  return callFunction(
    service.dispatcher,
    // A page is all or nothing, even if the manifest says `transactional: false`.
    { connector, unit, section: 'flow', name, body, engine, by, trace, onStarted, isAtomic: true },
    ({ text }) => onAnswer(text),
  );
}

const accountOf = ({ connector }: EngineRequest) => ({ owner: connector._id, charge() {} });

/** Reads a page, and commits what its hooks have changed. @throws RequestError */
export function generate(service: Service, request: EngineRequest): Promise<Generated | Paused | WentOffline> {
  const { secrets } = request;
  return call(service, request, async (text) => {
    const page = await service.work.run(tasks, 'generated', { text, secrets }, text.length, accountOf(request));
    await commit(request.unit);
    return page;
  });
}

/**
 * Sends a page through the flow's steps.
 *
 * @param onProcessed adds the results to the unit of work, which already has the hooks' changes
 * @throws RequestError
 */
export function processPage(
  service: Service,
  request: EngineRequest,
  onProcessed: (page: Processed) => Promise<void>,
): Promise<Processed | Paused | WentOffline> {
  const { secrets } = request;
  return call(service, request, async (text) => {
    const page = await service.work.run(tasks, 'processed', { text, secrets }, text.length, accountOf(request));
    if (page.kind === 'processed') {
      await onProcessed(page);
      await commit(request.unit);
    }
    return page;
  });
}

/** @returns JSON @throws RequestError */
export function invoke(service: Service, request: EngineRequest): Promise<string> {
  return call(service, request, async (text) => {
    await commit(request.unit);
    return text;
  });
}
