/** `/iClients`: OAuth clients (contract 14). */
import Type from '#typebox';
import { type OAuthClient as Client, maskClient, OAuthClientFields } from '../oauth/client.ts';
import type { AuditedEvent } from '../store/audit.ts';
import { fieldChangesOf } from '../store/audited-change.ts';
import { changedFields } from '../store/field-changes.ts';
import { Stored } from '../store/stored.ts';
import { readObject } from './body.ts';
import { type ApiContext, callerOf, replyJson } from './context.ts';
import { bodyErrors, noContent } from './replies.ts';
import { type Route, route } from './route.ts';

const OAuthClient = Type.Object(
  { ...Stored.properties, ...OAuthClientFields.properties },
  { description: 'A client that the operator has registered with an OAuth provider. `clientSecret` is masked.' },
);

const shared = { scope: 'full', tag: 'iClients' } as const;
const idOf = (ctx: ApiContext): string => ctx.params._id as string;

export const oauthClientRoutes: readonly Route[] = [
  route.get('/iClients', {
    ...shared,
    summary: 'Lists OAuth clients, oldest first',
    replies: { 200: { description: 'All of them.', schema: Type.Array(OAuthClient) } },
    async handle(ctx, { oauth }) {
      replyJson(ctx, await oauth.clients.list());
    },
  }),
  route.post('/iClients', {
    ...shared,
    summary: 'Creates an OAuth client',
    body: { schema: OAuthClientFields },
    replies: { 201: { description: 'The new OAuth client.', schema: OAuthClient, headers: ['Location'] } },
    errors: bodyErrors,
    async handle(ctx, { oauth, service, audit, publicUrl }) {
      const { value } = await readObject(ctx);
      const client = await oauth.clients.create(service.dispatcher.ids(), value);
      await audit.record(callerOf(ctx), auditedClient('create', client));
      ctx.status = 201;
      ctx.set('Location', `${publicUrl()}/v1/iClients/${client._id}`);
      replyJson(ctx, client);
    },
  }),
  route.get('/iClients/{_id}', {
    ...shared,
    summary: 'Reads an OAuth client',
    replies: { 200: { description: 'The OAuth client.', schema: OAuthClient } },
    errors: ['not_found'],
    async handle(ctx, { oauth }) {
      replyJson(ctx, await oauth.clients.get(idOf(ctx)));
    },
  }),
  route.put('/iClients/{_id}', {
    ...shared,
    summary: 'Replaces an OAuth client',
    body: { schema: OAuthClientFields },
    replies: { 200: { description: 'The updated OAuth client.', schema: OAuthClient } },
    errors: [...bodyErrors, 'not_found'],
    async handle(ctx, { oauth, audit }) {
      const { value } = await readObject(ctx);
      const { before, after } = await oauth.clients.replace(idOf(ctx), value);
      const changes = fieldChangesOf(changedFields({ ...before }, { ...after }));
      await audit.record(callerOf(ctx), { ...auditedClient('update', after), ...changes });
      replyJson(ctx, maskClient(after));
    },
  }),
  route.delete('/iClients/{_id}', {
    ...shared,
    summary: 'Removes an OAuth client',
    description: 'Connections that use it can no longer renew their tokens.',
    replies: { 204: noContent },
    errors: ['not_found'],
    async handle(ctx, { oauth, audit }) {
      await audit.record(callerOf(ctx), auditedClient('delete', await oauth.clients.remove(idOf(ctx))));
      ctx.status = 204;
    },
  }),
];

const auditedClient = (event: 'create' | 'update' | 'delete', { _id, name }: Client): AuditedEvent => ({
  event,
  resourceType: 'iclient',
  _resourceId: _id,
  name,
});
