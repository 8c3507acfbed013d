/** The OAuth tokens of a connection. They are sealed as one text, apart from the record (see store/document.ts). */
import Type, { Compile, type Static } from '#typebox';
import { parseOrUndefined } from '../json.ts';
import type { Part } from '../store/part.ts';
import type { Keyring } from './keyring.ts';

/** What the tokens were issued for. They are not used once the connection differs from it. */
export const Binding = Type.Object({
  /** Id of the OAuth client. */
  client: Type.String(),
  /** Origin of the application's API. */
  origin: Type.String(),
});
export type Binding = Static<typeof Binding>;

/** Tokens that a provider has issued. */
export const IssuedTokens = Type.Object({
  accessToken: Type.String(),
  refreshToken: Type.Optional(Type.String()),
  scope: Type.Optional(Type.Array(Type.String())),
  /** Milliseconds since 1970; missing if unknown. */
  expiresAt: Type.Optional(Type.Number()),
  /** When to renew the access token, ahead of `expiresAt`. */
  renewAt: Type.Optional(Type.Number()),
});
export type IssuedTokens = Static<typeof IssuedTokens>;

/** A user is at the provider. */
export const PendingAuthorization = Type.Object({
  stateHash: Type.String(),
  /** The code verifier of PKCE (RFC 7636). */
  verifier: Type.String(),
  redirectUri: Type.String(),
  /** A dashboard page, such as `#/integrations/…`. */
  returnTo: Type.Optional(Type.String()),
  expiresAt: Type.Number(),
  binding: Binding,
});
export type PendingAuthorization = Static<typeof PendingAuthorization>;

/** Why the provider issued no tokens, in its own words. */
export const Refusal = Type.Object({
  error: Type.String(),
  description: Type.Optional(Type.String()),
  at: Type.String(),
});
export type Refusal = Static<typeof Refusal>;

export function refusalText({ error, description }: { error: string; description?: string | undefined }): string {
  return description === undefined ? error : `${error}: ${description}`;
}

export const TokenSet = Type.Object({
  binding: Type.Optional(Binding),
  issued: Type.Optional(IssuedTokens),
  pending: Type.Optional(PendingAuthorization),
  /** Id of the renewal in progress, so that no other node starts one. */
  renewal: Type.Optional(Type.String()),
  refusal: Type.Optional(Refusal),
  /** Why the last sign-in gave no tokens. Earlier tokens stay. */
  failure: Type.Optional(Refusal),
});
export type TokenSet = Static<typeof TokenSet>;
const validTokenSet = Compile(TokenSet);

/** Additional authenticated data: binds the sealed text to its connection. */
const contextOf = (connectionId: string): string => `tokens/${connectionId}`;

export const sealTokens = (keyring: Keyring, connectionId: string, tokens: TokenSet): string =>
  keyring.seal(JSON.stringify(tokens), contextOf(connectionId));

/** @returns undefined if no key opens them */
export function openTokens(keyring: Keyring, connectionId: string, part: Part<undefined>): TokenSet | undefined {
  const text = keyring.open(String(part.value), contextOf(connectionId));
  const tokens = text === undefined ? undefined : parseOrUndefined(text);
  return validTokenSet.Check(tokens) ? tokens : undefined;
}

/** Seals them with the current key. @returns undefined if they already are, or if no key opens them */
export function resealTokens(keyring: Keyring, connectionId: string, sealed: string): string | undefined {
  if (keyring.isCurrent(sealed)) return undefined;
  const text = keyring.open(sealed, contextOf(connectionId));
  return text === undefined ? undefined : keyring.seal(text, contextOf(connectionId));
}

export const canOpenTokens = (keyring: Keyring, connectionId: string, sealed: string): boolean =>
  keyring.open(sealed, contextOf(connectionId)) !== undefined;
