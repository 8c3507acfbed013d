/** `/iClients`: OAuth clients (contract 14). */
import Type from '#typebox';
import { OAuthClientFields } from '../oauth/client.ts';
import { Stored } from '../store/stored.ts';
import { readObject } from './body.ts';
import { type ApiContext, replyJson } from './context.ts';
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
    async handle(ctx, { oauth, service, publicUrl }) {
      const { value } = await readObject(ctx);
      const client = await oauth.clients.create(service.dispatcher.ids(), value);
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
    async handle(ctx, { oauth }) {
      const { value } = await readObject(ctx);
      replyJson(ctx, await oauth.clients.replace(idOf(ctx), value));
    },
  }),
  route.delete('/iClients/{_id}', {
    ...shared,
    summary: 'Removes an OAuth client',
    description: 'Connections that use it can no longer renew their tokens.',
    replies: { 204: noContent },
    errors: ['not_found'],
    async handle(ctx, { oauth }) {
      await oauth.clients.remove(idOf(ctx));
      ctx.status = 204;
    },
  }),
];
