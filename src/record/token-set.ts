/** The OAuth tokens of a connection: their shape, sealed as one text beside the record (see store/document.ts). */
import Type, { Compile, type Static } from '#typebox';
import { parseOrUndefined } from '../json.ts';
import type { Part } from '../store/part.ts';
import type { Keyring } from './keyring.ts';

/** What the tokens were obtained for. They are not used for a connection that says otherwise by now. */
export const Binding = Type.Object({
  /** Id of the OAuth client. */
  client: Type.String(),
  /** Of the application's API. */
  origin: Type.String(),
});
export type Binding = Static<typeof Binding>;

/** Tokens that a provider has issued. */
export const IssuedTokens = Type.Object({
  accessToken: Type.String(),
  refreshToken: Type.Optional(Type.String()),
  scope: Type.Optional(Type.Array(Type.String())),
  /** Milliseconds since 1970. Missing: unknown. */
  expiresAt: Type.Optional(Type.Number()),
  /** When to renew the access token, ahead of `expiresAt`. */
  renewAt: Type.Optional(Type.Number()),
});
export type IssuedTokens = Static<typeof IssuedTokens>;

/** A user was sent to the provider and is not back yet. */
export const PendingAuthorization = Type.Object({
  stateHash: Type.String(),
  /** Of PKCE (RFC 7636). */
  verifier: Type.String(),
  redirectUri: Type.String(),
  /** A page of the dashboard, such as `#/integrations/…`. */
  returnTo: Type.Optional(Type.String()),
  expiresAt: Type.Number(),
  binding: Binding,
});
export type PendingAuthorization = Static<typeof PendingAuthorization>;

/** Why the provider gave no tokens, in its words. */
export const Refusal = Type.Object({
  error: Type.String(),
  description: Type.Optional(Type.String()),
  at: Type.String(),
});
export type Refusal = Static<typeof Refusal>;

export const TokenSet = Type.Object({
  binding: Type.Optional(Binding),
  issued: Type.Optional(IssuedTokens),
  pending: Type.Optional(PendingAuthorization),
  /** Names the renewal in progress, so that no other node begins one. */
  renewal: Type.Optional(Type.String()),
  refusal: Type.Optional(Refusal),
  /** Why the last sign-in gave no tokens. Those of an earlier one stay. */
  failure: Type.Optional(Refusal),
});
export type TokenSet = Static<typeof TokenSet>;
const validTokenSet = Compile(TokenSet);

/** Additional authenticated data: binds the sealed text to its connection. */
const contextOf = (connectionId: string): string => `tokens/${connectionId}`;

export const sealTokens = (keyring: Keyring, connectionId: string, tokens: TokenSet): string =>
  keyring.seal(JSON.stringify(tokens), contextOf(connectionId));

/** Undefined if no key opens them. */
export function openTokens(keyring: Keyring, connectionId: string, part: Part<undefined>): TokenSet | undefined {
  const text = keyring.open(String(part.value), contextOf(connectionId));
  const tokens = text === undefined ? undefined : parseOrUndefined(text);
  return validTokenSet.Check(tokens) ? tokens : undefined;
}

/** Sealed with the current key; undefined if they are already, or no key opens them. */
export function resealTokens(keyring: Keyring, connectionId: string, sealed: string): string | undefined {
  if (keyring.isCurrent(sealed)) return undefined;
  const text = keyring.open(sealed, contextOf(connectionId));
  return text === undefined ? undefined : keyring.seal(text, contextOf(connectionId));
}

export const canOpenTokens = (keyring: Keyring, connectionId: string, sealed: string): boolean =>
  keyring.open(sealed, contextOf(connectionId)) !== undefined;
