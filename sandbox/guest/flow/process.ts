/** Sends one page through the flow's page processors. */
import type { FlowRun } from './flow-run.ts';
import { callFunction, commonOptions, hookIn, invalidAnswer, kindOf } from './hooks.ts';
import type { ImportResult } from './import-results.ts';
import { importRecords } from './import-step.ts';
import type { ProcessedPage, ProcessOptions, Processor, StepCounts } from './interface.ts';
import type { JsonObject } from './json.ts';
import { lookUpRecords } from './lookup-step.ts';
import { applyMapping, compileMapping, type Mapping } from './mapping.ts';
import { type Child, childrenOf, retryDataOf, targetIn } from './one-to-many.ts';
import { plainCopy } from './plain-copy.ts';
import { RecordErrors } from './record-errors.ts';

/** A record of the page that has not failed. */
interface Traveller {
  /** Its index on the original page. */
  readonly position: number;
  record: unknown;
}

export async function processPage(run: FlowRun, options: ProcessOptions): Promise<ProcessedPage> {
  const { processors, firstProcessor, data, idempotencyPrefix, limits } = options;
  const errors = new RecordErrors(limits.errors);
  const steps: StepCounts[] = [];
  let travellers = data.map((record, position): Traveller => ({ position, record }));
  for (let step = firstProcessor; step < processors.length; step++) {
    const processor = processors[step] as Processor;
    const passed = await passStep(run, processor, { step, travellers, errors, prefix: idempotencyPrefix });
    steps.push(passed.counts);
    travellers = passed.travellers;
  }
  return { steps, errors: errors.list, errorsDropped: errors.dropped };
}

interface Step {
  readonly step: number;
  readonly travellers: readonly Traveller[];
  readonly errors: RecordErrors;
  readonly prefix: string;
}

async function passStep(
  run: FlowRun,
  processor: Processor,
  { step, travellers, errors, prefix }: Step,
): Promise<{ readonly counts: StepCounts; readonly travellers: Traveller[] }> {
  const { record, type } = processor;
  const children = childrenOf(
    record,
    travellers.map((traveller) => traveller.record),
  );
  const records = children.map((child) => child.record);
  const positions = children.map(({ parent, index }) => positionOf(travellers[parent] as Traveller, index));
  const results =
    type === 'export'
      ? await lookUpRecords(run, record, records, { step, errors })
      : await importRecords(run, record, records, { key: { prefix, step }, positions });
  const counts = { numSuccess: 0, numError: 0, numIgnore: 0 };
  const failedParents = new Set<number>();
  results.forEach((result, i) => {
    const child = children[i] as Child;
    const isOut = count(counts, result) && processor.proceedOnFailure !== true;
    if (isOut) failedParents.add(child.parent);
    const { record: item } = travellers[child.parent] as Traveller;
    const retryData = isOut ? { retryData: retryDataOf(record, item, child) } : {};
    const { statusCode } = result;
    for (const { code, message, source = type } of result.errors) {
      errors.add({ code, message, source, step, ...(statusCode === undefined ? {} : { statusCode }), ...retryData });
    }
  });
  const merged = mergeResponses(processor, travellers, children, results);
  const going = travellers.flatMap((traveller, i) =>
    failedParents.has(i) ? [] : [{ ...traveller, record: merged[i], index: i }],
  );
  await postResponseMap(run, processor, going, children, results);
  return { counts, travellers: going.map(({ position, record: item }) => ({ position, record: item })) };
}

const positionOf = ({ position }: Traveller, index: number | undefined): string =>
  index === undefined ? String(position) : `${position}.${index}`;

/** @returns whether the record has failed */
function count(
  counts: { numSuccess: number; numError: number; numIgnore: number },
  { outcome }: ImportResult,
): boolean {
  if (outcome === 'success') counts.numSuccess++;
  else if (outcome === 'ignore') counts.numIgnore++;
  else counts.numError++;
  return outcome === 'error';
}

/** The records with the fields that `responseMapping` takes from the responses. */
function mergeResponses(
  { record, responseMapping }: Processor,
  travellers: readonly Traveller[],
  children: readonly Child[],
  results: readonly ImportResult[],
): unknown[] {
  const records = travellers.map((traveller) => traveller.record);
  const mapping = compileMapping(responseMapping);
  if (!mapping) return records;
  const copies = new Map<number, unknown>();
  children.forEach((child, i) => {
    const { parent } = child;
    // Hooks may still hold the record, so copy it, once.
    if (!copies.has(parent)) copies.set(parent, plainCopy(records[parent]));
    const target = targetIn(record, copies.get(parent), child);
    if (target) merge(mapping, (results[i] as ImportResult).response as unknown as JsonObject, target);
  });
  return records.map((item, i) => copies.get(i) ?? item);
}

function merge(mapping: Mapping, response: JsonObject, target: object): void {
  applyMapping(mapping, { record: response, context: { record: response } }, target);
}

async function postResponseMap(
  run: FlowRun,
  { record, hooks, type }: Processor,
  going: { record: unknown; readonly index: number }[],
  children: readonly Child[],
  results: readonly ImportResult[],
): Promise<void> {
  const hook = hookIn(hooks, 'postResponseMap');
  if (!hook || going.length === 0) return;
  const { oneToMany = false, pathToMany } = record;
  const responsesOf = (index: number): unknown => {
    const own = results.filter((_, i) => children[i]?.parent === index).map(({ response }) => response);
    return oneToMany === true ? own : own[0];
  };
  const answer = await callFunction(run, hook, {
    ...commonOptions(run, record, type),
    postResponseMapData: going.map((traveller) => traveller.record),
    responseData: going.map(({ index }) => responsesOf(index)),
    oneToMany,
    ...(pathToMany === undefined ? {} : { pathToMany }),
  });
  if (!Array.isArray(answer)) throw invalidAnswer(hook, `a list, but answered with ${kindOf(answer)}`);
  if (answer.length !== going.length) {
    throw invalidAnswer(hook, `a list of ${going.length} records, but answered with ${answer.length}`);
  }
  answer.forEach((item: unknown, i) => {
    if (typeof item !== 'object' || item === null) {
      throw invalidAnswer(hook, `records that are objects, but entry ${i} is ${kindOf(item)}`);
    }
    (going[i] as { record: unknown }).record = item;
  });
}
