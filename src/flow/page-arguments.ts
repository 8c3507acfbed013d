/** The arguments of the engine's functions for the pages of one job. */
import { requestError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { recordOf } from '../record/records.ts';
import type { JobCheckpoint } from './checkpoint.ts';
import { recordsIn } from './definition.ts';
import { argumentText, type RecordTexts } from './engine-argument.ts';
import type { Job } from './job.ts';
import { flowLimits } from './limits.ts';
import type { Scene } from './scene.ts';
import type { PageRequest, SourcePage } from './sources.ts';

export interface PageArgument {
  /** JSON. */
  readonly body: Buffer;
  /** Credentials in it. */
  readonly secrets: readonly string[];
}

export async function generateArgument(
  texts: RecordTexts,
  job: Job,
  scene: Scene,
  { generator, received, state, pageIndex }: PageRequest,
): Promise<PageArgument> {
  const { unit, definition } = scene;
  const record = recordOf(unit, 'exports', definition.generators[generator]?.exportId ?? '');
  const connections = await texts.connections(recordsIn(unit, definition).connections);
  const body = argumentText(
    [
      ['"export":', (await texts.of('exports', record)).text],
      ['"flow":', (await texts.of('flows', definition.flow)).text],
      connections.pieces,
      ...(received ? [[`"received":[${received.join()}]`]] : []),
      ...(state === undefined ? [] : [[`"state":${JSON.stringify(state)}`]]),
    ],
    { ...common(job, scene, record.head._id), pageIndex, testMode: record.head.type === 'test' },
  );
  return { body, secrets: connections.secrets };
}

export async function processArgument(
  texts: RecordTexts,
  job: Job,
  scene: Scene,
  { data, firstProcessor }: SourcePage,
): Promise<PageArgument> {
  const { unit, definition, checkpoint } = scene;
  const records = recordsIn(unit, definition);
  const connections = await texts.connections(records.connections);
  const processors: (string | Buffer)[] = ['"processors":['];
  for (const { type, id, fields } of definition.processors) {
    const kind = `${type}s` as const;
    const part = records[kind].get(id);
    if (!part) throw requestError('conflict');
    const { responseMapping, hooks, proceedOnFailure } = fields;
    const own = JSON.stringify({ type, responseMapping, hooks, proceedOnFailure }).slice(0, -1);
    const separator = processors.length > 1 ? ',' : '';
    processors.push(separator, own, ',"record":', (await texts.of(kind, part)).text, '}');
  }
  processors.push(']');
  const { generator, pageIndex } = (checkpoint.job as JobCheckpoint).position;
  const body = argumentText(
    [
      ['"data":', typeof data === 'string' ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength)],
      ['"flow":', (await texts.of('flows', definition.flow)).text],
      connections.pieces,
      processors,
    ],
    {
      ...common(job, scene, definition.generators[generator]?.exportId),
      pageIndex,
      firstProcessor,
      idempotencyPrefix: `${job._id}/${generator}/${pageIndex}`,
    },
  );
  return { body, secrets: connections.secrets };
}

/** Arguments of all engine functions. */
function common({ startDate, endDate, _id }: Job, { checkpoint }: Scene, exportId: string | undefined): JsonObject {
  const last = startDate ?? (exportId === undefined ? undefined : checkpoint.deltas[exportId]);
  return {
    _jobId: _id,
    currentExportDateTime: endDate ?? (checkpoint.job as JobCheckpoint).startedAt,
    ...(last === undefined ? {} : { lastExportDateTime: last }),
    limits: engineLimits,
  };
}

const { pageRecords, pageBytes, pauseMs, pageErrors: errors } = flowLimits;
export const engineLimits = Object.freeze({ pageRecords, pageBytes, pauseMs, errors });
