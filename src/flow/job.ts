/** The record of a job, with the fields of integrator.io (contract 16). */
import Type, { type Static } from '#typebox';
import { jobStatuses, type StoredJob } from '../store/jobs.ts';
import { ObjectId, Timestamp } from '../store/stored.ts';

const Count = Type.Integer({ minimum: 0 });

const counters = {
  numSuccess: Count,
  numError: Count,
  numIgnore: Count,
};

/** One step of a flow in a job. Shown as a job of its own below the flow's (`_flowJobId`). */
export const JobStep = Type.Object({
  _id: ObjectId,
  type: Type.Enum(['export', 'import']),
  _exportId: Type.Optional(ObjectId),
  _importId: Type.Optional(ObjectId),
  ...counters,
});
export type JobStep = Static<typeof JobStep>;

/** A step as `GET /jobs?_flowJobId=…` lists it. */
export const StepJob = Type.Object({
  ...JobStep.properties,
  _flowJobId: ObjectId,
  _integrationId: ObjectId,
  _flowId: ObjectId,
  status: Type.Enum([...jobStatuses]),
  createdAt: Timestamp,
  lastModified: Timestamp,
  startedAt: Type.Optional(Timestamp),
  endedAt: Type.Optional(Timestamp),
});

const JobProblem = Type.Object({ code: Type.String(), message: Type.String() });

export const jobTriggers = ['user', 'schedule', 'webhook', 'run'] as const;
export type JobTrigger = (typeof jobTriggers)[number];

export const Job = Type.Object({
  _id: ObjectId,
  type: Type.Enum(['flow', 'retry'], { description: '`retry`: sends failed records again.' }),
  _integrationId: ObjectId,
  _flowId: ObjectId,
  _connectorId: Type.Optional(ObjectId),
  _retryOfJobId: Type.Optional(ObjectId),
  status: Type.Enum([...jobStatuses]),
  triggeredBy: Type.Enum([...jobTriggers]),
  node: Type.Optional(Type.String({ description: 'Name of the node that runs it or ran it last.' })),
  createdAt: Timestamp,
  lastModified: Timestamp,
  scheduledAt: Type.Optional(Timestamp),
  startedAt: Type.Optional(Timestamp),
  endedAt: Type.Optional(Timestamp),
  ...counters,
  numExport: Count,
  numPagesGenerated: Count,
  numPagesProcessed: Count,
  numOpenError: Count,
  numResolved: Count,
  doneExporting: Type.Boolean(),
  retriable: Type.Boolean({ description: 'It has failed records that can be sent again.' }),
  errors: Type.Optional(Type.Array(JobProblem, { description: 'Why the job failed.' })),
  steps: Type.Optional(Type.Array(JobStep)),
  /** Restrictions from the request: exports, dates of delta exports, errors to retry. */
  exportIds: Type.Optional(Type.Array(ObjectId)),
  startDate: Type.Optional(Timestamp),
  endDate: Type.Optional(Timestamp),
  errorIds: Type.Optional(Type.Array(ObjectId)),
});
export type Job = Static<typeof Job> & StoredJob;

export function newJob(
  fields: Pick<Job, '_id' | 'type' | '_integrationId' | '_flowId' | 'triggeredBy'> & Partial<Job>,
  now: Date,
): Job {
  const createdAt = now.toISOString();
  return {
    ...fields,
    status: 'queued',
    createdAt,
    lastModified: createdAt,
    numSuccess: 0,
    numError: 0,
    numIgnore: 0,
    numExport: 0,
    numPagesGenerated: 0,
    numPagesProcessed: 0,
    numOpenError: 0,
    numResolved: 0,
    doneExporting: false,
    retriable: false,
  } as Job;
}

export const hasEnded = ({ status }: Pick<StoredJob, 'status'>): boolean =>
  status === 'completed' || status === 'failed' || status === 'canceled';
