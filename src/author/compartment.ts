/** `bulkhead/test`: runs an author's connector in a real compartment, with stubs instead of the network. */
import { fileURLToPath } from 'node:url';
import { type CallTarget, createSandbox, defaultLimits, type Outcome, type SectionName } from '../../sandbox/index.ts';
import type { Connector } from '../connector/bundle.ts';
import type { Manifest } from '../connector/manifest.ts';
import { limitsWithin } from '../integration/once-per-connector.ts';
import { faultError } from '../integration/run-error.ts';
import type { JsonObject } from '../json.ts';
import { faultMessage, type LimitedCall } from '../run/fault-message.ts';
import { SourceLines } from '../run/source-lines.ts';
import { objectIds } from '../store/object-id.ts';
import { type FetchStubs, StubbedFetch, type StubbedRequest } from './fetch-stubs.ts';
import { findingLine, isError } from './finding.ts';
import { type FlowResult, type RunFlowOptions, runFlow } from './flow-run.ts';
import { readProject } from './project.ts';
import { buildProject } from './project-build.ts';
import { type StubbedRecords, StubbedRecordTable } from './stubbed-records.ts';

export type { SectionName } from '../../sandbox/index.ts';
export type { FetchStubs, Stub, StubbedRequest } from './fetch-stubs.ts';
export type { FlowError, FlowResult, FlowStepCounts, RunFlowOptions } from './flow-run.ts';
export type { StubbedRecord, StubbedRecords } from './stubbed-records.ts';

export interface CompartmentOptions {
  /** Responses to `fetch`. Requests without a stub reject. */
  readonly fetch?: FetchStubs;
  /** Replaces the manifest's `opts`. */
  readonly opts?: JsonObject;
  /** Existing records. Those that the connector creates through stubs are added. */
  readonly records?: StubbedRecords;
}

export interface CallContext {
  /** Runs of different integrations never share module state. Default: all calls are for the same integration. */
  readonly integrationId?: string;
}

export interface Compartment extends AsyncDisposable {
  readonly manifest: Manifest;
  /** Log lines of the connector, oldest first. */
  readonly logs: readonly { readonly level: string; readonly text: string }[];
  readonly progress: readonly { readonly fraction: number; readonly message: string }[];
  /** Permitted requests, with or without a stub. */
  readonly requests: readonly StubbedRequest[];
  /**
   * Calls a function as the runtime does.
   *
   * @param options the call's body; the runtime's keys are added
   * @throws CallError for errors and faults
   */
  call<Answer = unknown>(section: SectionName, name: string, options?: object, context?: CallContext): Promise<Answer>;
  /** The given records, and those that the connector has created. */
  readonly records: Required<StubbedRecords>;
  /**
   * Runs a flow as a server does, page by page, with the flow engine and the connector's hooks and wrappers. Stubs
   * answer for the applications, under their addresses. A disabled flow runs, too.
   *
   * @param flow id or name; optional if there is only one
   * @throws CallError for anything that ends a job: an error of a hook, a refused export, a fault
   */
  runFlow(flow?: string, options?: RunFlowOptions): Promise<FlowResult>;
  /** Ends the process. A test does not end while it is open. Idempotent. */
  close(): Promise<void>;
}

/** The call failed: the connector's own error, or a fault. */
export class CallError extends Error {
  override readonly name = 'CallError';
  /** The error's `code` or `name`, or the fault: `run_timeout`, `never_answered`, … */
  readonly code: string;

  /** @param stack of the connector, followed by that of the test */
  constructor(code: string, message: string, stack: string) {
    super(message);
    this.code = code;
    this.stack = stack;
  }
}

/**
 * Builds the connector in a folder, if it has a `source`, and starts a compartment for it.
 *
 * @example
 * import assert from 'node:assert/strict';
 * import { test } from 'node:test';
 * import { createCompartment } from 'bulkhead/test';
 *
 * test('forecasts for the city in the settings', async () => {
 *   await using connector = await createCompartment(new URL('..', import.meta.url), {
 *     fetch: { 'GET /v1/integrations/*': { settings: { city: 'Oslo' } } },
 *   });
 *   assert.deepEqual(await connector.call('settings', 'forecast', { days: 1 }), { city: 'Oslo', forecast: ['sun'] });
 * });
 *
 * @param folder with the package.json
 * @throws Error with the findings if the project does not build
 */
export async function createCompartment(folder: string | URL, options: CompartmentOptions = {}): Promise<Compartment> {
  const connector = await buildConnector(typeof folder === 'string' ? folder : fileURLToPath(folder));
  const { manifest, bundle } = connector;
  const newId = objectIds();
  const defaultIntegrationId = newId();
  const limits = limitsWithin(defaultLimits)(connector);
  const records = new StubbedRecordTable(options.records ?? {});
  const stubs = new StubbedFetch(options.fetch ?? {}, manifest.connector.permissions?.fetch ?? [], records);
  const logs: { level: string; text: string }[] = [];
  const progress: { fraction: number; message: string }[] = [];
  const sourceLines = new SourceLines();
  const sandbox = createSandbox({ prewarmed: false });
  const close = (): Promise<void> => sandbox.close();

  /** @returns JSON @throws CallError */
  const run = async (target: CallTarget, body: object, { integrationId }: CallContext, caller: string) => {
    const argument = {
      ...body,
      opts: options.opts ?? manifest.connector.opts ?? {},
      _connectorId: connector._id,
      _integrationId: integrationId ?? defaultIntegrationId,
      bearerToken: 'the-tests-token',
    };
    const call = { ...target, argument: JSON.stringify(argument) };
    const outcome = await sandbox.run(
      { runId: newId(), bundle, integrationId: argument._integrationId, call, limits },
      {
        fetch: (request) => stubs.reply(request),
        async progress(report) {
          progress.push(JSON.parse(report));
          return '{"value":null}';
        },
        log: (level, text) => logs.push({ level, text }),
      },
    );
    if (outcome.status === 'answered') return outcome.result;
    const named = 'engine' in target ? { section: 'flow', name: target.engine } : target;
    const limited = { ...named, limits, manifestLimits: manifest.connector.limits };
    throw await toCallError(sourceLines, connector, outcome, limited, caller);
  };

  return {
    manifest,
    logs,
    progress,
    requests: stubs.requests,
    records: records.all,
    async call<Answer>(section: SectionName, name: string, body: object = {}, context: CallContext = {}) {
      return JSON.parse(await run({ section, name }, body, context, framesOfCaller())) as Answer;
    },
    async runFlow(flow, flowOptions = {}) {
      const caller = framesOfCaller();
      const firstRequest = stubs.requests.length;
      const result = await runFlow(records, flow, flowOptions, {
        call: (engine, argument) => run({ engine }, argument, flowOptions, caller),
        refused: (code, message) => new CallError(code, message, `CallError: ${message}\n${caller}`),
        newId,
      });
      return { ...result, requests: stubs.requests.slice(firstRequest) };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The stack frames of the test. */
function framesOfCaller(): string {
  const holder = { stack: '' };
  Error.captureStackTrace(holder, framesOfCaller);
  const [_heading, _asking, ...frames] = holder.stack.split('\n');
  return frames.join('\n');
}

async function toCallError(
  sourceLines: SourceLines,
  connector: Connector,
  outcome: Exclude<Outcome, { status: 'answered' }>,
  call: LimitedCall,
  caller: string,
): Promise<CallError> {
  if (outcome.status === 'faulted') {
    const { message } = faultError(outcome, await sourceLines.of(connector, faultMessage(outcome, call)));
    return new CallError(outcome.fault, message, `CallError: ${message}\n${caller}`);
  }
  const stack = await sourceLines.of(connector, outcome.stack);
  return new CallError(outcome.code, outcome.message, `${stack || `CallError: ${outcome.message}`}\n${caller}`);
}

async function buildConnector(folder: string): Promise<Connector> {
  const { project, findings: readFindings } = await readProject(folder);
  if (!project) throw new Error(readFindings.map(findingLine).join('\n'));
  const { bundle, findings } = await buildProject(project);
  if (bundle) return bundle.connector;
  throw new Error(findings.filter(isError).map(findingLine).join('\n'));
}
