/** Calls a connector's hooks and wrappers, and checks their answers. */
import { messageOf, PageError, type PageErrorCode, shorten } from './errors.ts';
import { connectionOf, type FlowRun, settingsOf } from './flow-run.ts';
import type { FlowRecord } from './interface.ts';
import { at, isEmpty, isObject, type JsonObject, objectAt, textAt } from './json.ts';
import { NotPlain, plainCopy } from './plain-copy.ts';

export interface ConnectorFunction {
  /** For messages: `preMap`. */
  readonly role: string;
  readonly section: 'hooks' | 'wrappers';
  readonly name: string;
  readonly configuration?: unknown;
}

const failureCodes: Readonly<Record<ConnectorFunction['section'], PageErrorCode>> = {
  hooks: 'hook_invalid_response',
  wrappers: 'wrapper_invalid_response',
};

/** @param hooks a record's `hooks` */
export function hookIn(hooks: unknown, role: string): ConnectorFunction | undefined {
  const name = textAt(hooks, `${role}.function`);
  if (name === undefined) return undefined;
  const configuration = at(hooks, `${role}.configuration`);
  return { role, section: 'hooks', name, ...(configuration === undefined ? {} : { configuration }) };
}

/** The wrapper function of an export or import. @throws PageError `unsupported` */
export function wrapperOf(record: FlowRecord, role: string): ConnectorFunction {
  const wrapper = objectAt(record, 'wrapper');
  const name = textAt(wrapper, 'function');
  if (name === undefined)
    throw new PageError('unsupported', `${record._id} has the type wrapper, but no wrapper.function`);
  return { role, section: 'wrappers', name, configuration: wrapper.configuration ?? {} };
}

/** Options of all functions of an export or import. */
export function commonOptions(run: FlowRun, record: FlowRecord, kind: 'export' | 'import'): JsonObject {
  const { context } = run;
  const { bearerToken, _integrationId, flow, _jobId, testMode } = context;
  const connectionId = connectionOf(run, record)?._id;
  return {
    bearerToken,
    _integrationId,
    ...(kind === 'export' ? { _exportId: record._id } : { _importId: record._id }),
    ...(connectionId === undefined ? {} : { _connectionId: connectionId }),
    ...(flow ? { _flowId: flow._id } : {}),
    ...(_jobId === undefined ? {} : { job: { _id: _jobId } }),
    settings: settingsOf(run, record, kind),
    testMode: testMode === true,
    ...('_connectorId' in context ? { _connectorId: context._connectorId } : {}),
    ...('opts' in context ? { opts: context.opts } : {}),
  };
}

/** A copy of the function's answer, which it cannot change later. @throws PageError, or what the function threw */
export async function callFunction(run: FlowRun, callee: ConnectorFunction, options: JsonObject): Promise<unknown> {
  const { section, name, configuration } = callee;
  const given = configuration === undefined ? options : { ...options, configuration };
  let answer: unknown;
  try {
    answer = await run.connector.call(section, name, plainCopy(given) as object);
  } catch (error) {
    throw withCode(error, callee);
  }
  try {
    return answer === undefined ? undefined : plainCopy(answer);
  } catch (error) {
    const what = error instanceof NotPlain ? error.message : 'a value that throws when it is read';
    throw invalidAnswer(callee, `plain JSON, but answered with ${what}`);
  }
}

/** A connector's error keeps its code, or gets ours if it has none. */
function withCode(error: unknown, { role, section, name }: ConnectorFunction): unknown {
  const code: unknown = at(error, 'code');
  const isMissing = code === 'object_not_found' || code === 'invalid_function';
  if (!isMissing && (typeof code === 'string' || typeof code === 'number') && code !== '') return error;
  const message = isMissing
    ? `${role} names ${section}.${shorten(name, 100)}, which the connector does not have`
    : `${role} (${section}.${shorten(name, 100)}) failed: ${messageOf(error)}`;
  const failed = new PageError('hook_failed', message);
  const stack: unknown = error instanceof Error ? error.stack : undefined;
  if (typeof stack === 'string') failed.stack = stack;
  return failed;
}

export function invalidAnswer({ role, section, name }: ConnectorFunction, expected: string): PageError {
  return new PageError(
    failureCodes[section],
    `${role} (${section}.${shorten(name, 100)}) must answer with ${expected}`,
  );
}

/** @throws PageError */
export function listOf(answer: unknown, callee: ConnectorFunction, length: number): readonly JsonObject[] {
  if (!Array.isArray(answer)) throw invalidAnswer(callee, `a list, but answered with ${kindOf(answer)}`);
  if (answer.length !== length) {
    throw invalidAnswer(callee, `a list of ${length} entries, but answered with ${answer.length}`);
  }
  const wrong = answer.findIndex((item) => !isObject(item));
  if (wrong !== -1) throw invalidAnswer(callee, `objects, but entry ${wrong} is ${kindOf(answer[wrong])}`);
  return answer;
}

/** 200 by default; NaN if it is not a number. */
export const statusOf = ({ statusCode }: JsonObject): number =>
  isEmpty(statusCode) ? 200 : typeof statusCode === 'object' ? Number.NaN : Number(statusCode);

/** A list of responses, each with a status. @throws PageError */
export function responsesOf(answer: unknown, callee: ConnectorFunction, length: number): readonly JsonObject[] {
  const list = listOf(answer, callee, length);
  const wrong = list.findIndex((entry) => !Number.isInteger(statusOf(entry)));
  if (wrong !== -1) {
    throw invalidAnswer(
      callee,
      `a statusCode that is a number, but entry ${wrong} has ${kindOf(list[wrong]?.statusCode)}`,
    );
  }
  return list;
}

export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** `{code, message, source}` as connectors write them. */
export interface GivenError {
  readonly code: string;
  readonly message: string;
  readonly source?: string;
  readonly retryDataKey?: string;
}

/** @throws PageError */
export function errorsIn(answer: JsonObject, callee: ConnectorFunction): readonly GivenError[] {
  const { errors } = answer;
  if (errors === undefined || errors === null) return [];
  if (!Array.isArray(errors)) throw invalidAnswer(callee, `a list of errors, but errors is ${kindOf(errors)}`);
  return errors.map((error: unknown, i): GivenError => {
    if (!isObject(error)) throw invalidAnswer(callee, `errors that are objects, but error ${i} is ${kindOf(error)}`);
    const source = textAt(error, 'source');
    const retryDataKey = textAt(error, 'retryDataKey');
    return {
      code: textAt(error, 'code') ?? 'Error',
      message: textAt(error, 'message') ?? 'no message',
      ...(source === undefined ? {} : { source }),
      ...(retryDataKey === undefined ? {} : { retryDataKey }),
    };
  });
}
