/** Completes a job whose pages are all committed. The next delta starts where this one ended. */
import { requestError } from '../errors.ts';
import { factsOf } from '../record/record-tasks.ts';
import type { UnitOfWork } from '../store/unit-of-work.ts';
import { checkpointOf, putCheckpoint } from './checkpoint.ts';
import { definitionOf } from './definition.ts';
import type { Job } from './job.ts';

/** @throws RequestError */
export function completeJob(unit: UnitOfWork, { _flowId, type, endDate, exportIds }: Job): void {
  const checkpoint = checkpointOf(unit, _flowId);
  const { job } = checkpoint;
  if (!job) throw requestError('conflict');
  const { generators, flow } = definitionOf(unit, _flowId);
  const read = type === 'retry' ? [] : generators.filter(({ exportId }) => exportIds?.includes(exportId) ?? true);
  const until = endDate ?? job.startedAt;
  const all = { ...checkpoint.deltas, ...Object.fromEntries(read.map(({ exportId }) => [exportId, until])) };
  // An export that left the flow may come back; a removed one cannot.
  const deltas = Object.fromEntries(Object.entries(all).filter(([id]) => unit.record('exports', id)));
  putCheckpoint(unit, _flowId, { deltas, job: { ...job, isComplete: true } });
  unit.putRecord('flows', factsOf({ ...flow.value, lastExecutedAt: job.startedAt }));
}
