/** Edits a connection: loaded once, saved whole, and refused if someone else has changed it since. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../api/api-error.ts';
import type { JsonObject } from '../api/json.ts';
import { useSession } from '../app/session.ts';
import { type Action, useAction } from '../app/use-action.ts';
import type { OAuthClient, OAuthClientDraft } from '../oauth-clients/oauth-client.ts';
import { authTypeOf, isMoved, layoutOf, needsCredentials, recordToSave } from './credentials.ts';
import type { RecordForm } from './fields.tsx';
import { textAt, withValue } from './record-values.ts';

export interface EditedConnection {
  /** Undefined while loading. */
  readonly form: RecordForm | undefined;
  readonly newClient: OAuthClientDraft | undefined;
  readonly setNewClient: (draft: OAuthClientDraft | undefined) => void;
  readonly save: Action<[]>;
  /** What would be saved now, with its `_id` if it is stored. @throws ApiError */
  readonly toTest: () => JsonObject;
  readonly error: unknown;
}

const emptyRecord: JsonObject = { name: '', type: 'http', http: { baseURI: '', auth: { type: 'basic' } } };

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
  const [draft, setDraft] = useState<JsonObject | undefined>(id === undefined ? emptyRecord : undefined);
  const [stored, setStored] = useState<JsonObject>();
  const [newClient, setNewClient] = useState<OAuthClientDraft>();
  const [error, setError] = useState<unknown>();
  const etag = useRef<string | null>(null);

  const accept = (record: JsonObject, tag: string | null): void => {
    etag.current = tag;
    setStored(record);
    const authType = layoutOf(record)?.authType;
    const asks = wantsCredentials && authType !== undefined && authTypeOf(record) === 'none';
    setDraft(asks ? withValue(record, authType, 'basic') : record);
  };
  useEffect(() => {
    if (id === undefined) return;
    client
      .request<JsonObject>('GET', `/connections/${encodeURIComponent(id)}`)
      .then(({ body, headers }) => accept(body, headers.get('etag')), setError);
  }, [client, id]);

  const save = useAction(async () => {
    if (!draft) return;
    assertEntered(draft, stored);
    const chosen = authTypeOf(draft) === 'oauth' ? await withNewClient(draft) : draft;
    if (id === undefined) {
      await client.post('/connections', { ...recordToSave(chosen, undefined), _integrationId: integrationId });
      return;
    }
    const body = recordToSave(wantsCredentials ? withoutEmptyCredentials(chosen, stored) : chosen, stored);
    const headers = etag.current === null ? {} : { 'If-Match': etag.current };
    const reply = await client
      .request<JsonObject>('PUT', `/connections/${encodeURIComponent(id)}`, { body, headers })
      .catch((thrown: unknown) => {
        throw inPlainWords(thrown);
      });
    accept(reply.body, reply.headers.get('etag'));
  });

  /** Creates the client once, even if saving the connection fails afterwards. */
  const withNewClient = async (record: JsonObject): Promise<JsonObject> => {
    if (!newClient) return record;
    const { _id } = await client.post<OAuthClient>('/iClients', newClient);
    const next = withValue(record, 'http.auth.oauth._iClientId', _id);
    setDraft(next);
    setNewClient(undefined);
    return next;
  };

  const form = draft && {
    record: draft,
    stored,
    onChange: setDraft,
    isDisabled: save.isRunning,
    isMoved: isMoved(draft, stored),
  };
  const toTest = (): JsonObject => {
    const record = recordToSave(draft ?? emptyRecord, stored);
    assertEntered(record, stored);
    return record.name === '' ? withValue(record, 'name', undefined) : record;
  };
  return { form, newClient, setNewClient, save, toTest, error };
}

/** @throws ApiError if stored credentials would go elsewhere */
function assertEntered(draft: JsonObject, stored: JsonObject | undefined): void {
  if (!needsCredentials(draft, stored)) return;
  const message = 'The address leads to another server. Enter the credentials again.';
  throw new ApiError(422, [{ code: 'invalid_field', message }]);
}

/** Nothing was entered in a step whose connection had no authentication: it stays without. */
function withoutEmptyCredentials(draft: JsonObject, stored: JsonObject | undefined): JsonObject {
  const layout = layoutOf(draft);
  if (!layout || !stored || authTypeOf(stored) !== 'none' || authTypeOf(draft) !== 'basic') return draft;
  const isEmpty = textAt(draft, layout.username) + textAt(draft, layout.password) === '';
  return isEmpty ? withValue(draft, layout.authType, 'none') : draft;
}

function inPlainWords(error: unknown): unknown {
  if (!(error instanceof ApiError)) return error;
  const message = {
    412: 'Someone else has changed this connection. Reopen it to see the current version.',
    404: 'Someone else has deleted this connection.',
  }[error.status];
  return message === undefined ? error : new ApiError(error.status, [{ code: error.code, message }]);
}
