/** Runs one export or import alone. */
import { PageError } from './errors.ts';
import type { FlowRun } from './flow-run.ts';
import { generatePage } from './generate.ts';
import { importRecords } from './import-step.ts';
import type { InvokeOptions } from './interface.ts';
import { RecordErrors } from './record-errors.ts';

/** Limits of an export's answer: characters, and pages to read. */
const DATA_CHARS = 4 * 1024 * 1024;
const PAGES = 1_000;

export async function invokeExport(run: FlowRun, { record, data, limits }: InvokeOptions): Promise<unknown> {
  const errors = new RecordErrors(limits.errors);
  const found: unknown[] = [];
  let [state, chars] = [undefined as unknown, 0];
  for (let pageIndex = 0; pageIndex < PAGES; pageIndex++) {
    const pageRun = { ...run, context: { ...run.context, pageIndex } };
    const page = await generatePage(pageRun, {
      record,
      errors,
      ...(state === undefined ? {} : { state }),
      ...(data === undefined ? {} : { data }),
    });
    chars += JSON.stringify(page.data).length;
    if (chars > DATA_CHARS) {
      throw new PageError('page_too_large', `the export has more than ${DATA_CHARS} characters; run it in a flow`);
    }
    found.push(...page.data);
    if (page.isLast || JSON.stringify(page.state) === JSON.stringify(state)) break;
    state = page.state;
  }
  return { data: found, ...(errors.list.length === 0 ? {} : { errors: errors.list }) };
}

export async function invokeImport(run: FlowRun, { record, data = [] }: InvokeOptions): Promise<unknown> {
  // Nothing repeats this call, so its keys may be random.
  const key = { prefix: crypto.randomUUID(), step: 0 };
  const results = await importRecords(run, record, data, { key });
  return results.map(({ response, errors }) => ({ ...response, ...(errors.length === 0 ? {} : { errors }) }));
}
