/** The connection in the path, with its credentials in clear: only for making a request. */
import { requestError } from '../errors.ts';
import type { Service } from '../integration/service.ts';
import type { ConnectionId } from '../oauth/stored-tokens.ts';
import { type OpenRecord, openSecrets } from '../record/credentials.ts';
import { recordOf } from '../record/records.ts';
import type { Stored } from '../store/stored.ts';
import { type ApiContext, unitOf } from './context.ts';
import { ownerOf } from './records.ts';

export interface OpenConnection {
  /** Undefined for one that is not stored. */
  readonly id?: ConnectionId;
  readonly head: Stored;
  readonly open: OpenRecord;
}

/** @throws RequestError `not_found`, `access_restricted`, `invalid_field`, `credentials_unreadable` */
export async function openConnection(
  ctx: ApiContext,
  service: Service,
): Promise<OpenConnection & { readonly id: ConnectionId }> {
  const connectionId = ctx.params._id as string;
  const integrationId = await ownerOf(ctx, service, 'connections');
  const unit = await unitOf(ctx, service, integrationId);
  const connection = recordOf(unit, 'connections', connectionId);
  if (connection.isLarge) throw requestError('invalid_field', { field: '', message: 'The connection is too large.' });
  const open = openSecrets(service.keyring, 'connections', connection.value);
  if (!open) throw requestError('credentials_unreadable');
  return { id: { integrationId, connectionId }, head: connection.head, open };
}
