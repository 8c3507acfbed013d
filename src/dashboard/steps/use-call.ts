/** Calls a function of the connector, and tracks its run and its error. */
import { useRef, useState } from 'preact/hooks';
import { ApiError } from '../api/api-error.ts';
import { RUN_ID } from '../api/client.ts';
import { asString, isJsonObject, type Json } from '../api/json.ts';
import type { Run } from '../api/types.ts';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';
import { aboutIntegration, useResource } from '../app/use-resource.ts';
import { type RunRef, useStartedRun } from '../runs/use-started-run.ts';

export interface Call {
  readonly run: (functionName: string, body: Json) => Promise<boolean>;
  /** Like `run`, but rejects with the error. */
  readonly runOrThrow: (functionName: string, body: Json) => Promise<void>;
  readonly isRunning: boolean;
  readonly error: unknown;
  readonly clearError: () => void;
  /** The running function, or the last one called. */
  readonly functionName: string | undefined;
  readonly runRef: RunRef | undefined;
}

/** @param reload awaited before the call counts as done */
export function useCall(integrationId: string, section: string, reload: () => Promise<void>): Call {
  const { client } = useSession();
  const [functionName, setName] = useState<string>();
  const called = useRef<string>(undefined);
  const action = useAction(async (name: string, body: Json) => {
    called.current = name;
    setName(name);
    try {
      const path = `/integrations/${integrationId}/${section}/${encodeURIComponent(name)}`;
      const reply = await client.request('PUT', path, { body });
      throwIfUnsuccessful(reply.body, reply.headers.get(RUN_ID));
    } finally {
      await reload();
    }
  });
  const runRef = useStartedRun(
    action.isRunning,
    ({ data }) => data._integrationId === integrationId && data.section === section && data.function === called.current,
  );
  return { ...action, functionName, runRef };
}

/** A function may report failure in its result. */
function throwIfUnsuccessful(reply: Json, runId: string | null): void {
  if (!isJsonObject(reply) || reply.success !== false) return;
  const candidates = [reply.message, reply.error, isJsonObject(reply.error) ? reply.error.message : undefined].map(
    asString,
  );
  const message = candidates.find((text) => text !== undefined && text !== '') ?? 'The connector reported a failure.';
  throw new ApiError(422, [{ code: 'not_successful', message }], runId);
}

/** Runs of an integration without their logs, oldest first, including calls made before a page reload. */
export function useRuns(integrationId: string): readonly Run[] | undefined {
  return useResource<readonly Run[]>({
    key: `runs ${integrationId}`,
    load: (client, signal) =>
      client.list<Run>(`/integrations/${integrationId}/runs?exclude=log,stack`, undefined, signal),
    isAffected: aboutIntegration(integrationId, 'run.started', 'run.ended'),
  }).value;
}

export const lastRunOf = (runs: readonly Run[] | undefined, section: string, functionName: string | undefined) =>
  runs?.findLast((run) => run.section === section && run.function === functionName);
