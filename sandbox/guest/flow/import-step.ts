/** Sends records through an import: filter, `preMap`, mapping, `postMap`, submission, `postSubmit`. */
import { OfflineSignal, PageError, RecordProblem, shorten } from './errors.ts';
import { existingRule } from './existing.ts';
import { filterRecords } from './filter.ts';
import { connectionOf, type FlowRun, settingsOf } from './flow-run.ts';
import { kindOf } from './generate.ts';
import {
  callFunction,
  commonOptions,
  errorsIn,
  type GivenError,
  hookIn,
  invalidAnswer,
  listOf,
  responsesOf,
  kindOf as typeOf,
} from './hooks.ts';
import { type KeyPrefix, type Submission, submitHttp } from './http-import.ts';
import { failed, failedBy, type ImportResult, ignored, resultOf } from './import-results.ts';
import type { FlowRecord } from './interface.ts';
import { isObject, type JsonObject } from './json.ts';
import { type LookedUp, Lookups } from './lookups.ts';
import { applyMapping, compileMapping, type Mapping, type Operation } from './mapping.ts';
import { submitWrapper } from './wrapper-import.ts';

/** A record on its way through the import. */
interface Passage {
  readonly position: string;
  /** The record before or after `preMap`. */
  preMapped: unknown;
  mapped: unknown;
  operation: Operation;
  /** Errors to log that did not stop it. */
  readonly notes: GivenError[];
  /** Set once it is decided: before sending, or by the application's answer. */
  result?: ImportResult;
  wasSent?: boolean;
}

export interface ImportOptions {
  readonly key: KeyPrefix;
  /** Position of each record on its page. */
  readonly positions?: readonly string[];
}

const OFFLINE = [401, 403];

/** @returns one result per record, in their order @throws PageError, PauseSignal, OfflineSignal */
export async function importRecords(
  run: FlowRun,
  record: FlowRecord,
  records: readonly unknown[],
  { key, positions }: ImportOptions,
): Promise<ImportResult[]> {
  const all = records.map((item, i): Passage => {
    const position = positions?.[i] ?? String(i);
    return { position, preMapped: item, mapped: item, operation: 'create', notes: [] };
  });
  const open = (): Passage[] => all.filter(({ result }) => !result);
  const lookups = new Lookups(run, record);
  await filter(run, record, open());
  await preMap(run, record, open());
  await map(run, record, lookups, open());
  await postMap(run, record, open());
  await submit(run, record, lookups, key, open());
  await postSubmit(
    run,
    record,
    all.filter(({ wasSent }) => wasSent),
  );
  return all.map(({ result = ignored(), notes }) => ({ ...result, errors: [...notes, ...result.errors] }));
}

async function filter(run: FlowRun, record: FlowRecord, passages: readonly Passage[]): Promise<void> {
  const role = isObject(record.inputFilter) ? 'inputFilter' : 'filter';
  const kept = await filterRecords(
    run,
    record,
    'import',
    role,
    passages.map(({ preMapped }) => preMapped),
  );
  passages.forEach((passage, i) => {
    const isKept = kept[i];
    if (isKept instanceof RecordProblem) passage.result = failedBy(isKept);
    else if (isKept !== true) passage.result = ignored();
  });
}

async function preMap(run: FlowRun, record: FlowRecord, passages: readonly Passage[]): Promise<void> {
  await mappingHook(
    run,
    record,
    'preMap',
    passages,
    { data: passages.map(({ preMapped }) => preMapped) },
    (passage, data) => {
      passage.preMapped = data;
      passage.mapped = data;
    },
  );
}

async function postMap(run: FlowRun, record: FlowRecord, passages: readonly Passage[]): Promise<void> {
  const options = {
    preMapData: passages.map(({ preMapped }) => preMapped),
    postMapData: passages.map(({ mapped }) => mapped),
  };
  await mappingHook(run, record, 'postMap', passages, options, (passage, data) => {
    passage.mapped = data;
  });
}

/** Each entry is `{data}`, `{data, errors}`, `{errors}` or `{}`: passes, passes with errors, fails, is ignored. */
async function mappingHook(
  run: FlowRun,
  record: FlowRecord,
  role: 'preMap' | 'postMap',
  passages: readonly Passage[],
  options: JsonObject,
  take: (passage: Passage, data: unknown) => void,
): Promise<void> {
  const hook = hookIn(record.hooks, role);
  if (!hook || passages.length === 0) return;
  const answer = await callFunction(run, hook, { ...commonOptions(run, record, 'import'), ...options });
  const source = role === 'preMap' ? 'pre_map_hook' : 'post_map_hook';
  listOf(answer, hook, passages.length).forEach((entry, i) => {
    const passage = passages[i] as Passage;
    const errors = errorsIn(entry, hook).map((error) => ({ source, ...error }));
    if (entry.data !== undefined && entry.data !== null) {
      if (typeof entry.data !== 'object') {
        throw invalidAnswer(hook, `data that is a record, but entry ${i} has ${typeOf(entry.data)}`);
      }
      take(passage, entry.data);
      passage.notes.push(...errors);
    } else passage.result = errors.length > 0 ? failed(errors) : ignored();
  });
}

async function map(run: FlowRun, record: FlowRecord, lookups: Lookups, passages: readonly Passage[]): Promise<void> {
  if (Array.isArray(record.mappings) && record.mappings.length > 0 && record.mapping === undefined) {
    throw new PageError('unsupported', 'mappings of version 2 are not supported; use mapping');
  }
  const mapping = compileMapping(record.mapping, lookups);
  const rule = existingRule(record, lookups);
  const records = passages.map(({ preMapped }) => preMapped);
  const lookedUp = await lookups.resolve([...(mapping?.lookupNames ?? []), ...rule.lookupNames], records);
  const common = {
    import: record,
    settings: settingsOf(run, record, 'import'),
    staticLookups: lookups.maps,
    lastExportDateTime: run.context.lastExportDateTime,
    currentExportDateTime: run.context.currentExportDateTime,
  };
  passages.forEach((passage, i) => {
    try {
      const itsLookups = lookedUp[i] as LookedUp;
      const decision = rule.decide(passage.preMapped, itsLookups);
      if (decision === 'ignore') {
        passage.result = ignored();
        return;
      }
      passage.operation = decision;
      passage.mapped = mapping ? mapped(mapping, passage, common, itsLookups) : withoutParent(passage.preMapped);
    } catch (error) {
      if (!(error instanceof RecordProblem)) throw error;
      passage.result = failedBy(error);
    }
  });
}

function mapped(mapping: Mapping, { preMapped, operation }: Passage, common: JsonObject, lookedUp: LookedUp): object {
  const target = {};
  const context = { ...common, record: preMapped, data: [preMapped] };
  applyMapping(mapping, { record: preMapped, context, operation, lookedUp }, target);
  return target;
}

/** Removes the reference to the parent record, which is not part of the child. */
function withoutParent(record: unknown): unknown {
  if (!isObject(record) || !Object.hasOwn(record, '_PARENT')) return record;
  const { _PARENT, ...own } = record;
  return own;
}

async function submit(
  run: FlowRun,
  record: FlowRecord,
  lookups: Lookups,
  key: KeyPrefix,
  passages: readonly Passage[],
): Promise<void> {
  if (passages.length === 0) return;
  const submissions = passages.map(
    ({ preMapped, mapped, operation, position }): Submission => ({ preMapped, mapped, operation, position }),
  );
  const kind = kindOf(record);
  if (kind === 'webhook') throw new PageError('unsupported', `the import ${record._id} is neither http nor wrapper`);
  const results =
    kind === 'wrapper'
      ? await submitWrapper(run, record, submissions)
      : await submitHttp(run, record, submissions, key, lookups.maps);
  passages.forEach((passage, i) => {
    passage.result = results[i] as ImportResult;
    passage.wasSent = true;
  });
}

async function postSubmit(run: FlowRun, record: FlowRecord, passages: readonly Passage[]): Promise<void> {
  const hook = hookIn(record.hooks, 'postSubmit');
  if (!hook || passages.length === 0) return;
  const answer = await callFunction(run, hook, {
    ...commonOptions(run, record, 'import'),
    preMapData: passages.map(({ preMapped }) => preMapped),
    postMapData: passages.map(({ mapped }) => mapped),
    responseData: passages.map(({ result }) => result?.response),
  });
  responsesOf(answer, hook, passages.length).forEach((entry, i) => {
    const passage = passages[i] as Passage;
    const errors = errorsIn(entry, hook);
    if (OFFLINE.includes(Number(entry.statusCode))) {
      const message = errors[0]?.message ?? `postSubmit (hooks.${hook.name}) answered with ${entry.statusCode}`;
      throw new OfflineSignal(connectionOf(run, record)?._id ?? '', shorten(message));
    }
    passage.result = resultOf(entry, errors, 'post_submit_hook', passage.result);
  });
}
