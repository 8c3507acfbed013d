/** Runs one export or import alone (contract 16). */
import { requestError } from '../errors.ts';
import type { Service } from '../integration/service.ts';
import { recordOf } from '../record/records.ts';
import type { Caller } from '../store/audit.ts';
import { UnitOfWork } from '../store/unit-of-work.ts';
import type { Trace } from '../trace-context.ts';
import { assertSize, connectionsOf } from './definition.ts';
import { argumentText, RecordTexts } from './engine-argument.ts';
import { connectorFor, invoke } from './engine-calls.ts';
import { engineLimits } from './page-arguments.ts';

export interface Invocation {
  readonly integrationId: string;
  readonly kind: 'exports' | 'imports';
  readonly id: string;
  /** JSON of an array: the records for an import. */
  readonly data: Buffer | undefined;
  readonly trace: Trace;
  readonly by: Caller;
}

/** @returns JSON @throws RequestError */
export function invokeAlone(service: Service, invocation: Invocation): Promise<string> {
  return service.activity.during(async () => {
    const { integrationId, kind, id, data, trace, by } = invocation;
    const unit = await UnitOfWork.open(service.store, integrationId);
    const connector = await connectorFor(service, unit);
    const record = recordOf(unit, kind, id);
    if (record.isLarge) throw requestError('invalid_field', { field: '', message: 'The record is too large to run.' });
    const texts = new RecordTexts(service, { owner: connector._id, charge() {} });
    const parts = connectionsOf(unit, [record]);
    assertSize(parts.values());
    const connections = await texts.connections(parts);
    const body = argumentText(
      [['"record":', (await texts.of(kind, record)).text], connections.pieces, ...(data ? [['"data":', data]] : [])],
      {
        type: kind === 'exports' ? 'export' : 'import',
        currentExportDateTime: service.now().toISOString(),
        testMode: record.head.type === 'test',
        limits: engineLimits,
      },
    );
    const { secrets } = connections;
    const lane = `${id} invoke`;
    return invoke(service, { unit, connector, function: 'invoke', lane, body, secrets, by, trace });
  });
}
