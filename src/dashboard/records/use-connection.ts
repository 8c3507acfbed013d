/** Edits a connection: loaded once, saved whole, and refused if someone else has changed it since. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../api/api-error.ts';
import type { JsonObject } from '../api/json.ts';
import type { StoredRecord } from '../api/types.ts';
import { useSession } from '../app/session.ts';
import { type Action, useAction } from '../app/use-action.ts';
import { type ConnectionDraft, draftOf, emptyDraft, needsNewCredentials, recordOf } from './credentials.ts';

export interface EditedConnection {
  /** Undefined while loading. */
  readonly draft: ConnectionDraft | undefined;
  readonly stored: ConnectionDraft | undefined;
  readonly setDraft: (draft: ConnectionDraft) => void;
  readonly save: Action<[]>;
  readonly error: unknown;
}

/**
 * @param id absent for a new connection
 * @param wantsCredentials in a step: asks for user name and password if no authentication is set
 */
export function useConnection(
  id: string | undefined,
  integrationId: string,
  wantsCredentials = false,
): EditedConnection {
  const { client } = useSession();
  const [draft, setDraft] = useState<ConnectionDraft | undefined>(id === undefined ? emptyDraft : undefined);
  const [stored, setStored] = useState<ConnectionDraft>();
  const [error, setError] = useState<unknown>();
  const before = useRef<{ record: StoredRecord; etag: string | null }>(undefined);

  const accept = (record: StoredRecord, etag: string | null): void => {
    before.current = { record, etag };
    setStored(draftOf(record));
    const next = draftOf(record);
    setDraft(wantsCredentials && next.auth === 'none' ? { ...next, auth: 'basic' } : next);
  };
  useEffect(() => {
    if (id === undefined) return;
    client
      .request<StoredRecord>('GET', `/connections/${encodeURIComponent(id)}`)
      .then(({ body, headers }) => accept(body, headers.get('etag')), setError);
  }, [client, id]);

  const save = useAction(async () => {
    if (!draft) return;
    if (id === undefined) {
      await client.post('/connections', { ...recordOf(draft), _integrationId: integrationId });
      return;
    }
    if (!before.current) return;
    const { record, etag } = before.current;
    if (stored && needsNewCredentials(draft, stored)) {
      const message = 'The address points to another server. Enter the credentials again.';
      throw new ApiError(422, [{ code: 'invalid_field', message }]);
    }
    const hasNoCredentials =
      stored?.auth === 'none' && draft.auth === 'basic' && draft.username + draft.password === '';
    const body = recordOf(hasNoCredentials ? { ...draft, auth: 'none' } : draft, record as unknown as JsonObject);
    const headers = etag === null ? {} : { 'If-Match': etag };
    const reply = await client
      .request<StoredRecord>('PUT', `/connections/${encodeURIComponent(id)}`, { body, headers })
      .catch((thrown: unknown) => {
        if (!(thrown instanceof ApiError) || thrown.status !== 412) throw thrown;
        const message = 'Someone else has changed this connection. Reopen it to see the current version.';
        throw new ApiError(412, [{ code: 'precondition_failed', message }]);
      });
    accept(reply.body, reply.headers.get('etag'));
  });
  return { draft, stored, setDraft, save, error };
}
