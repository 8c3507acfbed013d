/** Reads one page of an export. */
import { PageError, shorten } from './errors.ts';
import { pipe } from './export-pipeline.ts';
import type { FlowRun } from './flow-run.ts';
import type { GivenError } from './hooks.ts';
import { readHttp } from './http-export.ts';
import type { FlowRecord, GeneratedPage } from './interface.ts';
import { byteLength, isObject, numberAt, textAt } from './json.ts';
import { cutPage } from './page-cut.ts';
import { firstPosition, type Position, parsePosition } from './paging.ts';
import { RecordErrors } from './record-errors.ts';
import { readWrapper, type WrapperPosition } from './wrapper-export.ts';

/** State passed from page to page. */
interface ExportState {
  readonly position: Position | WrapperPosition;
  /** Records of the answer at this position that earlier pages had. */
  readonly offset: number;
  /** Records exported so far, for `test.limit`. */
  readonly count: number;
}

interface ReadRecords {
  readonly records: readonly unknown[];
  readonly errors: readonly GivenError[];
  readonly next: Position | WrapperPosition | undefined;
}

export interface GenerateInput {
  readonly record: FlowRecord;
  readonly state?: unknown;
  readonly received?: readonly unknown[];
  /** Records from earlier steps, for a lookup. */
  readonly data?: readonly unknown[];
  /** Index of the processor, for a lookup. */
  readonly step?: number;
  readonly errors?: RecordErrors;
}

const STATE_BYTES = 64 * 1024;
const KINDS = ['http', 'wrapper', 'webhook'] as const;
type Kind = (typeof KINDS)[number];

/** From `adaptorType`, or from the record's other fields. @throws PageError `unsupported` */
export function kindOf(record: FlowRecord): Kind {
  const adaptor = (textAt(record, 'adaptorType') ?? '').toLowerCase();
  const named = KINDS.find((kind) => adaptor.startsWith(kind)) ?? (adaptor.startsWith('rest') ? 'http' : undefined);
  const kind = record.type === 'webhook' ? 'webhook' : (named ?? KINDS.find((key) => isObject(record[key])));
  if (kind === undefined || (adaptor !== '' && named === undefined && record.type !== 'webhook')) {
    throw new PageError(
      'unsupported',
      `${record._id} has the unsupported type ${shorten(adaptor, 50)}: only http, wrapper and webhook are supported`,
    );
  }
  return kind;
}

/**
 * The rest of an answer that was longer than a page, for the next page. If that runs in another isolate, it reads the
 * answer again.
 */
let remainder: { readonly key: string; readonly read: ReadRecords } | undefined;
const REMAINDER_RECORDS = 100_000;

export async function generatePage(run: FlowRun, input: GenerateInput): Promise<GeneratedPage> {
  const { record, errors = new RecordErrors(run.context.limits.errors), step } = input;
  const kind = kindOf(record);
  const state = stateOf(input.state) ?? { position: kind === 'http' ? firstPosition(record) : {}, offset: 0, count: 0 };
  const read = await readAt(run, kind, input, state);
  const { limits } = run.context;
  const limit = testLimit(run, record);
  const pageRecords = Math.min(limits.pageRecords, numberAt(record, 'pageSize') ?? Number.POSITIVE_INFINITY);
  const rest = read.records.slice(state.offset);
  const allowed = limit === undefined ? rest : rest.slice(0, Math.max(0, limit - state.count));
  const { records, taken, tooLarge } = cutPage(allowed, Math.max(1, Math.floor(pageRecords)), limits.pageBytes);
  for (let i = 0; i < tooLarge; i++) {
    const message = `a record is larger than a page may be: ${limits.pageBytes} bytes`;
    errors.add({ code: 'page_too_large', message, source: kind, ...(step === undefined ? {} : { step }) });
  }
  const given = state.offset === 0 ? read.errors : [];
  const { data, isAborted } = await pipe(run, record, records, given, {
    list: errors,
    ...(step === undefined ? {} : { step }),
  });
  assertFits(data, limits.pageBytes);
  const count = state.count + taken;
  const next = isAborted || (limit !== undefined && count >= limit) ? undefined : nextState(state, read, taken, count);
  keepRemainder(run, record, next, read);
  return {
    data,
    isLast: next === undefined,
    ...(next === undefined ? {} : { state: next }),
    errors: errors.list,
    errorsDropped: errors.dropped,
  };
}

function nextState(state: ExportState, read: ReadRecords, taken: number, count: number): ExportState | undefined {
  const offset = state.offset + taken;
  if (offset < read.records.length) return { position: state.position, offset, count };
  if (read.next === undefined) return undefined;
  const next = { position: read.next, offset: 0, count };
  const bytes = byteLength(JSON.stringify(next));
  if (bytes > STATE_BYTES) {
    throw new PageError('page_too_large', `the export's state has ${bytes} bytes; the limit is ${STATE_BYTES}`);
  }
  return next;
}

async function readAt(run: FlowRun, kind: Kind, input: GenerateInput, state: ExportState): Promise<ReadRecords> {
  const { record, data, received = [] } = input;
  const kept = remainder;
  remainder = undefined;
  if (state.offset > 0 && kept?.key === keyOf(run, record, state)) return kept.read;
  switch (kind) {
    case 'webhook':
      return { records: received, errors: [], next: undefined };
    case 'wrapper':
      return { next: undefined, ...(await readWrapper(run, record, state.position as WrapperPosition, data)) };
    case 'http': {
      const { records, next } = await readHttp(run, record, parsePosition(state.position), data?.[0]);
      return { records, next, errors: [] };
    }
  }
}

function keepRemainder(
  { context }: FlowRun,
  record: FlowRecord,
  next: ExportState | undefined,
  read: ReadRecords,
): void {
  const isKept = next !== undefined && next.offset > 0 && read.records.length <= REMAINDER_RECORDS;
  if (isKept && context._jobId !== undefined) remainder = { key: keyOf({ context }, record, next), read };
}

const keyOf = ({ context }: Pick<FlowRun, 'context'>, record: FlowRecord, state: ExportState): string =>
  JSON.stringify([context._jobId, record._id, state]);

function stateOf(state: unknown): ExportState | undefined {
  if (state === undefined || state === null) return undefined;
  if (!isObject(state) || !isObject(state.position)) {
    throw new PageError('response_invalid', 'the state is not from a previous page');
  }
  return {
    position: state.position,
    offset: numberAt(state, 'offset') ?? 0,
    count: numberAt(state, 'count') ?? 0,
  } as ExportState;
}

function testLimit({ context }: FlowRun, record: FlowRecord): number | undefined {
  if (record.type !== 'test' && context.testMode !== true) return undefined;
  return numberAt(record, 'test.limit') ?? 1;
}

function assertFits(data: readonly unknown[], pageBytes: number): void {
  const text = JSON.stringify(data);
  if (text.length * 3 <= pageBytes || byteLength(text) <= pageBytes) return;
  throw new PageError('page_too_large', `preSavePage made the page larger than ${pageBytes} bytes`);
}
