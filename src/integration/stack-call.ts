/** Runs a bundle's function for an account of the original platform (contract 17). Uses none of our integrations. */
import { hash } from 'node:crypto';
import type { Fault } from '../../sandbox/index.ts';
import { platformOrigins } from '../broker/platform-api.ts';
import { RunAccount } from '../broker/run-account.ts';
import type { Connector } from '../connector/bundle.ts';
import { RequestError } from '../errors.ts';
import { LARGE_BYTES } from '../json.ts';
import { faultMessage } from '../run/fault-message.ts';
import type { Trace } from '../trace-context.ts';
import { bufferOf } from '../work/thread-bytes.ts';
import { faultError } from './run-error.ts';
import type { Service } from './service.ts';
import { type StackRequest, stackError, stackErrors } from './stack-request.ts';

/** @returns JSON @throws RequestError */
export function callForStack(
  service: Service,
  request: StackRequest,
  { trace, signal }: { readonly trace: Trace; readonly signal: AbortSignal },
): Promise<string> {
  return service.activity.during(async () =>
    call(service, await connectorFor(service, request), request, trace, signal),
  );
}

/** @throws RequestError */
async function connectorFor({ catalog }: Service, { connectorId }: StackRequest): Promise<Connector> {
  if (connectorId === undefined) {
    const own = await catalog.findWhere(({ connector }) => connector.diy === true);
    if (!own) throw stackError(stackErrors.noDiy);
    return own;
  }
  // A bundle's name may be the platform's id for it, since the platform's ids are not ours.
  const named = (await catalog.find(connectorId)) ?? (await catalog.findWhere(({ name }) => name === connectorId));
  if (!named) throw stackError(stackErrors.noConnector);
  return named;
}

async function call(
  { dispatcher }: Service,
  connector: Connector,
  request: StackRequest,
  trace: Trace,
  signal: AbortSignal,
): Promise<string> {
  const { section, name, options, integration, maxResponseSize } = request;
  const runId = dispatcher.ids();
  const { _id: connectorId, manifest, bundle } = connector;
  // The caller's integrations are unknown here, so their ids must not collide with ours.
  const integrationId = `stack ${hash('sha256', integration)}`;
  const log = (text: string): void => dispatcher.log.onLog(runId, 'info', text);
  const ask = dispatcher.broker.createAsk(
    {
      connectorId,
      account: new RunAccount(connectorId),
      own: undefined,
      // The caller's token is valid there. In all other runs, these addresses mean the runtime itself.
      permissions: [...(manifest.connector.permissions?.fetch ?? []), ...platformOrigins],
      trace,
    },
    {
      onLog: (level, text) => dispatcher.log.onLog(runId, level, text),
      onProgress: (fraction, message) => log(`progress ${Math.round(fraction * 100)} %: ${message}`),
      onRequest: () => undefined,
    },
  );
  const argument = options.length <= LARGE_BYTES ? bufferOf(options).toString() : [bufferOf(options)];
  const limits = dispatcher.limitsOf(connector);
  const { limits: manifestLimits } = manifest.connector;
  const job = { runId, bundle, integrationId, call: { section, name, argument }, limits, signal };
  const outcome = await dispatcher.sandbox.run(job, ask);
  dispatcher.log.onRunEnded({ runId, integrationId, section, name, outcome });
  if (outcome.status === 'failed') throw new RequestError(422, [{ code: outcome.code, message: outcome.message }]);
  if (outcome.status === 'faulted')
    throw (
      protocolError(outcome.fault, request) ??
      faultError(outcome, faultMessage(outcome, { section, name, limits, manifestLimits }))
    );
  if (outcome.result.length > maxResponseSize) throw stackError(stackErrors.responseTooLarge(maxResponseSize));
  return outcome.result;
}

/** The protocol has its own messages for these. */
function protocolError(fault: Fault, { type }: StackRequest): Error | undefined {
  if (fault === 'object_not_found') return stackError(stackErrors.noSection(type));
  if (fault === 'invalid_function') return stackError(stackErrors.noSuchFunction);
  return fault === 'invalid_extension_response' ? stackError(stackErrors.notPlain) : undefined;
}
