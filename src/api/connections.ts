/** `/connections/{_id}/proxy` and `/ping`: requests with a connection's credentials, which stay hidden (contract 8). */
import Type from '#typebox';
import { BrokerError } from '../broker/broker-error.ts';
import { OriginPermissions } from '../broker/origin-permissions.ts';
import type { OutboundResponse } from '../broker/outbound.ts';
import { methods } from '../broker/platform-api.ts';
import { RequestError, requestError } from '../errors.ts';
import type { Service } from '../integration/service.ts';
import type { JsonObject } from '../json.ts';
import { oauthConnectionOf } from '../oauth/oauth.ts';
import { connectionRequest, type RequestTarget } from '../record/connection-request.ts';
import { at, originOf } from '../record/record.ts';
import { redactAnswer, type SecretTexts } from '../record/redaction-task.ts';
import type { IssuedTokens } from '../record/token-set.ts';
import { readBytes } from './body.ts';
import { type ApiContext, accountOf, replyJson } from './context.ts';
import { type OpenConnection, openConnection } from './open-connection.ts';
import { headersToPassOn, headerText } from './proxy-headers.ts';
import { type Api, type Route, route } from './route.ts';
import { Ping } from './schemas.ts';

/** Response headers that concern the application's connection to us or its own origin, not its answer. */
const NOT_PASSED_BACK =
  /^(?:connection|keep-alive|transfer-encoding|upgrade|te|trailer|proxy-.*|content-(?:encoding|length)|set-cookie|strict-transport-security|alt-svc|clear-site-data|access-control-.*|bulkhead-.*|x-request-id)$/;
const BODILESS = ['GET', 'HEAD'];

export const connectionRoutes: readonly Route[] = [
  route.post('/connections/{_id}/proxy', {
    scope: 'integrations',
    runs: 'own',
    tag: 'connections',
    summary: "Sends a request to the application with the connection's credentials",
    description:
      'Forwards the body and all request headers except hop-by-hop headers (RFC 9110, 7.6.1), headers of this API (`Integrator-*`, `Bulkhead-*`, `Accept-Encoding`, the trace) and credentials (`Authorization`, `Cookie`). `Content-Encoding` and `Idempotency-Key` go to the application.',
    headers: ['Integrator-Method', 'Integrator-Relative-URI'],
    body: {
      schema: Type.Unknown({ description: 'Any body that the application accepts.' }),
      types: ['*/*'],
      isRequired: false,
    },
    replies: {},
    errors: ['not_found', 'invalid_field', 'credentials_unreadable', 'permission_denied', 'connection_failed'],
    passesOn: 'replies',
    async handle(ctx, api) {
      const { service } = api;
      const body = await readBytes(ctx);
      const method = (ctx.get('Integrator-Method') || 'GET').toUpperCase();
      if (!methods.some((known) => known === method)) {
        const message = `${method.slice(0, 50)} is not an HTTP method`;
        throw requestError('invalid_field', { field: 'Integrator-Method', message });
      }
      const relativeURI = headerText(ctx.get('Integrator-Relative-URI'));
      const target = { method, relativeURI, headers: headersToPassOn(ctx.req.headers) };
      const { response, secrets } = await send(ctx, api, target, BODILESS.includes(method) ? undefined : body);
      const reply = await redactAnswer(service.work, accountOf(ctx), secrets, response);
      ctx.status = response.status;
      for (const [name, value] of reply.headers) if (!NOT_PASSED_BACK.test(name)) ctx.append(name, value);
      ctx.body = reply.body;
    },
  }),
  route.get('/connections/{_id}/ping', {
    scope: 'integrations',
    runs: 'own',
    tag: 'connections',
    summary: 'Tests a connection',
    replies: { 200: { description: 'Result of the test.', schema: Ping } },
    errors: ['not_found', 'invalid_field', 'credentials_unreadable', 'permission_denied'],
    async handle(ctx, api) {
      const { service } = api;
      const id = ctx.params._id as string;
      try {
        const { response } = await send(ctx, api, undefined, undefined);
        const success = response.status < 400;
        service.reachability.record(id, success);
        replyJson(ctx, { success, status: response.status });
      } catch (error) {
        if (!(error instanceof RequestError) || error.code !== 'connection_failed') throw error;
        service.reachability.record(id, false);
        replyJson(ctx, { success: false, errors: error.errors });
      }
    },
  }),
];

/**
 * A token that the application refuses is renewed, once.
 *
 * @param target default: the connection's `http.ping`
 */
async function send(
  ctx: ApiContext,
  api: Api,
  target: RequestTarget | undefined,
  body: Buffer | undefined,
): Promise<{ readonly response: OutboundResponse; readonly secrets: SecretTexts }> {
  const { accessTokens } = api.oauth;
  const connection = await openConnection(ctx, api.service);
  const oauthConnection = oauthConnectionOf(connection, connection.open.record);
  const tokens = oauthConnection && (await accessTokens.current(oauthConnection));
  const sent = await sendOnce(ctx, api.service, connection, tokens, target, body);
  if (!tokens || sent.response.status !== 401) return sent;
  const renewed = await accessTokens.renewed(oauthConnection, tokens.accessToken);
  return renewed ? sendOnce(ctx, api.service, connection, renewed, target, body) : sent;
}

async function sendOnce(
  ctx: ApiContext,
  service: Service,
  { head, open }: OpenConnection,
  tokens: IssuedTokens | undefined,
  target: RequestTarget = pingOf(open.record),
  body: Buffer | undefined,
): Promise<{ readonly response: OutboundResponse; readonly secrets: SecretTexts }> {
  const { secrets, ...request } = connectionRequest(open, target, tokens);
  try {
    await assertPermitted(ctx, service, request.url);
    // The credentials belong to this origin, wherever a redirect leads and whichever header holds them.
    const permissions = [originOf(open.record) ?? ''];
    const response = await service.outbound.fetch(
      { ...request, body: body ?? null },
      { connectorId: connectorIdOf(ctx, head), permissions, trace: ctx.state.trace },
      abortSignalOf(ctx),
    );
    return { response, secrets };
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    const code = error.code === 'permission_denied' ? 'permission_denied' : 'connection_failed';
    const { body: message } = await redactAnswer(service.work, accountOf(ctx), secrets, {
      headers: [],
      body: Buffer.from(error.message),
    });
    throw requestError(code, { message: message.toString() });
  }
}

/** Aborts when nobody waits for the answer any more: the run has ended, or the client is gone. */
function abortSignalOf({ state: { grant }, res }: ApiContext): AbortSignal {
  if (grant) return grant.signal;
  const gone = new AbortController();
  res.once('close', () => gone.abort());
  return gone.signal;
}

function pingOf(open: JsonObject): RequestTarget {
  const [relativeURI, method] = ['relativeURI', 'method'].map((key) => at(open, ['http', 'ping', key]));
  return {
    method: typeof method === 'string' && BODILESS.includes(method.toUpperCase()) ? method.toUpperCase() : 'GET',
    relativeURI: typeof relativeURI === 'string' ? relativeURI : '',
    relativeURIField: 'http.ping.relativeURI',
    headers: [],
  };
}

/** The connector whose pool of connections is used. */
function connectorIdOf({ state: { grant } }: ApiContext, { _connectorId }: JsonObject): string {
  return grant?.connectorId ?? (typeof _connectorId === 'string' ? _connectorId : 'administrator');
}

/** A run reaches only what its manifest permits, a user whatever the connection names. @throws BrokerError */
async function assertPermitted({ state: { grant } }: ApiContext, service: Service, url: string): Promise<void> {
  if (!grant) return;
  const connector = await service.catalog.find(grant.connectorId);
  const patterns = connector?.manifest.connector.permissions?.fetch ?? [];
  new OriginPermissions(patterns).assertPermitted(new URL(url));
}
