/**
 * A job's progress, committed in the integration's document together with each page's changes (contract 16). After a
 * crash the job resumes at the first uncommitted page.
 */
import { requestError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { UnitOfWork } from '../store/unit-of-work.ts';
import type { StepCounts } from './engine-answer.ts';
import { flowLimits } from './limits.ts';
import type { Position, SourcePage } from './sources.ts';

/** Totals of the committed pages. */
export interface JobTotals {
  readonly numExport: number;
  readonly pages: number;
  /** Per export: records read, and errors of its hooks. */
  readonly exports: readonly StepCounts[];
  readonly processors: readonly StepCounts[];
  /** Characters of the retained failed records. */
  readonly errorChars?: number;
}

export interface JobCheckpoint {
  readonly _id: string;
  readonly startedAt: string;
  /** Ids of the flow's exports and steps when the job began. Position and totals refer to them. */
  readonly steps?: readonly string[];
  readonly position: Position;
  readonly totals: JobTotals;
  /** All pages are committed. */
  readonly isComplete: boolean;
}

export interface Checkpoint {
  /** Time up to which each delta export has been read, by its id. */
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
 * The checkpoint after a page.
 *
 * @param steps counts of the steps it went through
 * @param errorChars characters of the job's retained failed records
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
