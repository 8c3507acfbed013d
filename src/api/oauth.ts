/** Connects a connection with OAuth 2, via the provider and back (contract 14). */
import mustache from 'mustache';
import Type, { Compile } from '#typebox';
import { RequestError, requestError } from '../errors.ts';
import type { OAuthConnection } from '../oauth/access-tokens.ts';
import type { AuthorizationResult } from '../oauth/authorization.ts';
import { isSameBinding, oauthSettingsOf } from '../record/oauth-connection.ts';
import { Refusal, refusalText } from '../record/token-set.ts';
import { Timestamp } from '../store/stored.ts';
import { readObject } from './body.ts';
import { type ApiContext, callerOf, replyJson } from './context.ts';
import { openConnection } from './open-connection.ts';
import { noContent } from './replies.ts';
import { type Api, type Route, route } from './route.ts';

const ConnectBody = Type.Object(
  {
    returnTo: Type.Optional(
      Type.String({
        pattern: '^#/[\\w./?=&%-]*$',
        maxLength: 500,
        description: 'The dashboard page to return to. Default: a page that shows the result.',
      }),
    ),
  },
  { additionalProperties: false },
);
const validBody = Compile(ConnectBody);

const Status = Type.Object({
  status: Type.Union([Type.Literal('connected'), Type.Literal('disconnected'), Type.Literal('refused')]),
  scope: Type.Optional(Type.Array(Type.String(), { description: 'The granted scopes.' })),
  expiresAt: Type.Optional(Timestamp),
  canRenew: Type.Optional(Type.Boolean({ description: 'Whether the token can be renewed without a user.' })),
  problem: Type.Optional(Refusal),
});

const CallbackQuery = Type.Object({
  state: Type.Optional(Type.String()),
  code: Type.Optional(Type.String()),
  error: Type.Optional(Type.String()),
  error_description: Type.Optional(Type.String()),
  error_uri: Type.Optional(Type.String()),
  iss: Type.Optional(Type.String()),
});

const shared = { scope: 'integrations', tag: 'connections' } as const;
const CALLBACK = '/oauth2/callback';
const QUERY_CHARS = 16_000;

const redirectUriOf = ({ publicUrl }: Api): string => publicUrl() + CALLBACK;

export const oauthRoutes: readonly Route[] = [
  route.post('/connections/{_id}/oauth2', {
    ...shared,
    summary: 'Connects a connection with OAuth 2',
    description:
      'With an authorization code: returns the address to send the user to, valid for one sign-in within ten minutes. With client credentials: requests a token.',
    body: { schema: ConnectBody, isRequired: false },
    replies: {
      200: {
        description: 'Where to send the user, or the new status.',
        schema: Type.Union([Type.Object({ authorizationUrl: Type.String() }), Status]),
      },
    },
    errors: ['not_found', 'invalid_field', 'invalid_ref', 'credentials_unreadable', 'connection_failed'],
    async handle(ctx, api) {
      const { value } = await readObject(ctx);
      if (!validBody.Check(value)) {
        throw requestError('invalid_field', { field: 'returnTo', message: 'returnTo must be a dashboard page: #/…' });
      }
      const connection = await connectionOf(ctx, api);
      if (connection.grantType === 'clientcredentials') {
        await api.oauth.accessTokens.request(connection);
        await auditConnection(ctx, api, 'connect', connection);
        forgetFailedPing(api, connection.connectionId);
        return replyJson(ctx, await statusOf(api, connection));
      }
      const { returnTo } = value;
      const authorizationUrl = await api.oauth.authorization.begin(connection, redirectUriOf(api), returnTo);
      await auditConnection(ctx, api, 'connect', connection);
      replyJson(ctx, { authorizationUrl });
    },
  }),
  route.get('/connections/{_id}/oauth2', {
    ...shared,
    scope: 'read',
    summary: 'Reads whether a connection is connected, and until when',
    replies: { 200: { description: 'Never the tokens themselves.', schema: Status } },
    errors: ['not_found', 'invalid_field', 'credentials_unreadable'],
    async handle(ctx, api) {
      replyJson(ctx, await statusOf(api, await connectionOf(ctx, api)));
    },
  }),
  route.delete('/connections/{_id}/oauth2', {
    ...shared,
    summary: 'Disconnects a connection: revokes and deletes its tokens',
    replies: { 204: noContent },
    errors: ['not_found', 'invalid_field', 'credentials_unreadable'],
    async handle(ctx, api) {
      const connection = await connectionOf(ctx, api);
      await api.oauth.disconnect(connection);
      await auditConnection(ctx, api, 'disconnect', connection);
      ctx.status = 204;
    },
  }),
  route.get('/oauth2', {
    scope: 'read',
    tag: 'connections',
    summary: 'Reads the redirect URI to register with OAuth providers',
    replies: { 200: { description: 'The redirect URI.', schema: Type.Object({ redirectURI: Type.String() }) } },
    handle(ctx, api) {
      replyJson(ctx, { redirectURI: redirectUriOf(api) });
    },
  }),
  route.get(CALLBACK, {
    scope: 'none',
    tag: 'connections',
    summary: 'Where a provider sends the user back to',
    query: [CallbackQuery],
    replies: {
      200: { description: 'A page that shows the result.', schema: Type.String(), type: 'text/html' },
      303: { description: 'Back to the dashboard.', headers: ['Location'] },
    },
    errors: ['bad_request', 'connection_failed', 'invalid_ref', 'credentials_unreadable'],
    async handle(ctx, api) {
      // The address contains the code, which must not leak.
      ctx.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' });
      // Link previews and scanners must not use up the code.
      if (ctx.method === 'HEAD') return showPage(ctx, 'Connect', '');
      try {
        if (ctx.querystring.length > QUERY_CHARS) throw requestError('bad_request');
        const result = await api.oauth.authorization.finish(new URLSearchParams(ctx.querystring));
        if (!result.refusal) forgetFailedPing(api, result.connectionId);
        showResult(ctx, api, result);
      } catch (error) {
        if (!(error instanceof RequestError) || ctx.accepts('json', 'html') !== 'html') throw error;
        ctx.status = error.status;
        showPage(ctx, 'Not connected', error.message);
      }
    },
  }),
];

/** Tokens are not fields of the connection, so starting a sign-in is audited as connecting. */
function auditConnection(
  ctx: ApiContext,
  { audit }: Api,
  event: 'connect' | 'disconnect',
  { connectionId, integrationId }: OAuthConnection,
): Promise<void> {
  const resource = { resourceType: 'connection', _resourceId: connectionId, _integrationId: integrationId } as const;
  return audit.record(callerOf(ctx), { event, ...resource });
}

/** Forgets a failed ping, whose cause was most likely the missing token. */
const forgetFailedPing = ({ service }: Api, connectionId: string): void =>
  service.reachability.record(connectionId, true);

/** @throws RequestError if there is no such connection, or it does not use OAuth 2 */
async function connectionOf(ctx: ApiContext, { service }: Api): Promise<OAuthConnection> {
  const { open, id } = await openConnection(ctx, service);
  const settings = oauthSettingsOf(open.record);
  if (settings) return { ...id, ...settings };
  const message = 'The connection needs http.baseURI, http.auth.type oauth, and an OAuth client';
  throw requestError('invalid_field', { field: 'http.auth.oauth._iClientId', message });
}

async function statusOf({ oauth }: Api, connection: OAuthConnection): Promise<Record<string, unknown>> {
  const { binding, issued, refusal, failure } = await oauth.stored.read(connection);
  const isConnected = issued !== undefined && refusal === undefined && isSameBinding(binding, connection.binding);
  const problem = refusal ?? failure;
  return {
    status: isConnected ? 'connected' : refusal ? 'refused' : 'disconnected',
    ...(isConnected && issued.scope ? { scope: issued.scope } : {}),
    ...(isConnected && issued.expiresAt !== undefined ? { expiresAt: new Date(issued.expiresAt).toISOString() } : {}),
    ...(isConnected
      ? { canRenew: connection.grantType === 'clientcredentials' || issued.refreshToken !== undefined }
      : {}),
    ...(problem ? { problem } : {}),
  };
}

function showResult(ctx: ApiContext, { publicUrl }: Api, { returnTo, refusal }: AuthorizationResult): void {
  if (returnTo !== undefined) {
    ctx.status = 303;
    ctx.set('Location', `${publicUrl()}/${returnTo}`);
    return;
  }
  if (!refusal) return showPage(ctx, 'Connected', 'You can close this page.');
  showPage(ctx, 'Not connected', `The provider refused: ${refusalText(refusal)}`);
}

function showPage(ctx: ApiContext, title: string, text: string): void {
  ctx.set('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
  ctx.type = 'text/html';
  ctx.body = mustache.render(PAGE, { title, text });
}

/** Mustache escapes the values. */
const PAGE =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>{{title}}</title><h1>{{title}}</h1><p>{{text}}</p><p><a href="../">Open the dashboard</a></p></html>\n';
