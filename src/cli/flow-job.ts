/** Runs a flow on a server, follows its job to the end, and reports the result. */
import { setTimeout as sleep } from 'node:timers/promises';
import { hasEnded, type Job } from '../flow/job.ts';
import { CommandError } from './command.ts';
import { followEvents, type ServerEvent } from './follow-events.ts';
import { requestOk, type ServerTarget } from './server-client.ts';

export interface NamedFlow {
  readonly _id: string;
  readonly name: string;
  readonly _integrationId: string;
}

const ID = /^[0-9a-f]{24}$/;
/** Poll interval, in case an event was lost. */
const LOOK_AGAIN_MS = 5_000;
const ERRORS_SHOWN = 5;

/** @param filter of the list, such as `_connectorId=…` @throws CommandError */
export async function findFlow(server: ServerTarget, wanted: string, filter = ''): Promise<NamedFlow> {
  if (ID.test(wanted)) {
    return (await (await requestOk(server, { method: 'GET', path: `/v1/flows/${wanted}` })).json()) as NamedFlow;
  }
  const query = [`name=${encodeURIComponent(wanted)}`, 'limit=2', ...(filter === '' ? [] : [filter])].join('&');
  const [only, other] = (await (
    await requestOk(server, { method: 'GET', path: `/v1/flows?${query}` })
  ).json()) as NamedFlow[];
  if (!only) throw new CommandError(`There is no flow named ${wanted}.`);
  if (other) throw new CommandError(`Several flows are named ${wanted}: use an id instead, such as ${only._id}.`);
  return only;
}

/**
 * Starts a job of the flow and waits for its end. If the signal aborts the wait, the job goes on.
 *
 * @param body of `POST /flows/{_id}/run`
 * @param onEvent gets the events of the flow's integration meanwhile
 * @throws CommandError
 */
export async function runFlow(
  server: ServerTarget,
  { _id: flowId, _integrationId }: NamedFlow,
  body: object,
  onEvent: (event: ServerEvent) => void = () => {},
): Promise<Job> {
  let bell = Promise.withResolvers<void>();
  const unfollow = await followEvents(
    server,
    (event) => {
      onEvent(event);
      if (event.name === 'job.ended' && event.data._flowId === flowId) bell.resolve();
    },
    `?_integrationId=${_integrationId}`,
  );
  try {
    const path = `/v1/flows/${flowId}/run`;
    const started = await requestOk(server, { method: 'POST', path, body: JSON.stringify(body) });
    const { _jobId } = (await started.json()) as { readonly _jobId: string };
    for (;;) {
      bell = Promise.withResolvers();
      const job = (await (await requestOk(server, { method: 'GET', path: `/v1/jobs/${_jobId}` })).json()) as Job;
      if (hasEnded(job)) return job;
      const look = sleep(LOOK_AGAIN_MS, undefined, { signal: server.signal, ref: false });
      await Promise.race([bell.promise, look]);
    }
  } finally {
    await unfollow();
  }
}

export interface JobError {
  readonly code: string;
  readonly message: string;
}

/** Why the job failed, and the first failed records. */
export async function firstErrors(server: ServerTarget, { _id, errors = [] }: Job): Promise<readonly JobError[]> {
  const path = `/v1/jobs/${_id}/joberrors?resolved=false&limit=${ERRORS_SHOWN}`;
  const ofRecords = (await (await requestOk(server, { method: 'GET', path })).json()) as JobError[];
  return [...errors, ...ofRecords].map(({ code, message }) => ({ code, message }));
}

export const countsLine = ({ numExport, numSuccess, numError, numIgnore }: CountsOfJob): string =>
  [
    [numExport, 'read'],
    [numSuccess, 'sent'],
    [numError, 'failed'],
    [numIgnore, 'ignored'],
  ]
    .map(([count = 0, word]) => `${count.toLocaleString('en')} ${word}`)
    .join(', ');

type CountsOfJob = Pick<Job, 'numExport' | 'numSuccess' | 'numError' | 'numIgnore'>;

/** `Orders completed in 1.2 s: 250 read, …`, and a line for each error. */
export function jobLines({ name }: NamedFlow, job: Job, errors: readonly JobError[]): string[] {
  const { _id, status, startedAt, endedAt, numOpenError } = job;
  const seconds =
    startedAt && endedAt ? ` in ${((Date.parse(endedAt) - Date.parse(startedAt)) / 1_000).toFixed(1)} s` : '';
  const more = numOpenError - ERRORS_SHOWN;
  return [
    `${name} ${status}${seconds}: ${countsLine(job)}.`,
    ...errors.map(({ code, message }) => `  ${code}: ${message}`),
    ...(more > 0 ? [`  ${more.toLocaleString('en')} more: GET /v1/jobs/${_id}/joberrors`] : []),
  ];
}
