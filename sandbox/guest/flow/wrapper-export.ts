/** Reads one answer of a wrapper's export function. */
import { digestOf } from './digest.ts';
import { OfflineSignal, PageError, shorten } from './errors.ts';
import { connectionOf, type FlowRun } from './flow-run.ts';
import { callFunction, commonOptions, errorsIn, type GivenError, invalidAnswer, kindOf, wrapperOf } from './hooks.ts';
import type { FlowRecord } from './interface.ts';
import { isObject, numberAt, objectAt, textAt } from './json.ts';

/** Part of the export's state. */
export interface WrapperPosition {
  /** The state from the previous answer. */
  readonly state?: unknown;
  /** Digest of the previous answer, and how often it came in a row. */
  readonly digest?: string;
  readonly repeats?: number;
}

export interface WrapperAnswer {
  readonly records: readonly unknown[];
  readonly errors: readonly GivenError[];
  readonly next?: WrapperPosition | undefined;
}

const REPEATS = 5;

/** @param data records from earlier steps, for a lookup */
export async function readWrapper(
  run: FlowRun,
  record: FlowRecord,
  { state, digest, repeats = 0 }: WrapperPosition,
  data?: readonly unknown[],
): Promise<WrapperAnswer> {
  const callee = wrapperOf(record, 'export');
  const connection = connectionOf(run, record);
  const answer = await callFunction(run, callee, {
    ...commonOptions(run, record, 'export'),
    ...(connection ? { connection } : {}),
    ...typeOptions(run, record),
    ...(state === undefined ? {} : { state }),
    ...(data === undefined ? {} : { data }),
  });
  if (!isObject(answer)) throw invalidAnswer(callee, `an object, but answered with ${kindOf(answer)}`);
  const errors = errorsIn(answer, callee);
  if (answer.connectionOffline === true) {
    const said = errors[0]?.message ?? 'the wrapper says that the connection is offline';
    throw new OfflineSignal(connection?._id ?? '', shorten(said));
  }
  const records = answer.data ?? [];
  if (!Array.isArray(records)) throw invalidAnswer(callee, `data as a list, but data is ${kindOf(records)}`);
  const wrong = records.findIndex((item) => typeof item !== 'object' || item === null);
  if (wrong !== -1)
    throw invalidAnswer(callee, `records that are objects, but data[${wrong}] is ${kindOf(records[wrong])}`);
  if (answer.lastPage === true) return { records, errors };
  const itsDigest = digestOf(JSON.stringify(answer)).slice(0, 32);
  const count = itsDigest === digest ? repeats + 1 : 1;
  if (count > REPEATS) {
    throw new PageError(
      'wrapper_loops',
      `export (wrappers.${callee.name}) gave the same answer more than ${REPEATS} times`,
    );
  }
  return { records, errors, next: { state: answer.state ?? null, digest: itsDigest, repeats: count } };
}

/** How much to export: `delta`, `once`, `test`, or everything. */
function typeOptions({ context }: FlowRun, record: FlowRecord): Record<string, unknown> {
  const type = context.testMode ? 'test' : textAt(record, 'type');
  const { lastExportDateTime, currentExportDateTime } = context;
  switch (type) {
    case 'delta': {
      const dateField = textAt(record, 'delta.dateField');
      const lagMs = numberAt(record, 'delta.lagOffset') ?? 0;
      const lastExecutionTime = Math.max(0, Date.parse(lastExportDateTime ?? '1970-01-01T00:00:00.000Z') - lagMs);
      const dates = { lastExportDateTime, currentExportDateTime };
      return { type, delta: { ...(dateField === undefined ? {} : { dateField }), lastExecutionTime }, ...dates };
    }
    case 'once':
      return { type, once: objectAt(record, 'once') };
    case 'test':
      return { type, test: { limit: numberAt(record, 'test.limit') ?? 1 } };
    default:
      return {};
  }
}
