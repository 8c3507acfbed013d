/** `/accesstokens`: tokens of limited scope for people and programs (contract 15). */
import { fieldErrors, requestError } from '../errors.ts';
import type { Service } from '../integration/service.ts';
import type { AuditedEvent } from '../store/audit.ts';
import { fieldChangesOf } from '../store/audited-change.ts';
import type { AccessTokenStore, StoredToken, TokenRecord } from '../store/storage.ts';
import {
  AccessToken,
  AccessTokenBody,
  autoPurgeAtOf,
  changesOf,
  integrationIdsOf,
  publicToken,
  recordOf,
  storedTokenOf,
} from './access-token.ts';
import { readObject } from './body.ts';
import { type ApiContext, callerOf, replyJson } from './context.ts';
import { asText, replyList } from './paging.ts';
import { assertPreconditions } from './preconditions.ts';
import { ProjectionQuery, projectionOf } from './projection.ts';
import { bodyErrors, etagHeaders, listOf, listQuery, noContent } from './replies.ts';
import { type Route, route } from './route.ts';
import { orProjected } from './schemas.ts';
import { newAccessToken } from './token-authority.ts';
import { hashToken } from './token-hash.ts';

const TOKENS_MAX = 20_000;

export const accessTokenRoutes: readonly Route[] = [
  route.get('/accesstokens', {
    scope: 'full',
    tag: 'tokens',
    summary: 'Lists access tokens, oldest first',
    query: listQuery,
    replies: listOf(AccessToken, 'A page of access tokens.'),
    async handle(ctx, { accessTokens, publicUrl }) {
      await replyList(ctx, {
        source: (after, count) => ascending(accessTokens, after, count),
        sortKeyOf: ({ record }) => [record.createdAt, record._id],
        show: (token, projection) => asText(publicToken(token), projection),
        publicUrl: publicUrl(),
      });
    },
  }),
  route.post('/accesstokens', {
    scope: 'full',
    tag: 'tokens',
    summary: 'Creates an access token, and shows it once',
    description: 'Does not support `Idempotency-Key`: the stored reply would contain the token.',
    body: { schema: AccessTokenBody },
    replies: {
      201: { description: 'The access token.', schema: AccessToken, headers: ['ETag', 'Location'] },
    },
    errors: [...bodyErrors, 'invalid_ref'],
    async handle(ctx, { service, accessTokens, audit, publicUrl }) {
      const { value } = await readObject(ctx);
      const now = service.now();
      const createdAt = now.toISOString();
      const record = recordOf(value, { _id: service.dispatcher.ids(), createdAt }, now);
      assertNoLongerThanOwn(ctx, record);
      await assertIntegrations(service, integrationIdsOf(record));
      if ((await accessTokens.count()) >= TOKENS_MAX) {
        throw requestError('invalid_field', { field: '', message: `There are at most ${TOKENS_MAX} access tokens.` });
      }
      const token = newAccessToken();
      const entry = audit.entryOf(callerOf(ctx), auditedToken('create', record));
      await accessTokens.add([storedTokenOf(hashToken(token), record, 1)], [entry]);
      ctx.status = 201;
      ctx.set({
        ETag: etagOf(1),
        Location: `${publicUrl()}/v1/accesstokens/${record._id}`,
        'Cache-Control': 'no-store',
      });
      replyJson(ctx, { ...record, token });
    },
  }),
  route.get('/accesstokens/{_id}', {
    scope: 'full',
    tag: 'tokens',
    summary: 'Reads an access token',
    query: [ProjectionQuery],
    replies: { 200: { description: 'The access token.', schema: orProjected(AccessToken), headers: etagHeaders } },
    errors: ['not_found'],
    async handle(ctx, { accessTokens }) {
      const token = await existing(ctx, accessTokens);
      ctx.set('ETag', etagOf(token.revision));
      ctx.status = 200;
      ctx.type = 'application/json; charset=utf-8';
      ctx.body = asText(publicToken(token), projectionOf(ctx));
    },
  }),
  route.put('/accesstokens/{_id}', {
    scope: 'full',
    tag: 'tokens',
    summary: 'Replaces an access token. The token itself stays',
    headers: ['If-Match', 'If-None-Match'],
    body: { schema: AccessTokenBody },
    replies: { 200: { description: 'The updated access token.', schema: AccessToken, headers: etagHeaders } },
    errors: [...bodyErrors, 'not_found', 'invalid_ref', 'precondition_failed', 'conflict'],
    async handle(ctx, { service, accessTokens, audit }) {
      const { value } = await readObject(ctx);
      const before = await existing(ctx, accessTokens);
      assertPreconditions(ctx, etagOf(before.revision));
      const { _id, createdAt } = before.record;
      const record = recordOf(value, { _id, createdAt }, service.now());
      assertNoLongerThanOwn(ctx, record);
      // An integration that no longer exists may stay in the list.
      const known = integrationIdsOf(before.record);
      await assertIntegrations(service, integrationIdsOf(record), (id) => known.includes(id));
      const changes = fieldChangesOf(changesOf(before.record, record));
      const event = record.revoked === true && before.record.revoked !== true ? 'revoke' : 'update';
      const entry = audit.entryOf(callerOf(ctx), { ...auditedToken(event, record), ...changes });
      const token = { ...before, ...storedTokenOf(before.hash, record, before.revision + 1) };
      if (!(await accessTokens.replace(token, [entry]))) throw requestError('conflict');
      ctx.set('ETag', etagOf(token.revision));
      replyJson(ctx, publicToken(token));
    },
  }),
  route.delete('/accesstokens/{_id}', {
    scope: 'full',
    tag: 'tokens',
    summary: 'Revokes an access token',
    headers: ['If-Match', 'If-None-Match'],
    replies: { 204: noContent },
    errors: ['not_found', 'precondition_failed', 'conflict'],
    async handle(ctx, { accessTokens, audit }) {
      const { record, revision } = await existing(ctx, accessTokens);
      assertPreconditions(ctx, etagOf(revision));
      const entry = audit.entryOf(callerOf(ctx), auditedToken('revoke', record));
      if (!(await accessTokens.remove(record._id, revision, [entry]))) throw requestError('conflict');
      ctx.status = 204;
    },
  }),
];

const etagOf = (revision: number): string => `"${revision.toString(36)}"`;

async function* ascending(
  accessTokens: AccessTokenStore,
  after: Parameters<AccessTokenStore['list']>[0],
  count: number,
): AsyncGenerator<StoredToken> {
  yield* await accessTokens.list(after, count);
}

async function existing(ctx: ApiContext, accessTokens: AccessTokenStore): Promise<StoredToken> {
  const token = await accessTokens.get(ctx.params._id as string);
  if (!token) throw requestError('not_found', { message: 'There is no such access token.' });
  return token;
}

/** A token may not create one that outlives it, or extend its own life. @throws RequestError 403 */
function assertNoLongerThanOwn({ state: { token } }: ApiContext, record: TokenRecord): void {
  const own = token?.autoPurgeAt;
  if (own === undefined) return;
  const expiry = autoPurgeAtOf(record);
  if (expiry !== undefined && expiry <= own) return;
  throw requestError('access_restricted', {
    message: `A token that expires at ${own} cannot create one that expires later, or extend one beyond that.`,
  });
}

/** @throws RequestError `invalid_ref` */
async function assertIntegrations(
  { store }: Service,
  ids: readonly string[],
  isKnown: (id: string) => boolean = () => false,
): Promise<void> {
  const missing: number[] = [];
  for (const [index, id] of ids.entries()) {
    if (!isKnown(id) && (await store.ownerOf(id)) !== id) missing.push(index);
  }
  if (missing.length === 0) return;
  throw fieldErrors(
    missing.map((index) => ({
      code: 'invalid_ref',
      field: `_integrationIds.${index}`,
      message: `there is no integration ${ids[index]}`,
    })),
  );
}

const auditedToken = (event: 'create' | 'update' | 'revoke', { _id, name }: TokenRecord): AuditedEvent => ({
  event,
  resourceType: 'accesstoken',
  _resourceId: _id,
  name: String(name),
});
