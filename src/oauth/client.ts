/** OAuth clients (`/iClients`): what an operator has registered with a provider. */
import Type, { Compile, type Static } from '#typebox';
import { fieldErrors } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { MASK } from '../record/credentials.ts';
import type { Keyring } from '../record/keyring.ts';
import { findings } from '../schema.ts';

const URI_CHARS = 2_000;
const Uri = (description: string) => Type.String({ minLength: 1, maxLength: URI_CHARS, description });

export const OAuthClientFields = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' }),
    clientId: Type.String({ minLength: 1, maxLength: 1_000 }),
    clientSecret: Type.Optional(
      Type.String({ minLength: 1, maxLength: 8_000, description: 'Sealed at rest and masked in replies.' }),
    ),
    authURI: Type.Optional(Uri('Where users sign in. It may have parameters of the provider’s.')),
    tokenURI: Uri('Where tokens are issued. Secrets go to this address and `revokeURI` only.'),
    revokeURI: Type.Optional(Uri('Where tokens are revoked (RFC 7009).')),
    issuer: Type.Optional(
      Uri('What the provider calls itself (RFC 9207). By default any name with the origin of `authURI`.'),
    ),
    clientCredentialsLocation: Type.Optional(
      Type.Union([Type.Literal('basicauthheader'), Type.Literal('body')], { default: 'basicauthheader' }),
    ),
    tokenParams: Type.Optional(
      Type.Record(Type.String({ maxLength: 100 }), Type.String({ maxLength: 1_000 }), {
        maxProperties: 20,
        description: 'Further parameters of requests for tokens, such as `audience`.',
      }),
    ),
  },
  { additionalProperties: false },
);
export type OAuthClientFields = Static<typeof OAuthClientFields>;
const validFields = Compile(OAuthClientFields);

/** An OAuth client as stored. The secret is sealed. */
export interface OAuthClient extends OAuthClientFields {
  readonly _id: string;
  readonly createdAt: string;
  readonly lastModified: string;
}

const ADDRESSES = ['authURI', 'tokenURI', 'revokeURI'] as const;
/** What the secret is sent to, so a mask does not stand for it when one of these changes. */
const DESTINATIONS = ['tokenURI', 'revokeURI'] as const;
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

/** Parameters that the runtime sets itself. */
const RESERVED = ['grant_type', 'client_id', 'client_secret', 'code', 'code_verifier', 'redirect_uri', 'refresh_token'];

/** @throws RequestError with every invalid field */
export function parseClient(body: JsonObject): OAuthClientFields {
  const given = Object.fromEntries(Object.entries(body).filter(([name]) => !SET_BY_RUNTIME.includes(name)));
  const problems = findings(validFields, given);
  if (problems.length > 0) throw fieldErrors(problems);
  const fields = given as unknown as OAuthClientFields;
  const invalid = [
    ...ADDRESSES.flatMap((field) => {
      const problem = fields[field] === undefined ? undefined : addressProblem(fields[field]);
      return problem === undefined ? [] : [{ field, message: `${field} ${problem}` }];
    }),
    ...Object.keys(fields.tokenParams ?? {})
      .filter((name) => RESERVED.includes(name))
      .map((name) => ({ field: `tokenParams.${name}`, message: `${name} is set by the runtime` })),
  ];
  if (invalid.length > 0) throw fieldErrors(invalid.map((each) => ({ code: 'invalid_field', ...each })));
  return fields;
}
const SET_BY_RUNTIME = ['_id', 'createdAt', 'lastModified'];

/** RFC 6749, 3.1 and 3.2: TLS, no fragment. On the same machine nobody can listen. */
function addressProblem(uri: string): string | undefined {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (!url || !['https:', 'http:'].includes(url.protocol)) return 'must be an https address';
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) return 'must be an https address';
  if (url.username !== '' || url.password !== '') return 'must not contain credentials';
  return url.hash === '' && !uri.includes('#') ? undefined : 'must not have a fragment';
}

/** Additional authenticated data: binds the sealed secret to its client. */
const contextOf = (id: string): string => `iClients/${id}/clientSecret`;

/** Seals the secret. A mask keeps the stored one, unless it would go elsewhere. @throws RequestError */
export function sealClient(
  keyring: Keyring,
  id: string,
  fields: OAuthClientFields,
  before: OAuthClient | undefined,
): OAuthClientFields {
  const { clientSecret, ...rest } = fields;
  if (clientSecret === undefined) return rest;
  if (clientSecret !== MASK) return { ...rest, clientSecret: keyring.seal(clientSecret, contextOf(id)) };
  const problem =
    before?.clientSecret === undefined
      ? 'clientSecret is a mask, but no secret is stored'
      : DESTINATIONS.some((field) => before[field] !== fields[field])
        ? 'an address that the secret is sent to has changed: send clientSecret itself'
        : undefined;
  if (problem !== undefined) throw fieldErrors([{ code: 'invalid_field', field: 'clientSecret', message: problem }]);
  return { ...rest, clientSecret: before?.clientSecret as string };
}

/** As replies show it. */
export const maskClient = (client: OAuthClient): OAuthClient =>
  client.clientSecret === undefined ? client : { ...client, clientSecret: MASK };

/** @returns null if no key opens the secret; undefined if there is none */
export function secretOf(keyring: Keyring, { _id, clientSecret }: OAuthClient): string | null | undefined {
  return clientSecret === undefined ? undefined : (keyring.open(clientSecret, contextOf(_id)) ?? null);
}

/** The same client with its secret sealed with the current key; undefined if it is already, or no key opens it. */
export function resealedClient(keyring: Keyring, client: OAuthClient): OAuthClient | undefined {
  if (client.clientSecret === undefined || keyring.isCurrent(client.clientSecret)) return undefined;
  const secret = secretOf(keyring, client);
  return secret ? { ...client, clientSecret: keyring.seal(secret, contextOf(client._id)) } : undefined;
}
