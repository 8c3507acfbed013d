/** Sends a request to the application of a connection, with its credentials. */
import { BrokerError, type BrokerErrorCode } from '../broker/broker-error.ts';
import { OriginPermissions } from '../broker/origin-permissions.ts';
import type { OutboundResponse } from '../broker/outbound.ts';
import { OWN_FLOWS } from '../broker/own-flows.ts';
import { requestError } from '../errors.ts';
import type { Service } from '../integration/service.ts';
import type { JsonObject } from '../json.ts';
import { originOf } from '../record/connection-fields.ts';
import { connectionRequest, type RequestTarget } from '../record/connection-request.ts';
import { oauthSettingsOf } from '../record/oauth-connection.ts';
import { redactAnswer, type SecretTexts } from '../record/redaction-task.ts';
import type { IssuedTokens } from '../record/token-set.ts';
import { type ApiContext, abortSignalOf, accountOf } from './context.ts';
import type { OpenConnection } from './open-connection.ts';
import type { Api } from './route.ts';

/** An application's answer, and the redaction that it needs. */
export interface ApplicationAnswer {
  readonly response: OutboundResponse;
  readonly secrets: SecretTexts;
}

/** Renews a token that the application refuses, once. @throws RequestError */
export async function sendToApplication(
  ctx: ApiContext,
  { service, oauth: { accessTokens } }: Pick<Api, 'service' | 'oauth'>,
  connection: OpenConnection,
  target: RequestTarget,
): Promise<ApplicationAnswer> {
  const settings = oauthSettingsOf(connection.open.record);
  if (!settings) return sendOnce(ctx, service, connection, target);
  const { id } = connection;
  if (!id) return sendOnce(ctx, service, connection, target, await accessTokens.forUnsaved(settings));
  const oauthConnection = { ...id, ...settings };
  const tokens = await accessTokens.current(oauthConnection);
  const sent = await sendOnce(ctx, service, connection, target, tokens);
  if (sent.response.status !== 401) return sent;
  const renewed = await accessTokens.replaceRefused(oauthConnection, tokens.accessToken);
  return renewed ? sendOnce(ctx, service, connection, target, renewed) : sent;
}

async function sendOnce(
  ctx: ApiContext,
  service: Service,
  { head, open }: OpenConnection,
  target: RequestTarget,
  tokens?: IssuedTokens,
): Promise<ApplicationAnswer> {
  const { secrets, ...request } = connectionRequest(open, target, tokens);
  try {
    const author = permittedConnectorOf(ctx, head, target);
    if (author !== undefined) await assertPermitted(service, author, request.url);
    // Credentials may only go to this origin, whatever header has them and wherever a redirect leads.
    const permissions = [originOf(open.record) ?? ''];
    const response = await service.outbound.fetch(
      request,
      { connectorId: connectorIdOf(ctx, head), permissions, trace: ctx.state.trace },
      abortSignalOf(ctx),
    );
    return { response, secrets };
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    const { [error.code]: code = 'connection_failed' } = lasting;
    const { body: message } = await redactAnswer(service.work, accountOf(ctx), secrets, {
      headers: [],
      body: Buffer.from(error.message),
    });
    throw requestError(code, { message: message.toString() });
  }
}

/** Failures that are the same when the request is repeated. */
const lasting: Readonly<Partial<Record<BrokerErrorCode, 'permission_denied' | 'exchange_refused'>>> = {
  permission_denied: 'permission_denied',
  invalid_request: 'exchange_refused',
  response_too_large: 'exchange_refused',
  too_many_redirects: 'exchange_refused',
};

/** The connector whose connection pool to use. */
function connectorIdOf({ state: { grant } }: ApiContext, { _connectorId }: JsonObject): string {
  return grant?.connectorId ?? (typeof _connectorId === 'string' ? _connectorId : 'administrator');
}

/** Methods that change nothing (RFC 9110, 9.2.1). */
const SAFE = ['GET', 'HEAD', 'OPTIONS'];

/**
 * The connector whose permissions apply. A run reaches only what its manifest permits, a user whatever the connection
 * names. But the connector defines what a user's ping does, so a ping that does more than read needs its permissions.
 */
function permittedConnectorOf({ state: { grant } }: ApiContext, head: JsonObject, target: RequestTarget) {
  // Flows of an integration without a connector are its users' own.
  if (grant?.connectorId === OWN_FLOWS) return undefined;
  if (grant) return grant.connectorId;
  const { _connectorId } = head;
  const isOwn = target.isPing !== true || SAFE.includes(target.method);
  return isOwn || typeof _connectorId !== 'string' ? undefined : _connectorId;
}

/** @throws BrokerError */
async function assertPermitted(service: Service, connectorId: string, url: string): Promise<void> {
  const connector = await service.catalog.find(connectorId);
  const patterns = connector?.manifest.connector.permissions?.fetch ?? [];
  new OriginPermissions(patterns).assertPermitted(new URL(url));
}
