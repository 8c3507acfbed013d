/** Results of records that were sent to an import. */
import type { RecordProblem } from './errors.ts';
import { type GivenError, statusOf } from './hooks.ts';
import type { JsonObject } from './json.ts';

/** An entry of `responseData`, for hooks and response mappings. */
export interface ImportResponse {
  readonly statusCode: number;
  readonly errors?: readonly GivenError[];
  readonly ignored?: boolean;
  readonly id?: unknown;
  readonly _json?: unknown;
  readonly dataURI?: string;
}

export interface ImportResult {
  readonly outcome: 'success' | 'error' | 'ignore';
  readonly response: ImportResponse;
  /** Why the record failed; otherwise, errors to be logged. */
  readonly errors: readonly GivenError[];
  /** HTTP status of the application, if it refused the record. */
  readonly statusCode?: number;
}

const OK = 200;
const DATA_ERROR = 422;

export const ignored = (): ImportResult => ({
  outcome: 'ignore',
  response: { statusCode: OK, ignored: true },
  errors: [],
});

export function failed(errors: readonly GivenError[], statusCode?: number): ImportResult {
  const response = { statusCode: DATA_ERROR, errors };
  return { outcome: 'error', response, errors, ...(statusCode === undefined ? {} : { statusCode }) };
}

export function failedBy({ code, message, source, statusCode }: RecordProblem): ImportResult {
  return failed([{ code, message, source }], statusCode);
}

export function sent(response: Omit<ImportResponse, 'statusCode'>): ImportResult {
  return { outcome: 'success', response: { statusCode: OK, ...response }, errors: [] };
}

/** The result that an entry of `responseData` stands for. */
export function resultOf(
  entry: JsonObject,
  errors: readonly GivenError[],
  source: string,
  before?: ImportResult,
): ImportResult {
  const { ignored: isIgnored } = entry;
  const response = { ...entry, statusCode: statusOf(entry) } as ImportResponse;
  const isOk = response.statusCode >= 200 && response.statusCode < 300;
  const given = errors.map((error) => ({ source, ...error }));
  if (!isOk) {
    const unknown = { code: 'import_failed', message: `the record has the status ${response.statusCode}`, source };
    const reasons = given.length > 0 ? given : [unknown];
    return {
      outcome: 'error',
      response,
      errors: reasons,
      ...(before?.statusCode === undefined ? {} : { statusCode: before.statusCode }),
    };
  }
  return { outcome: isIgnored === true ? 'ignore' : 'success', response, errors: given };
}
