/** A flow and the records it refers to, read from one version of its integration. */
import { fieldErrors, requestError } from '../errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { recordOf } from '../record/records.ts';
import type { Part } from '../store/part.ts';
import type { UnitOfWork } from '../store/unit-of-work.ts';
import { flowLimits } from './limits.ts';

export interface FlowGenerator {
  readonly exportId: string;
  readonly isWebhook: boolean;
  /** Page size of a webhook, if the export sets one. */
  readonly pageSize?: number | undefined;
  /** Do not retain the data of records that fail, so they cannot be retried. */
  readonly skipsRetries: boolean;
}

export interface FlowProcessor {
  readonly type: 'export' | 'import';
  readonly id: string;
  /** The step's own fields: `responseMapping`, `hooks`, `proceedOnFailure`. */
  readonly fields: JsonObject;
}

export interface FlowDefinition {
  readonly flow: Part;
  readonly generators: readonly FlowGenerator[];
  readonly processors: readonly FlowProcessor[];
  readonly isDisabled: boolean;
}

/** @throws RequestError `not_found`, or `invalid_field` for a flow that cannot run */
export function definitionOf(unit: UnitOfWork, flowId: string): FlowDefinition {
  const flow = recordOf(unit, 'flows', flowId);
  if (flow.isLarge) throw invalid('', 'The flow is too large to run.');
  const fields = flow.value;
  if (Array.isArray(fields.routers) && fields.routers.length > 0) {
    throw invalid('routers', 'Flows with routers do not run.');
  }
  const steps = stepsIn(fields);
  const generators = steps.generators.map((step, index): FlowGenerator => {
    const exportId = idOf(unit, 'exports', step._exportId, `pageGenerators.${index}._exportId`);
    const part = unit.record('exports', exportId);
    const isWebhook = part?.head.type === 'webhook';
    const pageSize = isWebhook && !part.isLarge ? numberIn(part.value.pageSize) : undefined;
    return { exportId, isWebhook, pageSize, skipsRetries: (step.skipRetries ?? fields.skipRetries) === true };
  });
  const processors = steps.processors.map(({ type, fields: step }, index): FlowProcessor => {
    const field = type === 'export' ? '_exportId' : '_importId';
    return { type, id: idOf(unit, `${type}s`, step[field], `pageProcessors.${index}.${field}`), fields: step };
  });
  if (generators.length === 0) throw invalid('pageGenerators', 'The flow has no export.');
  if (generators.length + processors.length > flowLimits.steps) {
    throw invalid('pageProcessors', `The flow has more than ${flowLimits.steps} steps.`);
  }
  return { flow, generators, processors, isDisabled: fields.disabled === true };
}

const numberIn = (value: Json | undefined): number | undefined => (typeof value === 'number' ? value : undefined);

/** Ids of its exports and steps, in order. */
export const stepIdsOf = ({ generators, processors }: FlowDefinition): string[] => [
  ...generators.map(({ exportId }) => exportId),
  ...processors.map(({ id }) => id),
];

/** The steps in a flow record, which may be lists or single ids. */
export function stepsIn(flow: JsonObject): {
  readonly generators: readonly JsonObject[];
  readonly processors: readonly Omit<FlowProcessor, 'id'>[];
} {
  const { _exportId, _importId } = flow;
  const processors = listOf(flow.pageProcessors, _importId === undefined ? [] : [{ type: 'import', _importId }]);
  return {
    generators: listOf(flow.pageGenerators, _exportId === undefined ? [] : [{ _exportId }]),
    processors: processors.map((fields) => {
      const isLookup = fields.type === 'export' || (fields.type === undefined && '_exportId' in fields);
      return { type: isLookup ? 'export' : 'import', fields };
    }),
  };
}

/** The records a flow refers to, each once. @throws RequestError if one is missing, or all together are too large */
export function recordsIn(unit: UnitOfWork, { generators, processors }: FlowDefinition) {
  const exports = [
    ...generators.map(({ exportId }) => exportId),
    ...processors.flatMap(({ type, id }) => (type === 'export' ? [id] : [])),
  ];
  const imports = processors.flatMap(({ type, id }) => (type === 'import' ? [id] : []));
  const parts = {
    exports: new Map([...new Set(exports)].map((id) => [id, recordOf(unit, 'exports', id)])),
    imports: new Map([...new Set(imports)].map((id) => [id, recordOf(unit, 'imports', id)])),
  };
  const steps = [...parts.exports.values(), ...parts.imports.values()];
  const connections = connectionsOf(unit, steps);
  assertSize([...steps, ...connections.values()]);
  return { ...parts, connections };
}

/** Every page's argument contains these records, so their total size is limited. @throws RequestError */
export function assertSize(records: Iterable<Part>): void {
  let bytes = 0;
  for (const record of records) {
    bytes += record.knownBytes || record.bytes;
    if (bytes <= flowLimits.definitionBytes) continue;
    throw invalid(
      '',
      `The flow's exports, imports and connections exceed ${flowLimits.definitionBytes} bytes in total.`,
    );
  }
}

/** The connections of these exports and imports. */
export function connectionsOf(unit: UnitOfWork, records: readonly Part[]): Map<string, Part> {
  const ids = records.flatMap((record) =>
    record.references.flatMap(({ kind, id }) => (kind === 'connections' && typeof id === 'string' ? [id] : [])),
  );
  return new Map([...new Set(ids)].map((id) => [id, recordOf(unit, 'connections', id)]));
}

function listOf(value: Json | undefined, fallback: readonly JsonObject[]): readonly JsonObject[] {
  return Array.isArray(value) && value.length > 0 ? value.filter(isJsonObject) : fallback;
}

function idOf(unit: UnitOfWork, kind: 'exports' | 'imports', id: Json | undefined, field: string): string {
  if (typeof id === 'string' && unit.record(kind, id)) return id;
  throw invalid(field, `${field} does not name one of this integration's ${kind}.`);
}

const invalid = (field: string, message: string): Error =>
  field === ''
    ? requestError('invalid_field', { field, message })
    : fieldErrors([{ code: 'invalid_field', field, message }]);
