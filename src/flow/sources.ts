/** Sources of a job's pages: the flow's exports, webhook messages, or failed records. */
import { RequestError, requestError } from '../errors.ts';
import type { Json } from '../json.ts';
import type { JobErrorStore, MessageStore, StoredJobError } from '../store/jobs.ts';
import type { FlowProcessor } from './definition.ts';
import type { Generated, PageError } from './engine-answer.ts';
import type { Job } from './job.ts';
import { flowLimits } from './limits.ts';

/** Where the job's next page begins. */
export interface Position {
  /** Index of the flow's export. */
  readonly generator: number;
  /** Pages of this export so far. */
  readonly pageIndex: number;
  /** The export's own state. */
  readonly state?: Json;
  /** The last finished message of a webhook, or error of a retry. */
  readonly through?: string;
  /** The last page's digest, and how often it came in a row. */
  readonly digest?: string;
  readonly equalPages?: number;
}

/** A page for the flow's steps. */
export interface SourcePage {
  /** JSON of an array. */
  readonly data: Uint8Array | string;
  readonly numRecords: number;
  /** Index of the flow's export; undefined if the records come from an earlier job. */
  readonly generator: number | undefined;
  readonly errors: readonly PageError[];
  readonly errorsDropped: number;
  /** The first step it goes through. */
  readonly firstProcessor: number;
  /** Where the next page begins. */
  readonly next: Position;
  /** Called after its commit. */
  afterCommit?(): Promise<unknown>;
}

export interface ExportStep {
  readonly exportId: string;
  readonly isWebhook: boolean;
  /** Records on a page, if the export sets that. */
  readonly pageSize?: number | undefined;
}

/** Which page to read. */
export interface PageRequest {
  /** Index of the flow's export. */
  readonly generator: number;
  readonly pageIndex: number;
  readonly state: Json | undefined;
  /** JSON of each message that a webhook has received. */
  readonly received: readonly string[] | undefined;
}

type Generate = (request: PageRequest) => Promise<Generated>;

/** Pages of the flow's exports, one export after the other. */
export async function* exportPages(
  steps: readonly (ExportStep | undefined)[],
  from: Position,
  messageStore: Pick<MessageStore, 'read' | 'acknowledge'>,
  generate: Generate,
): AsyncGenerator<SourcePage> {
  for (const [generator, step] of steps.entries()) {
    if (generator < from.generator || !step) continue;
    const start = generator === from.generator ? from : { generator, pageIndex: 0 };
    const next = { generator: generator + 1, pageIndex: 0 };
    yield* step.isWebhook ? webhookPages(step, start, next, messageStore, generate) : pagesOf(start, next, generate);
  }
}

async function* pagesOf(start: Position, following: Position, generate: Generate): AsyncGenerator<SourcePage> {
  let position = start;
  for (;;) {
    const { generator, pageIndex, state } = position;
    if (pageIndex >= flowLimits.exportPages) throw endless('The export has too many pages.');
    const page = await generate({ generator, pageIndex, state, received: undefined });
    position = page.isLast ? following : after(position, page);
    yield { ...page, generator, firstProcessor: 0, next: position };
    if (page.isLast) return;
  }
}

function after(position: Position, { digest, numRecords, state }: Generated): Position {
  const isSame =
    digest === position.digest && (numRecords > 0 || JSON.stringify(state) === JSON.stringify(position.state));
  const equalPages = isSame ? (position.equalPages ?? 1) + 1 : 1;
  if (equalPages > flowLimits.equalPages) {
    throw endless(`The export has read the same page ${equalPages} times in a row.`);
  }
  const { generator, pageIndex } = position;
  return { generator, pageIndex: pageIndex + 1, digest, equalPages, ...(state === undefined ? {} : { state }) };
}

const endless = (message: string): RequestError => new RequestError(422, [{ code: 'export_loops', message }]);

/** Messages are removed once their page is committed. */
async function* webhookPages(
  { exportId, pageSize = flowLimits.pageRecords }: ExportStep,
  start: Position,
  following: Position,
  messageStore: Pick<MessageStore, 'read' | 'acknowledge'>,
  generate: Generate,
): AsyncGenerator<SourcePage> {
  let { generator, pageIndex, through, state } = start;
  const limit = Math.max(1, Math.min(flowLimits.pageRecords, Math.floor(pageSize)));
  for (;;) {
    if (pageIndex >= flowLimits.exportPages) throw endless('The export has too many pages.');
    const query = { after: through, limit, chars: flowLimits.pageBytes / UTF8_BYTES_MAX };
    const messages = await messageStore.read(exportId, query);
    const last = messages.at(-1)?._id;
    if (last === undefined) break;
    const received = messages.map(({ body }) => body);
    const page = await generate({ generator, pageIndex, state, received });
    pageIndex++;
    // Serialized again, messages may be larger than they came, so the page may have only some of them.
    const isWhole = page.isLast;
    state = isWhole ? undefined : page.state;
    if (isWhole) through = last;
    yield {
      ...page,
      generator,
      firstProcessor: 0,
      next: {
        generator,
        pageIndex,
        ...(through === undefined ? {} : { through }),
        ...(state === undefined ? {} : { state }),
      },
      ...(isWhole ? { afterCommit: () => messageStore.acknowledge(exportId, last) } : {}),
    };
  }
  yield { data: '[]', numRecords: 0, generator, errors: [], errorsDropped: 0, firstProcessor: 0, next: following };
}

/** Most UTF-8 bytes of a UTF-16 code unit. */
const UTF8_BYTES_MAX = 3;

/** Failed records of an earlier job, as the failing step received them. */
export async function* failedRecords(
  job: Job,
  from: Position,
  processors: readonly FlowProcessor[],
  errorStore: Pick<JobErrorStore, 'list' | 'resolve'>,
): AsyncGenerator<SourcePage> {
  const { _retryOfJobId: failedJobId } = job;
  if (failedJobId === undefined) throw requestError('internal_error');
  const chosen = job.errorIds && new Set(job.errorIds);
  const query = { limit: RETRIED_AT_ONCE, chars: flowLimits.errorsReadChars, isResolved: false };
  let { pageIndex, through } = from;
  // An earlier process has sent these, but may have died before it marked them as resolved.
  for (let after: string | undefined; through !== undefined; ) {
    const found = await errorStore.list(failedJobId, { ...query, after });
    const sent = found.filter((error) => error._id <= (through as string) && isRetriable(error, chosen));
    if (sent.length > 0) await errorStore.resolve(failedJobId, idsOf(sent));
    after = found.at(-1)?._id;
    if (after === undefined || after >= through) break;
  }
  const stepOf = (error: StoredJobError): number | undefined => stepIn(processors, error);
  for (;;) {
    const found = await errorStore.list(failedJobId, { ...query, after: through });
    const last = found.at(-1);
    if (!last) return;
    const retried = found.filter((error) => isRetriable(error, chosen) && stepOf(error) !== undefined);
    for (const errors of runsOf(retried, stepOf)) {
      const ids = idsOf(errors);
      pageIndex++;
      yield {
        data: `[${errors.map(({ data }) => data).join()}]`,
        numRecords: errors.length,
        generator: undefined,
        errors: [],
        errorsDropped: 0,
        firstProcessor: stepOf(errors[0] as StoredJobError) ?? 0,
        next: { generator: 0, pageIndex, through: ids.at(-1) as string },
        afterCommit: () => errorStore.resolve(failedJobId, ids),
      };
    }
    through = last._id;
  }
}

const RETRIED_AT_ONCE = 100;

const isRetriable = ({ _id, data }: StoredJobError, chosen: ReadonlySet<string> | undefined): boolean =>
  data !== undefined && (chosen?.has(_id) ?? true);

const idsOf = (errors: readonly StoredJobError[]): string[] => errors.map(({ _id }) => _id);

/** Present index of the step that failed; undefined if the flow no longer has it. */
function stepIn(processors: readonly FlowProcessor[], { error }: StoredJobError): number | undefined {
  const { step, _exportId, _importId } = error;
  if (typeof step !== 'number') return 0;
  const id = _importId ?? _exportId;
  if (id === undefined || processors[step]?.id === id) return step;
  const index = processors.findIndex((processor) => processor.id === id);
  return index < 0 ? undefined : index;
}

/** Successive errors of the same step. */
function runsOf(
  errors: readonly StoredJobError[],
  stepOf: (error: StoredJobError) => number | undefined,
): StoredJobError[][] {
  const runs: StoredJobError[][] = [];
  for (const error of errors) {
    const run = runs.at(-1);
    if (run && stepOf(run[0] as StoredJobError) === stepOf(error)) run.push(error);
    else runs.push([error]);
  }
  return runs;
}
