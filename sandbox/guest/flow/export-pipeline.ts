/** Processes the records of a page after reading: filter, transformation, `preSavePage`. */
import { RecordProblem } from './errors.ts';
import { filterRecords, transformRecords } from './filter.ts';
import type { FlowRun } from './flow-run.ts';
import { callFunction, commonOptions, errorsIn, type GivenError, hookIn, invalidAnswer, kindOf } from './hooks.ts';
import type { FlowRecord } from './interface.ts';
import { isObject, type JsonObject, own } from './json.ts';
import type { RecordErrors } from './record-errors.ts';

export interface PipedPage {
  readonly data: readonly unknown[];
  /** The hook wants no further pages. */
  readonly isAborted: boolean;
}

/** Errors of records before the hook, which may change them. */
interface PageErrors {
  readonly errors: readonly GivenError[];
  readonly retryData: JsonObject;
}

const SOURCE = 'pre_save_page_hook';

/**
 * @param given errors that came with the page
 * @param step index of the processor, for lookups
 */
export async function pipe(
  run: FlowRun,
  record: FlowRecord,
  read: readonly unknown[],
  given: readonly GivenError[],
  { list, step }: { readonly list: RecordErrors; readonly step?: number },
): Promise<PipedPage> {
  const errors: GivenError[] = [...given];
  const retryData: Record<string, unknown> = {};
  const good = (results: readonly unknown[], records: readonly unknown[]): number[] =>
    results.flatMap((result, i) => {
      if (!(result instanceof RecordProblem)) return [i];
      const retryDataKey = String(errors.length);
      errors.push({ code: result.code, message: result.message, source: result.source, retryDataKey });
      retryData[retryDataKey] = { data: records[i], stage: result.source };
      return [];
    });
  const kept = await filterRecords(run, record, 'export', 'filter', read);
  const filtered = good(kept, read).flatMap((i) => (kept[i] === true ? [read[i]] : []));
  const transformed = await transformRecords(run, record, 'export', filtered);
  const data = good(transformed, filtered).map((i) => transformed[i]);
  return savePage(run, record, data, { errors, retryData }, { list, ...(step === undefined ? {} : { step }) });
}

async function savePage(
  run: FlowRun,
  record: FlowRecord,
  data: readonly unknown[],
  { errors, retryData }: PageErrors,
  { list, step }: { readonly list: RecordErrors; readonly step?: number },
): Promise<PipedPage> {
  const add = (error: GivenError, retry: unknown): void => {
    const { code, message, source = SOURCE } = error;
    list.add({
      code,
      message,
      source,
      ...(step === undefined ? {} : { step }),
      ...(retry === undefined ? {} : { retryData: retry }),
    });
  };
  const retryOf = ({ retryDataKey = '' }: GivenError): unknown => own(own(retryData, retryDataKey), 'data');
  const hook = hookIn(record.hooks, 'preSavePage');
  if (!hook) {
    for (const error of errors) add(error, retryOf(error));
    return { data, isAborted: false };
  }
  const { pageIndex = 0, lastExportDateTime, currentExportDateTime } = run.context;
  const dates = record.type === 'delta' ? { lastExportDateTime, currentExportDateTime } : {};
  const answer = await callFunction(run, hook, {
    ...commonOptions(run, record, 'export'),
    data,
    errors,
    retryData,
    pageIndex,
    ...dates,
  });
  if (!isObject(answer)) throw invalidAnswer(hook, `an object with data, but answered with ${kindOf(answer)}`);
  if (!Array.isArray(answer.data)) throw invalidAnswer(hook, `data as a list, but data is ${kindOf(answer.data)}`);
  const wrong = answer.data.findIndex((item: unknown) => typeof item !== 'object' || item === null);
  if (wrong !== -1) {
    throw invalidAnswer(hook, `records that are objects or lists, but data[${wrong}] is ${kindOf(answer.data[wrong])}`);
  }
  for (const error of answer.errors === undefined ? errors : errorsIn(answer, hook)) add(error, retryOf(error));
  const { newErrorsAndRetryData: more = [] } = answer;
  if (!Array.isArray(more)) throw invalidAnswer(hook, `newErrorsAndRetryData as a list, but it is ${kindOf(more)}`);
  for (const entry of more as readonly unknown[]) {
    if (!isObject(entry)) throw invalidAnswer(hook, `newErrorsAndRetryData of objects, but one is ${kindOf(entry)}`);
    for (const error of errorsIn(entry, hook)) add(error, entry.retryData);
  }
  return { data: answer.data, isAborted: answer.abort === true };
}
