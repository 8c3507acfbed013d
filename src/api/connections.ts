/** `/connections/{id}/proxy` and `/ping`: requests with a connection's credentials, which nobody sees (contract 8). */
import type { Router } from '@koa/router';
import { BrokerError } from '../broker/broker-error.ts';
import { OriginPermissions } from '../broker/origin-permissions.ts';
import type { OutboundResponse } from '../broker/outbound.ts';
import { methods } from '../broker/platform-api.ts';
import { RequestError, requestError } from '../errors.ts';
import type { Service } from '../integration/service.ts';
import type { JsonObject } from '../json.ts';
import { connectionRequest, type RequestTarget } from '../record/connection-request.ts';
import { openSecrets } from '../record/credentials.ts';
import { at, originOf } from '../record/record.ts';
import { recordOf } from '../record/records.ts';
import { redactAnswer, type SecretTexts } from '../record/redaction-task.ts';
import { readBytes } from './body.ts';
import { type ApiContext, accountOf, replyJson, unitOf } from './context.ts';
import { headersToPassOn, headerText } from './proxy-headers.ts';
import { ownerOf } from './records.ts';

/** Of the application's, those that are about its connection to us or its own place, and not about what it says. */
const NOT_PASSED_BACK =
  /^(?:connection|keep-alive|transfer-encoding|upgrade|te|trailer|proxy-.*|content-(?:encoding|length)|set-cookie|strict-transport-security|alt-svc|clear-site-data|access-control-.*|bulkhead-.*|x-request-id)$/;
const BODILESS = ['GET', 'HEAD'];

export function connectionRoutes(router: Router, service: Service): void {
  router.post('/connections/:id/proxy', async (context) => {
    const ctx = context as ApiContext;
    const body = await readBytes(ctx);
    const method = (ctx.get('Integrator-Method') || 'GET').toUpperCase();
    if (!methods.some((known) => known === method)) {
      throw requestError('invalid_field', {
        field: 'Integrator-Method',
        message: `${method.slice(0, 50)} is no method`,
      });
    }
    const relativeURI = headerText(ctx.get('Integrator-Relative-URI'));
    const wanted = { method, relativeURI, headers: headersToPassOn(ctx.req.headers) };
    const { response, secrets } = await send(ctx, service, wanted, BODILESS.includes(method) ? undefined : body);
    const shown = await redactAnswer(service.work, accountOf(ctx), secrets, response);
    ctx.status = response.status;
    for (const [name, value] of shown.headers) if (!NOT_PASSED_BACK.test(name)) ctx.append(name, value);
    ctx.body = shown.body;
  });

  router.get('/connections/:id/ping', async (context) => {
    const ctx = context as ApiContext;
    try {
      const { response } = await send(ctx, service, undefined, undefined);
      const success = response.status < 400;
      service.reachability.record(ctx.params.id as string, success);
      replyJson(ctx, { success, status: response.status });
    } catch (error) {
      if (!(error instanceof RequestError) || error.code !== 'connection_failed') throw error;
      service.reachability.record(ctx.params.id as string, false);
      replyJson(ctx, { success: false, errors: error.errors });
    }
  });
}

/** @param wanted without it, what the connection's `http.ping` says */
async function send(
  ctx: ApiContext,
  service: Service,
  wanted: RequestTarget | undefined,
  body: Buffer | undefined,
): Promise<{ readonly response: OutboundResponse; readonly secrets: SecretTexts }> {
  const unit = await unitOf(ctx, service, await ownerOf(ctx, service, 'connections'));
  const connection = recordOf(unit, 'connections', ctx.params.id as string);
  if (connection.isLarge) throw requestError('invalid_field', { field: '', message: 'The connection is too large.' });
  const open = openSecrets(service.keyring, 'connections', connection.value);
  if (!open) throw requestError('credentials_unreadable');
  const { secrets, ...request } = connectionRequest(open, wanted ?? pingOf(open.record));
  try {
    await assertPermitted(ctx, service, request.url);
    // Wherever a redirect would lead: the credentials belong to this origin, in whatever header they are.
    const permissions = [originOf(open.record) ?? ''];
    const response = await service.outbound.fetch(
      { ...request, body: body ?? null },
      { connectorId: connectorIdOf(ctx, connection.head), permissions, trace: ctx.state.trace },
      endOf(ctx),
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

/** When nobody waits for the answer any more: a run has ended, a client has gone. */
function endOf({ state: { grant }, res }: ApiContext): AbortSignal {
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

/** Whose connections to the application are used. */
function connectorIdOf({ state: { grant } }: ApiContext, { _connectorId }: JsonObject): string {
  return grant?.connectorId ?? (typeof _connectorId === 'string' ? _connectorId : 'administrator');
}

/** A run reaches what its manifest names, a user what the connection names. @throws Denied */
async function assertPermitted({ state: { grant } }: ApiContext, service: Service, url: string): Promise<void> {
  if (!grant) return;
  const connector = await service.catalog.find(grant.connectorId);
  const patterns = connector?.manifest.connector.permissions?.fetch ?? [];
  new OriginPermissions(patterns).assertPermitted(new URL(url));
}
