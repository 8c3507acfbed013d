/** Sends records to an HTTP import, one by one or in batches. */
import { type ApplicationAnswer, type ApplicationRequest, isSuccess, problemIn, send } from './application.ts';
import { digestOf } from './digest.ts';
import { PageError, RecordProblem } from './errors.ts';
import { connectionOf, type FlowRun, settingsOf } from './flow-run.ts';
import { failureIn } from './http-export.ts';
import { failedBy, type ImportResult, sent } from './import-results.ts';
import type { FlowRecord } from './interface.ts';
import { asText, isEmpty, type JsonObject, numberAt, objectAt, own, textAt } from './json.ts';
import type { Operation } from './mapping.ts';
import { looseBody, parseBody } from './media.ts';
import { inParallel } from './parallel.ts';
import { parsePath, readPath } from './path.ts';
import { buildRequest, pick, templateOf } from './request-template.ts';
import { render, type TemplateContext } from './template.ts';

/** A record to send. */
export interface Submission {
  /** Before and after mapping and hooks. */
  readonly preMapped: unknown;
  readonly mapped: unknown;
  readonly operation: Operation;
  /** The record's position on its page: part of the `Idempotency-Key`. */
  readonly position: string;
}

/** Makes requests' keys unique per job and page, and per step. */
export interface KeyPrefix {
  readonly prefix: string;
  readonly step: number;
}

const AT_ONCE = 10;
const BATCH_MAX = 10_000;
const SOURCE = 'http';

/** @returns in the order of the submissions */
export async function submitHttp(
  run: FlowRun,
  record: FlowRecord,
  submissions: readonly Submission[],
  key: KeyPrefix,
  maps: JsonObject,
): Promise<ImportResult[]> {
  const connection = connectionOf(run, record);
  if (!connection) throw new PageError('unsupported', `the import ${record._id} has no connection`);
  const batchSize = Math.min(BATCH_MAX, Math.max(1, Math.floor(numberAt(record, 'http.batchSize') ?? 1)));
  const settings = settingsOf(run, record, 'import');
  const batches = batchSize === 1 ? submissions.map((one) => [one]) : batchesOf(submissions, batchSize);
  const results = new Map<Submission, ImportResult>();
  await inParallel(batches, batchSize === 1 ? AT_ONCE : 1, async (batch) => {
    const answers = await sendBatch(run, { record, connection, batch, isList: batchSize > 1, key, settings, maps });
    batch.forEach((submission, i) => {
      results.set(submission, answers[i] as ImportResult);
    });
  });
  return submissions.map((submission) => results.get(submission) as ImportResult);
}

/** All records of a batch have the same operation. */
function batchesOf(submissions: readonly Submission[], batchSize: number): Submission[][] {
  const batches: Submission[][] = [];
  for (const operation of ['create', 'update']) {
    const those = submissions.filter((submission) => submission.operation === operation);
    for (let i = 0; i < those.length; i += batchSize) batches.push(those.slice(i, i + batchSize));
  }
  return batches;
}

interface Batch {
  readonly record: FlowRecord;
  readonly connection: FlowRecord;
  readonly batch: readonly Submission[];
  /** The body is a list, even for one record. */
  readonly isList: boolean;
  readonly key: KeyPrefix;
  readonly settings: JsonObject;
  readonly maps: JsonObject;
}

async function sendBatch(run: FlowRun, given: Batch): Promise<ImportResult[]> {
  const { record, batch } = given;
  const operation = operationIndex(record, batch[0]?.operation ?? 'create');
  let request: ApplicationRequest;
  try {
    request = requestOf(given, operation);
  } catch (error) {
    if (!(error instanceof PageError) || error.code !== 'template_invalid') throw error;
    return batch.map(() => failedBy(new RecordProblem(error.code, error.message, { source: SOURCE })));
  }
  const answer = await send(run, request);
  const body = isSuccess(answer) ? bodyOf(record, answer) : looseBody(answer);
  return given.isList ? resultsOfList(given, answer, body, operation) : [resultOfOne(given, answer, body, operation)];
}

/** Index into lists of two: `requestType` says which is which; without it, create comes first. */
function operationIndex(record: FlowRecord, operation: Operation): number {
  const types = own(objectAt(record, 'http'), 'requestType');
  if (!Array.isArray(types)) return operation === 'update' ? 1 : 0;
  const index = types.findIndex((type) => asText(type).toLowerCase() === operation);
  return Math.max(0, index);
}

function requestOf(
  { record, connection, batch, isList, key, settings, maps }: Batch,
  operation: number,
): ApplicationRequest {
  const isMapped = objectAt(record, 'http').sendPostMappedData !== false;
  const common = { import: record, settings, staticLookups: maps };
  const preMapped = batch.map((submission) => submission.preMapped);
  const records = isMapped ? batch.map((submission) => submission.mapped) : preMapped;
  // Addresses may need ids that the mapping leaves out.
  const address = contextOf(preMapped, common);
  const request = buildRequest(connection, templateOf(record, connection, operation), {
    address,
    body: contextOf(records, common),
    records: isList ? records : records[0],
  });
  const text = JSON.stringify([key.prefix, key.step, batch[0]?.position, request.body ?? request.relativeURI]);
  return { ...request, headers: [...request.headers, ['idempotency-key', digestOf(text)]] };
}

const contextOf = (records: readonly unknown[], common: JsonObject): TemplateContext => ({
  ...common,
  record: records[0],
  data: records,
  batch: records,
  batch_of_records: records.map((record) => ({ record })),
});

/** @throws PageError `response_invalid` if the body is needed but unreadable */
function bodyOf(record: FlowRecord, answer: ApplicationAnswer): unknown {
  const mediaType = textAt(record, 'http.successMediaType');
  const hasPaths = Object.values(objectAt(record, 'http.response')).some((path) => !isEmpty(pick(path, 0)));
  return mediaType !== undefined || hasPaths ? parseBody(answer, mediaType) : looseBody(answer);
}

function resultOfOne(given: Batch, answer: ApplicationAnswer, body: unknown, operation: number): ImportResult {
  const response = objectAt(given.record, 'http.response');
  const failure = failureIn(response, isSuccess(answer), body, operation);
  const [submission] = given.batch;
  if (failure) return refused(answer, body, failure.error);
  return success(given, submission as Submission, resourceIn(response, body, operation), body, operation);
}

function resultsOfList(given: Batch, answer: ApplicationAnswer, body: unknown, operation: number): ImportResult[] {
  const { record, batch } = given;
  const response = objectAt(record, 'http.response');
  const list = resourceIn(response, body, operation);
  if (!isSuccess(answer) || !Array.isArray(list) || list.length !== batch.length) {
    // One answer for all records.
    const failure = failureIn(response, isSuccess(answer), body, operation);
    return batch.map((submission) =>
      failure ? refused(answer, body, failure.error) : success(given, submission, undefined, body, operation),
    );
  }
  return batch.map((submission, i) => {
    const failure = failureIn(response, true, list[i], operation);
    if (failure) return refused(answer, list[i], failure.error);
    return success(given, submission, list[i], list[i], operation);
  });
}

function resourceIn(response: object, body: unknown, operation: number): unknown {
  const path = pick(own(response, 'resourcePath'), operation);
  return typeof path === 'string' && path !== '' ? readPath(body, parsePath(path)) : body;
}

function refused(answer: ApplicationAnswer, body: unknown, error: unknown): ImportResult {
  const { status: statusCode } = answer;
  return failedBy(new RecordProblem('request_failed', problemIn(answer, body, error), { source: SOURCE, statusCode }));
}

function success(
  { record, settings }: Batch,
  { preMapped, mapped }: Submission,
  resource: unknown,
  json: unknown,
  operation: number,
): ImportResult {
  const path = pick(own(objectAt(record, 'http.response'), 'resourceIdPath'), operation);
  const id =
    typeof path === 'string' && path !== ''
      ? (readPath(resource, parsePath(path)) ?? readPath(json, parsePath(path)))
      : (own(resource, 'id') ?? own(resource, '_id'));
  const dataURI = linkOf(record, { record: preMapped, data: mapped, responseData: { id, _json: json }, settings });
  return sent({
    ...(isEmpty(id) ? {} : { id }),
    ...(json === undefined ? {} : { _json: json }),
    ...(dataURI === undefined ? {} : { dataURI }),
  });
}

/** A link to the sent record. Errors are ignored: it has been sent already. */
function linkOf(record: FlowRecord, context: TemplateContext): string | undefined {
  const template = textAt(record, 'dataURITemplate');
  try {
    return template === undefined ? undefined : render(template, context, 'address');
  } catch {
    return undefined;
  }
}
