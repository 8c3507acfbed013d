/** Changes flows, starts their jobs and cancels them. */
import { ApiError } from '../api/api-error.ts';
import type { Client } from '../api/client.ts';
import type { Job } from '../api/types.ts';
import { useSession } from '../app/session.ts';
import { type Action, useAction } from '../app/use-action.ts';
import type { FlowRecord } from './flow-types.ts';

/** Jobs change their flow, too: then it is read again. */
const ATTEMPTS = 4;

/**
 * Stores a flow with a change and everything else as it is.
 *
 * @param change gets the current flow; may refuse by throwing
 * @throws ApiError
 */
export async function changeFlow(
  client: Client,
  id: string,
  change: (flow: FlowRecord) => FlowRecord,
): Promise<FlowRecord> {
  const path = `/flows/${id}`;
  for (let attempt = 1; ; attempt++) {
    const { body, headers } = await client.request<FlowRecord>('GET', path);
    const etag = headers.get('etag');
    const condition = etag === null ? {} : { headers: { 'If-Match': etag } };
    try {
      return (await client.request<FlowRecord>('PUT', path, { body: change(body), ...condition })).body;
    } catch (error) {
      const isStale = error instanceof ApiError && error.status === 412;
      if (!isStale || attempt === ATTEMPTS) throw inPlainWords(error);
    }
  }
}

export interface FlowActions {
  readonly toggle: Action<[isOn: boolean]>;
  readonly run: Action<[]>;
  readonly cancel: Action<[job: Pick<Job, '_id'>]>;
}

/** @param reload shows the outcome; the action lasts until it has resolved, so that its button does not blink */
export function useFlowActions({ _id, name }: FlowRecord, reload: () => Promise<unknown>): FlowActions {
  const { client, announce } = useSession();
  const toggle = useAction(async (isOn: boolean) => {
    await changeFlow(
      client,
      _id,
      ({ disabled: _, ...flow }) => (isOn ? flow : { ...flow, disabled: true }) as FlowRecord,
    );
    announce(isOn ? `${name} is on.` : `${name} is off.`);
    await reload();
  });
  const run = useAction(async () => {
    try {
      await client.post(`/flows/${_id}/run`, {});
      announce(`${name} has started.`);
    } catch (error) {
      throw inPlainWords(error);
    } finally {
      await reload();
    }
  });
  const cancel = useAction(async ({ _id: jobId }: Pick<Job, '_id'>) => {
    await client.put(`/jobs/${jobId}/cancel`, {});
    announce(`${name} is being cancelled.`);
    await reload();
  });
  return { toggle, run, cancel };
}

const words: Readonly<Record<string, string>> = {
  flow_running: 'The flow is running. Wait until its job has ended, or cancel it.',
  precondition_failed: 'The flow is being changed by someone else. Try again.',
};

/** The error with what to do next, where the server's words leave it open. */
export function inPlainWords(error: unknown): unknown {
  if (!(error instanceof ApiError)) return error;
  const message = words[error.code];
  return message === undefined ? error : new ApiError(error.status, [{ code: error.code, message }]);
}
