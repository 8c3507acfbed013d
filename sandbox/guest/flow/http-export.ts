/** Reads one answer of an HTTP export. */
import { type ApplicationRequest, isSuccess, problemIn, send } from './application.ts';
import { formatDate, InvalidDate, parseDate } from './dates.ts';
import { PageError, RecordProblem } from './errors.ts';
import { connectionOf, type FlowRun, settingsOf } from './flow-run.ts';
import type { FlowRecord } from './interface.ts';
import { asText, at, isEmpty, numberAt, objectAt, textAt } from './json.ts';
import { looseBody, parseBody } from './media.ts';
import { isPastTheEnd, nextPosition, type Position } from './paging.ts';
import { parsePath, readPath } from './path.ts';
import { buildRequest, pick, templateOf } from './request-template.ts';
import type { TemplateContext } from './template.ts';

export interface ReadAnswer {
  readonly records: readonly unknown[];
  /** Where the next answer is; undefined after the last. */
  readonly next?: Position | undefined;
}

const EPOCH = '1970-01-01T00:00:00.000Z';

/** @param lookedUp the flow's record that a lookup is for */
export async function readHttp(
  run: FlowRun,
  record: FlowRecord,
  position: Position,
  lookedUp?: unknown,
): Promise<ReadAnswer> {
  const connection = connectionOf(run, record);
  if (!connection) throw new PageError('unsupported', `the export ${record._id} has no connection`);
  const context = exportContext(run, record, position, lookedUp);
  const request = requestOf(record, connection, position, context);
  const answer = await send(run, request);
  if (isPastTheEnd(record, answer.status, position)) return { records: [] };
  const response = objectAt(record, 'http.response');
  const body = isSuccess(answer) ? parseBody(answer, textAt(record, 'http.successMediaType')) : looseBody(answer);
  const failure = failureIn(response, isSuccess(answer), body);
  if (failure) {
    const message = problemIn(answer, body, failure.error);
    // A failed lookup affects only its record.
    if (lookedUp === undefined) throw new PageError('request_failed', message);
    throw new RecordProblem('request_failed', message, { source: 'http', statusCode: answer.status });
  }
  const records = recordsIn(response, body);
  const read = { answer, body, records, relativeURI: request.relativeURI, context };
  return { records, next: nextPosition(record, connection, position, read) };
}

function requestOf(
  record: FlowRecord,
  connection: FlowRecord,
  position: Position,
  context: TemplateContext,
): ApplicationRequest {
  const template = templateOf(record, connection);
  const laterURI = position.pages > 0 ? textAt(record, 'http.paging.relativeURI') : undefined;
  const values = { address: context, body: context };
  // Text rendered from the previous answer may contain anything, so it is not rendered again.
  const address = position.relativeURI === undefined ? (laterURI ?? template.relativeURI) : '';
  const body = position.body === undefined ? template.body : undefined;
  const { isFilled } = position;
  const request = buildRequest(connection, { ...template, relativeURI: address, body, isFilled }, values);
  return {
    ...request,
    ...(position.relativeURI === undefined ? {} : { relativeURI: position.relativeURI }),
    ...(position.body === undefined
      ? {}
      : { body: position.body, headers: [...request.headers, ['content-type', 'application/json'] as const] }),
  };
}

function exportContext(run: FlowRun, record: FlowRecord, position: Position, lookedUp: unknown): TemplateContext {
  const { page, skip, token } = position;
  const http = objectAt(record, 'http');
  const paging = { ...objectAt(http, 'paging'), page, skip, token };
  const { lastExportDateTime, currentExportDateTime } = run.context;
  const isDelta = record.type === 'delta';
  return {
    ...(lookedUp === undefined ? {} : { record: lookedUp, data: [lookedUp] }),
    export: { ...record, http: { ...http, paging } },
    settings: settingsOf(run, record, 'export'),
    lastExportDateTime: isDelta ? deltaDate(record, lastExportDateTime ?? EPOCH) : lastExportDateTime,
    currentExportDateTime: isDelta ? deltaDate(record, currentExportDateTime, false) : currentExportDateTime,
  };
}

/** Minus the lag, for applications that show changes late. */
function deltaDate(record: FlowRecord, date: string | undefined, isLagged = true): string | undefined {
  if (date === undefined) return undefined;
  const lagMs = isLagged ? (numberAt(record, 'delta.lagOffset') ?? 0) : 0;
  try {
    const time = Math.max(0, parseDate(date) - lagMs);
    return formatDate(time, { format: textAt(record, 'delta.dateFormat') });
  } catch (error) {
    if (error instanceof InvalidDate) throw new PageError('template_invalid', error.message);
    throw error;
  }
}

/**
 * Whether an answer is a failure: by its status, or by values in its body.
 *
 * @param operation index of the create or update, for responses of an import
 */
export function failureIn(
  response: object,
  isOk: boolean,
  body: unknown,
  operation = 0,
): { readonly error: unknown } | undefined {
  const valueAt = (name: string): unknown => {
    const path = pick(at(response, name), operation);
    return typeof path === 'string' && path !== '' ? readPath(body, parsePath(path)) : undefined;
  };
  const valuesOf = (name: string): string[] => {
    const values = at(response, name);
    const own = Array.isArray(values) && Array.isArray(values[0]) ? pick(values, operation) : values;
    return [own]
      .flat()
      .filter((value) => !isEmpty(value))
      .map(asText);
  };
  const isSet = (name: string): boolean => !isEmpty(pick(at(response, name), operation));
  const error = valueAt('errorPath');
  if (!isOk) return { error };
  if (isSet('successPath')) {
    const value = valueAt('successPath');
    const values = valuesOf('successValues');
    const isGood = values.length === 0 ? !isEmpty(value) && value !== false : values.includes(asText(value));
    if (!isGood) return { error };
  }
  if (isSet('failPath')) {
    const value = valueAt('failPath');
    const values = valuesOf('failValues');
    const isBad = values.length === 0 ? !isEmpty(value) && value !== false : values.includes(asText(value));
    if (isBad) return { error };
  }
  return undefined;
}

function recordsIn(response: object, body: unknown): readonly unknown[] {
  const path = textAt(response, 'resourcePath');
  const found = path === undefined ? body : readPath(body, parsePath(path));
  if (isEmpty(found)) return [];
  return Array.isArray(found) ? found : [found];
}
