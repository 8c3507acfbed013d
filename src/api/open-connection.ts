/** The connection in the path. Its credentials are opened only for sending a request. */
import { requestError } from '../errors.ts';
import type { Service } from '../integration/service.ts';
import type { ConnectionId } from '../oauth/stored-tokens.ts';
import { type OpenRecord, openCredentials } from '../record/credentials.ts';
import { recordOf } from '../record/records.ts';
import type { Stored } from '../store/stored.ts';
import { type ApiContext, unitOf } from './context.ts';
import { ownerOf } from './records.ts';

export interface OpenConnection {
  /** Undefined if the connection is not stored. */
  readonly id?: ConnectionId;
  readonly head: Stored;
  readonly open: OpenRecord;
}

export interface StoredConnection {
  readonly id: ConnectionId;
  readonly head: Stored;
  readonly record: Stored;
}

/** With credentials in clear. @throws RequestError like `storedConnection`, or `credentials_unreadable` */
export async function openConnection(
  ctx: ApiContext,
  service: Service,
): Promise<OpenConnection & { readonly id: ConnectionId }> {
  const { id, head, record } = await storedConnection(ctx, service);
  return { id, head, open: openCredentials(service.keyring, record) };
}

/** With credentials sealed. @throws RequestError `not_found`, `access_restricted`, `invalid_field` */
export async function storedConnection(ctx: ApiContext, service: Service): Promise<StoredConnection> {
  const connectionId = ctx.params._id as string;
  const integrationId = await ownerOf(ctx, service, 'connections');
  const part = recordOf(await unitOf(ctx, service, integrationId), 'connections', connectionId);
  if (part.isLarge) throw requestError('invalid_field', { field: '', message: 'The connection is too large.' });
  return { id: { integrationId, connectionId }, head: part.head, record: part.value };
}
