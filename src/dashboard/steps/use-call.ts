/** A call of one of the connector's functions, with its run and what came of it. */
import { useRef, useState } from 'preact/hooks';
import { ApiError } from '../api/api-error.ts';
import { isJsonObject, type Json, textOf } from '../api/json.ts';
import type { Run } from '../api/types.ts';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';
import { ofIntegration, useResource } from '../app/use-resource.ts';
import { type RunAddress, useStartedRun } from '../runs/use-started-run.ts';

export interface Call {
  readonly run: (functionName: string, body: Json) => Promise<boolean>;
  /** The same, but rejects with what was thrown. */
  readonly attempt: (functionName: string, body: Json) => Promise<void>;
  readonly isGoing: boolean;
  readonly error: unknown;
  readonly clear: () => void;
  /** Of the function that is called now, or was called last. */
  readonly functionName: string | undefined;
  readonly address: RunAddress | undefined;
}

/** @param after what has to be read anew before the call counts as over */
export function useCall(integrationId: string, section: string, after: () => Promise<void>): Call {
  const { client } = useSession();
  const [functionName, setName] = useState<string>();
  const called = useRef<string>(undefined);
  const action = useAction(async (name: string, body: Json) => {
    called.current = name;
    setName(name);
    try {
      const path = `/integrations/${integrationId}/${section}/${encodeURIComponent(name)}`;
      const reply = await client.put(path, body);
      refuse(reply);
    } finally {
      await after();
    }
  });
  const address = useStartedRun(
    action.isGoing,
    ({ data }) => data._integrationId === integrationId && data.section === section && data.function === called.current,
  );
  return { ...action, functionName, address };
}

/** A function may say in its answer that it did not succeed. */
function refuse(reply: Json): void {
  if (!isJsonObject(reply) || reply.success !== false) return;
  const said = [reply.message, reply.error, isJsonObject(reply.error) ? reply.error.message : undefined].map(textOf);
  const message =
    said.find((text) => text !== undefined && text !== '') ?? 'The connector says that it did not succeed.';
  throw new ApiError(422, [{ code: 'not_successful', message }]);
}

/** The runs of an integration without their logs, oldest first; what was called before a reload is among them. */
export function useRuns(integrationId: string): readonly Run[] | undefined {
  return useResource<readonly Run[]>({
    key: `runs ${integrationId}`,
    load: (client, signal) =>
      client.list<Run>(`/integrations/${integrationId}/runs?exclude=log,stack`, undefined, signal),
    isAffected: ofIntegration(integrationId, 'run.started', 'run.ended'),
  }).value;
}

/** The last run of a function. */
export const lastRunOf = (runs: readonly Run[] | undefined, section: string, functionName: string | undefined) =>
  runs?.findLast((run) => run.section === section && run.function === functionName);
