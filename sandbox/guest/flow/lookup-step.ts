/** A lookup step: an export that reads for each record. */
import { PageError, RecordProblem } from './errors.ts';
import { filterRecords } from './filter.ts';
import type { FlowRun } from './flow-run.ts';
import { generatePage } from './generate.ts';
import { failedBy, type ImportResult, ignored } from './import-results.ts';
import type { FlowRecord } from './interface.ts';
import { inParallel } from './parallel.ts';
import type { RecordErrors } from './record-errors.ts';

const AT_ONCE = 10;
/** Pages and records of one lookup. */
const PAGES = 100;
const RECORDS = 1_000;

/** @returns a response per record, with the result as `data` */
export async function lookUpRecords(
  run: FlowRun,
  record: FlowRecord,
  records: readonly unknown[],
  { step, errors }: { readonly step: number; readonly errors: RecordErrors },
): Promise<ImportResult[]> {
  const kept = await filterRecords(run, record, 'export', 'inputFilter', records);
  return inParallel(records, AT_ONCE, async (item, i): Promise<ImportResult> => {
    const isKept = kept[i];
    if (isKept instanceof RecordProblem) return failedBy(isKept);
    if (isKept !== true) return ignored();
    try {
      const data = await readAll(run, record, item, { step, errors });
      return { outcome: 'success', response: { statusCode: 200, data } as ImportResult['response'], errors: [] };
    } catch (error) {
      if (error instanceof RecordProblem) return failedBy(error);
      if (!(error instanceof PageError) || error.code !== 'template_invalid') throw error;
      return failedBy(new RecordProblem(error.code, error.message, { source: 'http' }));
    }
  });
}

async function readAll(
  run: FlowRun,
  record: FlowRecord,
  item: unknown,
  { step, errors }: { readonly step: number; readonly errors: RecordErrors },
): Promise<unknown[]> {
  const found: unknown[] = [];
  let state: unknown;
  for (let pages = 0; pages < PAGES && found.length < RECORDS; pages++) {
    const page = await generatePage(run, {
      record,
      data: [item],
      step,
      errors,
      ...(state === undefined ? {} : { state }),
    });
    found.push(...page.data);
    if (page.isLast) break;
    if (JSON.stringify(page.state) === JSON.stringify(state)) break;
    state = page.state;
  }
  return found.slice(0, RECORDS);
}
