import { ApiError } from '../api/api-error.ts';
import type { JsonObject } from '../api/json.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { useResource } from '../app/use-resource.ts';
import { Grant, Problem } from './oauth-details.tsx';
import { textAt } from './record-values.ts';
import type { OAuthStatus } from './use-oauth.ts';

interface ConnectResultProps {
  readonly connectionId: string;
  readonly integrationId: string;
}

interface Result {
  readonly name: string;
  readonly status: OAuthStatus;
}

/** How it went at the provider, for a user who is just back from there. */
export function ConnectResult({ connectionId, integrationId }: ConnectResultProps) {
  const { value, error } = useResource<Result>({
    key: `result ${connectionId}`,
    load: async (client, signal) => {
      const record = await client.get<JsonObject>(`/connections/${connectionId}`, signal);
      // The address may name any connection.
      if (record._integrationId !== integrationId) throw new ApiError(404, [ELSEWHERE]);
      const status = await client.get<OAuthStatus>(`/connections/${connectionId}/oauth2`, signal);
      return { name: textAt(record, 'name'), status };
    },
    isAffected: () => false,
  });
  if (!value) return <ErrorNotice error={error} title="The server did not say how the sign-in went." />;
  const { name, status } = value;
  const { problem } = status;
  const isConnected = status.status === 'connected' && !problem;
  return (
    <div class={`notice ${isConnected ? 'good' : 'bad'}`} role={isConnected ? 'status' : 'alert'}>
      <strong>
        {isConnected
          ? `${name} is connected.`
          : problem
            ? `The sign-in of ${name} failed.`
            : `${name} is not connected.`}
      </strong>
      {isConnected && <Grant status={status} />}
      {problem && <Problem problem={problem} />}
    </div>
  );
}

const ELSEWHERE = { code: 'not_found', message: 'This integration has no such connection.' };
