/** The figures of a job's record, from its checkpoint. Pure. */
import { hash } from 'node:crypto';
import type { JobCheckpoint } from './checkpoint.ts';
import type { FlowDefinition } from './definition.ts';
import type { StepCounts } from './engine-answer.ts';
import type { JobStep } from './job.ts';

export function countsOf(
  { generators, processors }: FlowDefinition,
  { _id, totals }: JobCheckpoint,
  errorsStored: number,
) {
  const steps: JobStep[] = [
    ...generators.map(({ exportId }, index) => ({ type: 'export', _exportId: exportId, ...totals.exports[index] })),
    ...processors.map(({ type, id }, index) => ({
      type,
      ...(type === 'export' ? { _exportId: id } : { _importId: id }),
      ...totals.processors[index],
    })),
  ].map((step, index) => ({ _id: stepId(_id, index), ...step }) as JobStep);
  const sum = (counts: readonly StepCounts[], name: keyof StepCounts): number =>
    counts.reduce((all, step) => all + step[name], 0);
  return {
    steps,
    numSuccess: sum(totals.processors, 'numSuccess'),
    numError: sum(totals.processors, 'numError') + sum(totals.exports, 'numError'),
    numIgnore: sum(totals.processors, 'numIgnore'),
    numExport: totals.numExport,
    numPagesGenerated: totals.pages,
    numPagesProcessed: totals.pages,
    numOpenError: errorsStored,
    retriable: errorsStored > 0,
  };
}

/** A step's id, derived from its job, so that it never changes. */
const stepId = (jobId: string, index: number): string => hash('sha256', `${jobId}/${index}`).slice(0, 24);
