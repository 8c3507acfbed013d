/** The steps of a flow, as the drawing shows them. Pure. */
import { asString, isJsonObject, type Json, type JsonObject } from '../api/json.ts';
import type { Counts, JobStep, StoredRecord } from '../api/types.ts';
import { type FlowRecord, objectsIn } from './flow-types.ts';
import { describeSchedule } from './schedule.ts';

export interface FlowStep {
  readonly role: 'Export' | 'Lookup' | 'Import';
  readonly kind: 'exports' | 'imports';
  readonly id: string;
  /** What was configured in the flow itself. */
  readonly fields: JsonObject;
}

/** Exports first, then the steps that each page goes through. */
export function stepsOf(flow: FlowRecord): readonly FlowStep[] {
  const withDefault = (steps: readonly JsonObject[], name: '_exportId' | '_importId'): readonly JsonObject[] =>
    steps.length > 0 || flow[name] === undefined ? steps : [{ [name]: flow[name] as Json }];
  const generators = withDefault(objectsIn(flow.pageGenerators), '_exportId').map(
    (fields): FlowStep => ({ role: 'Export', kind: 'exports', id: String(fields._exportId), fields }),
  );
  const processors = withDefault(objectsIn(flow.pageProcessors), '_importId').map((fields): FlowStep => {
    const isLookup = fields.type === 'export' || (fields.type === undefined && fields._exportId !== undefined);
    return isLookup
      ? { role: 'Lookup', kind: 'exports', id: String(fields._exportId), fields }
      : { role: 'Import', kind: 'imports', id: String(fields._importId), fields };
  });
  return [...generators, ...processors];
}

/** How many of a flow's steps are exports that begin it. */
export const generatorsIn = (steps: readonly FlowStep[]): number =>
  steps.filter(({ role }) => role === 'Export').length;

/** The counts of a job for each step. The flow may have been changed since: a step that the job had not has none. */
export function countsOf(
  steps: readonly FlowStep[],
  jobSteps: readonly JobStep[] = [],
): readonly (Counts | undefined)[] {
  const left = [...jobSteps];
  return steps.map(({ id }) => {
    const index = left.findIndex(({ _exportId, _importId }) => (_exportId ?? _importId) === id);
    return index < 0 ? undefined : left.splice(index, 1)[0];
  });
}

/** How an export or import reaches its application. */
export function typeOf({ adaptorType, type, wrapper }: StoredRecord): string {
  if (type === 'webhook') return 'Webhook';
  const adaptor = asString(adaptorType)?.replace(/(?:Export|Import)$/, '');
  const base = isJsonObject(wrapper as Json) || adaptor === 'Wrapper' ? 'Wrapper' : (adaptor ?? 'HTTP');
  return type === 'delta' ? `${base}, changes only` : type === 'test' ? `${base}, test` : base;
}

const hookOrder = ['preSavePage', 'preMap', 'postMap', 'postSubmit', 'postResponseMap'];

/** What happens to the records in a step, in order: `["preMap", "addTax"]`. */
export function hooksOf(step: FlowStep, record: StoredRecord | undefined): readonly (readonly [string, string])[] {
  const hooks = [record?.hooks, step.fields.hooks].flatMap((value) =>
    isJsonObject(value) ? Object.entries(value) : [],
  );
  const named = hooks.flatMap(([name, hook]) => {
    const called = isJsonObject(hook) ? asString(hook.function) : undefined;
    return called === undefined ? [] : [[name, called] as const];
  });
  const wrapper = isJsonObject(record?.wrapper) ? asString(record.wrapper.function) : undefined;
  const own = wrapper === undefined ? [] : [['wrapper', wrapper] as const];
  return [...own, ...named.toSorted(([a], [b]) => hookOrder.indexOf(a) - hookOrder.indexOf(b))];
}

/** When a flow starts, in words. */
export function startsOf(flow: FlowRecord, webhooks: ReadonlySet<string>): string {
  if (flow.disabled === true) return 'Off: nothing starts it';
  const generators = stepsOf(flow).filter(({ role }) => role === 'Export');
  const schedules = [flow.schedule, ...generators.map(({ fields }) => fields.schedule)];
  const texts = schedules.filter((text): text is string => typeof text === 'string' && text.trim() !== '');
  const words = [...new Set(texts)].map(describeSchedule);
  const zone = asString(flow.timezone) ?? 'UTC';
  const parts = words.length === 0 ? [] : [`${words.join('; ')} (${zone})`];
  if (generators.some(({ id }) => webhooks.has(id))) parts.push('When its webhook receives something');
  return parts.length === 0 ? 'Only when started by hand' : parts.join('. ');
}
