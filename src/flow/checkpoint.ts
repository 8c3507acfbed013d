/**
 * Where a flow's job stands, stored in the integration's document with the changes of the last page (contract 16). After
 * a crash the job goes on with the first page that was not committed.
 */
import { requestError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { UnitOfWork } from '../store/unit-of-work.ts';
import type { StepCounts } from './engine-answer.ts';
import { flowLimits } from './limits.ts';
import type { Position, SourcePage } from './sources.ts';

/** Totals of the pages that are committed. */
export interface JobTotals {
  readonly numExport: number;
  readonly pages: number;
  /** Of exports: records read, and errors of their hooks. */
  readonly exports: readonly StepCounts[];
  readonly processors: readonly StepCounts[];
  /** Characters of the failed records that are retained. */
  readonly errorChars?: number;
}

export interface JobCheckpoint {
  readonly _id: string;
  readonly startedAt: string;
  /** Ids of the flow's exports and steps when the job began: its position and totals are of these. */
  readonly steps?: readonly string[];
  readonly position: Position;
  readonly totals: JobTotals;
  /** Every page is committed. */
  readonly isComplete: boolean;
}

export interface Checkpoint {
  /** Until when each delta export has been read, by its id. */
  readonly deltas: Readonly<Record<string, string>>;
  readonly job?: JobCheckpoint;
}

const NONE: Checkpoint = Object.freeze({ deltas: {} });

export function checkpointOf(unit: UnitOfWork, flowId: string): Checkpoint {
  const part = unit.unversioned('checkpoints').get(flowId);
  return part && !part.isLarge ? (part.value as unknown as Checkpoint) : NONE;
}

export function putCheckpoint(unit: UnitOfWork, flowId: string, checkpoint: Checkpoint): void {
  unit.putUnversioned('checkpoints', flowId, checkpoint as unknown as JsonObject);
}

const noCounts: StepCounts = Object.freeze({ numSuccess: 0, numError: 0, numIgnore: 0 });

export const noTotals = (exports: number, processors: number): JobTotals => ({
  numExport: 0,
  pages: 0,
  exports: Array.from({ length: exports }, () => noCounts),
  processors: Array.from({ length: processors }, () => noCounts),
});

/**
 * The checkpoint once a page is done.
 *
 * @param steps counts of the steps that it went through
 * @param errorChars characters of the job's failed records that are retained
 * @throws RequestError
 */
export function afterPage(
  job: JobCheckpoint,
  page: SourcePage,
  steps: readonly StepCounts[],
  errorChars: number,
): JobCheckpoint {
  const { totals } = job;
  const numExport = totals.numExport + page.numRecords;
  if (numExport > flowLimits.jobRecords) {
    const message = `A job exports at most ${flowLimits.jobRecords} records.`;
    throw requestError('response_size_exceeded', { message });
  }
  const numError = page.errors.length + page.errorsDropped;
  const read = { numSuccess: page.numRecords, numError, numIgnore: 0 };
  const exports = page.generator === undefined ? totals.exports : plus(totals.exports, [read], page.generator);
  const processors = plus(totals.processors, steps, page.firstProcessor);
  const pages = totals.pages + 1;
  return { ...job, position: page.next, totals: { numExport, pages, exports, processors, errorChars } };
}

/** @param first index of the first of `more` */
function plus(counts: readonly StepCounts[], more: readonly StepCounts[], first: number): StepCounts[] {
  return counts.map((count, index) => {
    const added = more[index - first] ?? noCounts;
    return {
      numSuccess: count.numSuccess + added.numSuccess,
      numError: count.numError + added.numError,
      numIgnore: count.numIgnore + added.numIgnore,
    };
  });
}
