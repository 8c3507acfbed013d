/** An access token's record: its fields, and what a request may set (contract 15). */
import Type, { Compile, type Static } from '#typebox';
import { fieldErrors, requestError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { assertValid } from '../schema.ts';
import { changedFields } from '../store/field-changes.ts';
import type { StoredToken, TokenRecord } from '../store/storage.ts';
import { ObjectId, Stored, Timestamp } from '../store/stored.ts';
import { instantOf } from './instant.ts';
import { tokenScopes } from './operation.ts';

/** Integrations per token. */
const INTEGRATIONS_MAX = 100;

const fields = {
  name: Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' }),
  description: Type.Optional(Type.String({ maxLength: 2_000 })),
  scope: Type.Enum([...tokenScopes]),
  _integrationIds: Type.Optional(
    Type.Array(ObjectId, {
      minItems: 1,
      maxItems: INTEGRATIONS_MAX,
      uniqueItems: true,
      description: 'With the scope `integrations`: the integrations it reaches.',
    }),
  ),
  autoPurgeAt: Type.Optional(
    Type.String({ description: 'ISO 8601. When the token expires: it is refused from then on, and removed.' }),
  ),
  revoked: Type.Optional(Type.Boolean({ description: '`true`: the token is refused, but stays in the list.' })),
};

export const AccessToken = Type.Object({
  ...Stored.properties,
  ...fields,
  autoPurgeAt: Type.Optional(Timestamp),
  lastUsedAt: Type.Optional(Type.String({ description: 'Updated at most once a minute.' })),
  token: Type.Optional(Type.String({ description: 'Only in the reply to the request that creates it.' })),
});

/** Ignored in requests, so that a record that was read can be sent back. */
const ignored = Object.fromEntries(
  ['_id', 'createdAt', 'lastModified', 'lastUsedAt'].map((name) => [name, Type.Optional(Type.Unknown())]),
);
/** Strict: a misspelt `autoPurgeAt` would create a token that never expires. */
export const AccessTokenBody = Type.Object({ ...fields, ...ignored }, { additionalProperties: false });
const validBody = Compile(AccessTokenBody);
type Body = Static<typeof AccessTokenBody>;

/** Makes a record from a body. @throws RequestError 422 */
export function recordOf(body: JsonObject, fixed: TokenRecord, now: Date): TokenRecord {
  assertValid(validBody, body);
  const { name, description, scope, _integrationIds, autoPurgeAt, revoked } = body as Body;
  if (scope === 'integrations' && !_integrationIds) {
    throw fieldErrors([{ code: 'missing_required_field', field: '_integrationIds' }]);
  }
  if (scope !== 'integrations' && _integrationIds) {
    throw invalid('_integrationIds', 'only a token of the scope integrations has _integrationIds');
  }
  const expiry = autoPurgeAt === undefined ? undefined : expiryOf(autoPurgeAt, now);
  return {
    ...fixed,
    lastModified: now.toISOString(),
    name,
    ...(description === undefined ? {} : { description }),
    scope,
    ...(_integrationIds ? { _integrationIds } : {}),
    ...(expiry === undefined ? {} : { autoPurgeAt: expiry }),
    ...(revoked === undefined ? {} : { revoked }),
  };
}

function expiryOf(text: string, now: Date): string {
  const instant = instantOf(text);
  if (instant === undefined) throw invalid('autoPurgeAt', 'autoPurgeAt must be a date such as 2030-12-31T23:59:59Z');
  if (instant <= now.toISOString()) throw invalid('autoPurgeAt', 'autoPurgeAt must be in the future');
  return instant;
}

const invalid = (field: string, message: string): Error => requestError('invalid_field', { field, message });

export const integrationIdsOf = ({ _integrationIds = [] }: TokenRecord): readonly string[] =>
  _integrationIds as readonly string[];

export const autoPurgeAtOf = ({ autoPurgeAt }: TokenRecord): string | undefined =>
  autoPurgeAt === undefined ? undefined : String(autoPurgeAt);

/** The stored form of a record. */
export function storedTokenOf(hash: string, record: TokenRecord, revision: number): StoredToken {
  const expiry = autoPurgeAtOf(record);
  return { hash, record, revision, ...(expiry === undefined ? {} : { expiresAt: Date.parse(expiry) }) };
}

/** A token as replies show it. */
export const publicToken = ({ record, lastUsedAt }: StoredToken): JsonObject =>
  lastUsedAt === undefined ? record : { ...record, lastUsedAt: new Date(lastUsedAt).toISOString() };

export const changesOf = (before: TokenRecord, after: TokenRecord): string[] => changedFields(before, after);
