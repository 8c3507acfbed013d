/** Runs a flow of a connector under test: pages in the server's order, the real flow engine, and no pauses. */
import { hash } from 'node:crypto';
import type {
  EngineFunction,
  GeneratedPage,
  Offline,
  Pause,
  ProcessedPage,
  RecordError,
  StepCounts,
} from '../../sandbox/index.ts';
import { RequestError } from '../errors.ts';
import { stepsIn } from '../flow/definition.ts';
import type { Generated } from '../flow/engine-answer.ts';
import { flowLimits } from '../flow/limits.ts';
import { engineLimits } from '../flow/page-arguments.ts';
import { exportPages, type PageRequest } from '../flow/sources.ts';
import type { Json } from '../json.ts';
import type { StubbedRequest } from './fetch-stubs.ts';
import type { StubbedKind, StubbedRecord, StubbedRecordTable } from './stubbed-records.ts';

export interface RunFlowOptions {
  /** Messages that the flow's webhook exports have received. */
  readonly received?: readonly Json[];
  /** Time up to which delta exports were read, ISO 8601. Default: 1970. */
  readonly lastExportDateTime?: string;
  /** Start of the job, ISO 8601. Default: now. */
  readonly currentExportDateTime?: string;
  /** As for `call`. */
  readonly integrationId?: string;
}

export interface FlowStepCounts {
  readonly numSuccess: number;
  readonly numError: number;
  readonly numIgnore: number;
}

/** Why a record failed. */
export interface FlowError {
  readonly code: string;
  readonly message: string;
  readonly source: string;
  /** Index of the flow's step; absent if the export or its hook refused the record. */
  readonly step?: number;
  /** HTTP status of the application, if it refused the record. */
  readonly statusCode?: number;
  /** The record as the step received it. Absent if the error did not stop it. */
  readonly record?: Json;
}

export interface FlowResult {
  /** Records as the first step received them, page by page. */
  readonly pages: readonly (readonly Json[])[];
  /** All records of the pages. */
  readonly exported: readonly Json[];
  /** Counts for each of the flow's steps after the exports. */
  readonly steps: readonly FlowStepCounts[];
  readonly errors: readonly FlowError[];
  /** The flow's requests, in order. Requests to applications have the application's address. */
  readonly requests: readonly StubbedRequest[];
}

/** Provided by the compartment. */
interface FlowRunParts {
  /** @returns JSON */
  call(engine: EngineFunction, argument: object): Promise<string>;
  /** Makes the error that ends a job. */
  refused(code: string, message: string): Error;
  newId(): string;
}

const NO_COUNTS: StepCounts = { numSuccess: 0, numError: 0, numIgnore: 0 };

export async function runFlow(
  records: StubbedRecordTable,
  wanted: string | undefined,
  { received = [], lastExportDateTime, currentExportDateTime = new Date().toISOString() }: RunFlowOptions,
  parts: FlowRunParts,
): Promise<Omit<FlowResult, 'requests'>> {
  const flow = chooseFlow(records.all.flows, wanted);
  const steps = stepsIn(flow);
  const common = {
    flow,
    connections: Object.fromEntries(records.all.connections.map((record) => [record._id, record])),
    _jobId: parts.newId(),
    currentExportDateTime,
    ...(lastExportDateTime === undefined ? {} : { lastExportDateTime }),
    // A test does not wait: postponed pages are repeated at once.
    limits: { ...engineLimits, pauseMs: 0 },
  };
  const generators = steps.generators.map(({ _exportId }) => recordIn(records, 'exports', _exportId));
  const processors = steps.processors.map(({ type, fields }) => {
    const { responseMapping, hooks, proceedOnFailure, _exportId, _importId } = fields;
    const record = recordIn(records, `${type}s`, type === 'export' ? _exportId : _importId);
    return { type, responseMapping, hooks, proceedOnFailure, record };
  });

  const generate = async ({ generator, received: messages, ...page }: PageRequest): Promise<Generated> => {
    const record = generators[generator] as StubbedRecord;
    const answer = await repeated<GeneratedPage>(parts, 'generate', {
      ...common,
      ...page,
      export: record,
      testMode: record.type === 'test',
      ...(messages ? { received: messages.map((text) => JSON.parse(text) as Json) } : {}),
    });
    errors.push(...answer.errors.map(errorOf));
    const data = JSON.stringify(answer.data);
    return {
      kind: 'generated',
      data: Buffer.from(data),
      numRecords: answer.data.length,
      digest: hash('sha256', data),
      isLast: answer.isLast,
      state: answer.state as Json | undefined,
      errors: [],
      errorsDropped: 0,
    };
  };
  const errors: FlowError[] = [];
  const pages: Json[][] = [];
  const exports = generators.map(({ _id, type }) => ({ exportId: _id, isWebhook: type === 'webhook' }));
  const source = exportPages(exports, { generator: 0, pageIndex: 0 }, messagesOf(received), generate);
  let counts: readonly StepCounts[] = processors.map(() => NO_COUNTS);
  try {
    for await (const { data: text, numRecords, firstProcessor } of source) {
      if (numRecords === 0) continue;
      const data = JSON.parse(String(text)) as Json[];
      const pageIndex = pages.push(data) - 1;
      if (processors.length === 0) continue;
      const page = { data, pageIndex, processors, firstProcessor, idempotencyPrefix: `${common._jobId}/${pageIndex}` };
      const answer = await repeated<ProcessedPage>(parts, 'process', { ...common, ...page });
      errors.push(...answer.errors.map(errorOf));
      counts = counts.map((count, index) => plus(count, answer.steps[index]));
    }
  } catch (error) {
    // `exportPages` refuses exports that never end.
    throw error instanceof RequestError ? parts.refused(error.code, error.message) : error;
  }
  return { pages, exported: pages.flat(), steps: counts, errors };
}

function chooseFlow(flows: readonly StubbedRecord[], wanted: string | undefined): StubbedRecord {
  const found = flows.filter(({ _id, name }) => wanted === undefined || wanted === _id || wanted === name);
  const [only, ...others] = found;
  if (only && others.length === 0) return only;
  const names = flows.map(({ _id, name }) => `${name ?? ''} (${_id})`).join(', ');
  const all =
    flows.length === 0 ? 'There are none: let the installer create one, or give records.' : `Flows: ${names}.`;
  if (wanted === undefined) throw new Error(`runFlow needs the name of a flow. ${all}`);
  throw new Error(`${found.length === 0 ? 'No flow' : 'More than one flow'} is called ${wanted}. ${all}`);
}

function recordIn(records: StubbedRecordTable, kind: StubbedKind, id: Json | undefined): StubbedRecord {
  const record = records.find(kind, id);
  if (!record) throw new Error(`The flow refers to ${String(id)}, which is not one of the ${kind}.`);
  return record;
}

function messagesOf(received: readonly Json[]): Parameters<typeof exportPages>[2] {
  const bodies = received.map((message) => JSON.stringify(message));
  return {
    read: async (exportId, { after, limit }) => {
      const from = after === undefined ? 0 : Number(after) + 1;
      const messages = bodies.map((body, index) => ({ _id: String(index), integrationId: '', exportId, body }));
      return messages.slice(from, from + limit);
    },
    acknowledge: async () => {},
  };
}

/** Repeats a call while an application is busy, as often as a server does. @throws the error that `refused` makes */
async function repeated<Page extends object>(
  { call, refused }: FlowRunParts,
  engine: EngineFunction,
  argument: object,
): Promise<Page> {
  for (let attempt = 0; ; attempt++) {
    const answer = JSON.parse(await call(engine, argument)) as Page | Pause | Offline;
    if ('offline' in answer) throw refused('connection_offline', answer.offline.message);
    if (!('pause' in answer)) return answer;
    if (attempt >= flowLimits.repeats) throw refused(answer.pause.code, answer.pause.message);
  }
}

const plus = (count: StepCounts, more = NO_COUNTS): StepCounts => ({
  numSuccess: count.numSuccess + more.numSuccess,
  numError: count.numError + more.numError,
  numIgnore: count.numIgnore + more.numIgnore,
});

const errorOf = ({ retryData, ...error }: RecordError): FlowError => ({
  ...error,
  ...(retryData === undefined ? {} : { record: retryData as Json }),
});
