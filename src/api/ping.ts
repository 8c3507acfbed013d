/** `/connections/{_id}/ping`, and `/connections/ping` for a connection that is not stored yet. */
import { isDeepStrictEqual } from 'node:util';
import { RequestError, requestError } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import { fieldsOf, textAt } from '../record/connection-fields.ts';
import type { RequestTarget } from '../record/connection-request.ts';
import { openCredentials } from '../record/credentials.ts';
import { oauthSettingsOf } from '../record/oauth-connection.ts';
import { RecordFields } from '../record/record.ts';
import { draftBytes, tasks } from '../record/record-tasks.ts';
import { redactAnswer } from '../record/redaction-task.ts';
import { shorten } from '../shorten.ts';
import { isObjectId } from '../store/object-id.ts';
import type { Stored } from '../store/stored.ts';
import { bodyLimitsOf, readObject } from './body.ts';
import { type ApiContext, accountOf, replyJson } from './context.ts';
import { type OpenConnection, openConnection, storedConnection } from './open-connection.ts';
import { mayChooseClient } from './reach.ts';
import { bodyErrors } from './replies.ts';
import { type Api, type Route, route } from './route.ts';
import { Ping, PingOfUnsaved } from './schemas.ts';
import { sendToApplication } from './send-to-application.ts';

/** How much of an answer is shown. */
const ANSWER_CHARS = 500;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS'];
/** Results of a test, not errors of the request for it. */
const NO_ANSWER: readonly string[] = ['connection_failed', 'exchange_refused'];

const shared = { scope: 'integrations', tag: 'connections' } as const;
const pingErrors = [
  'not_found',
  'invalid_field',
  'invalid_ref',
  'credentials_unreadable',
  'permission_denied',
] as const;

export const pingRoutes: readonly Route[] = [
  route.get('/connections/{_id}/ping', {
    ...shared,
    runs: 'own',
    summary: 'Tests a connection',
    replies: { 200: { description: 'Result of the test.', schema: Ping } },
    errors: pingErrors,
    async handle(ctx, api) {
      const { answer: _, ...result } = await ping(ctx, api, await openConnection(ctx, api.service));
      api.service.reachability.record(ctx.params._id as string, result.success);
      replyJson(ctx, result);
    },
  }),
  route.post('/connections/ping', {
    ...shared,
    summary: 'Tests a connection that is not saved',
    description:
      'The body is a connection. With the `_id` of a stored connection, masks stand for its credentials, as in a `PUT`.',
    body: { schema: RecordFields },
    replies: { 200: { description: 'Result of the test.', schema: PingOfUnsaved } },
    errors: [...bodyErrors, ...pingErrors.filter((code) => code !== 'invalid_field')],
    async handle(ctx, api) {
      replyJson(ctx, await ping(ctx, api, await unsavedConnection(ctx, api)));
    },
  }),
];

interface PingResult {
  readonly success: boolean;
  readonly status?: number;
  /** Its beginning. */
  readonly answer?: string;
  readonly errors?: RequestError['errors'];
}

async function ping(ctx: ApiContext, api: Api, connection: OpenConnection): Promise<PingResult> {
  try {
    const { response, secrets } = await sendToApplication(ctx, api, connection, pingOf(connection.open.record));
    const { status } = response;
    const { body } = await redactAnswer(api.service.work, accountOf(ctx), secrets, response);
    return { success: status < 400, status, answer: shorten(body.toString(), ANSWER_CHARS) };
  } catch (error) {
    if (!(error instanceof RequestError) || !NO_ANSWER.includes(error.code)) throw error;
    return { success: false, errors: error.errors };
  }
}

function pingOf(open: JsonObject): RequestTarget {
  const { pingURI, pingMethod, pingBody } = fieldsOf(open);
  const named = textAt(open, pingMethod)?.toUpperCase() ?? 'GET';
  const method = METHODS.includes(named) ? named : 'GET';
  const text = ['GET', 'HEAD'].includes(method) ? undefined : textAt(open, pingBody);
  return {
    method,
    relativeURI: textAt(open, pingURI) ?? '',
    relativeURIField: pingURI,
    headers: text === undefined ? [] : [['content-type', /^\s*[[{]/.test(text) ? 'application/json' : 'text/plain']],
    body: text === undefined ? undefined : Buffer.from(text),
    fillsTemplates: true,
    isPing: true,
  };
}

/** @throws RequestError like a `POST`, or a `PUT` of the stored connection */
async function unsavedConnection(ctx: ApiContext, { service }: Api): Promise<OpenConnection> {
  const { value } = await readObject(ctx);
  const { _id, ...fields } = value as Readonly<Record<string, Json>>;
  const stored = _id === undefined ? undefined : await namedConnection(ctx, service, _id);
  const { name = 'unsaved', _integrationId = NOWHERE } = fields;
  const body = Buffer.from(JSON.stringify(stored ? { name, ...fields } : { ...fields, name, _integrationId }));
  const input = {
    kind: 'connections',
    body,
    limits: bodyLimitsOf(ctx),
    fixed: stored?.fixed ?? { _id: service.dispatcher.ids(), createdAt: NEVER, lastModified: NEVER },
    mayChooseClient: mayChooseClient(ctx),
    runIntegrationId: undefined,
    before: stored?.record,
  } as const;
  const facts = await service.work.run(tasks, 'draft', input, draftBytes('connections', body.length), accountOf(ctx));
  const open = openCredentials(service.keyring, JSON.parse(facts.text.toString()) as Stored);
  const [before, after] = [
    stored && oauthSettingsOf(openCredentials(service.keyring, stored.record).record),
    oauthSettingsOf(open.record),
  ];
  // Tokens belong to the connection as stored.
  const mayUseTokens = before && after && isDeepStrictEqual(before, after);
  return { head: facts.head, open, ...(stored && mayUseTokens ? { id: stored.id } : {}) };
}

/** Placeholders in the record of a connection that is not stored. */
const NOWHERE = '0'.repeat(24);
const NEVER = new Date(0).toISOString();

async function namedConnection(ctx: ApiContext, service: Api['service'], connectionId: Json) {
  if (typeof connectionId !== 'string' || !isObjectId(connectionId)) throw requestError('not_found');
  ctx.params._id = connectionId;
  const stored = await storedConnection(ctx, service);
  const { _id, createdAt, lastModified, _connectorId } = stored.head;
  const fixed: JsonObject = { _id, createdAt, lastModified, _integrationId: stored.id.integrationId };
  return { ...stored, fixed: _connectorId === undefined ? fixed : { ...fixed, _connectorId } };
}
