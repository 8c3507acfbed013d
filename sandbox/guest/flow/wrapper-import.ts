/** Sends records to a wrapper's import function. */
import { OfflineSignal, shorten } from './errors.ts';
import { connectionOf, type FlowRun } from './flow-run.ts';
import { callFunction, commonOptions, errorsIn, responsesOf, wrapperOf } from './hooks.ts';
import type { Submission } from './http-import.ts';
import { type ImportResult, resultOf } from './import-results.ts';
import type { FlowRecord } from './interface.ts';

const SOURCE = 'wrapper';
const REFUSED = 401;

export async function submitWrapper(
  run: FlowRun,
  record: FlowRecord,
  submissions: readonly Submission[],
): Promise<ImportResult[]> {
  const callee = wrapperOf(record, 'import');
  const connection = connectionOf(run, record);
  const answer = await callFunction(run, callee, {
    ...commonOptions(run, record, 'import'),
    ...(connection ? { connection } : {}),
    preMapData: submissions.map(({ preMapped }) => preMapped),
    postMapData: submissions.map(({ mapped }) => mapped),
  });
  return responsesOf(answer, callee, submissions.length).map((entry) => {
    const errors = errorsIn(entry, callee);
    if (entry.statusCode === REFUSED) {
      throw new OfflineSignal(connection?._id ?? '', shorten(errors[0]?.message ?? 'the wrapper answered with 401'));
    }
    return resultOf(entry, errors, SOURCE);
  });
}
