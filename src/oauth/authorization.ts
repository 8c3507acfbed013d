/** Connects a connection: sends a user to the provider, and exchanges the code that the user brings back. */
import { hash, randomBytes } from 'node:crypto';
import { generateRandomCodeVerifier } from 'oauth4webapi';
import { isSameSecret } from '../broker/one-time-tokens.ts';
import { requestError } from '../errors.ts';
import { isSameBinding, type oauthSettingsOf } from '../record/oauth-connection.ts';
import type { PendingAuthorization, Refusal } from '../record/token-set.ts';
import { isObjectId } from '../store/object-id.ts';
import type { Store } from '../store/store.ts';
import { failedError, type OAuthConnection, refusalOf } from './access-tokens.ts';
import type { OAuthClients } from './clients.ts';
import { ProviderFailure, ProviderRefusal } from './provider-error.ts';
import type { ConnectionId, StoredTokens } from './stored-tokens.ts';

/** How long a user may take at the provider. */
const PENDING_MS = 10 * 60_000;
const STATE_BYTES = 32;
const STATE_CHARS = 200;

export interface AuthorizationOptions {
  readonly clients: OAuthClients;
  readonly stored: StoredTokens;
  readonly store: Store;
  readonly now: () => Date;
  /** The connection's settings, with credentials in clear. */
  readonly settingsOf: (id: ConnectionId) => Promise<ReturnType<typeof oauthSettingsOf>>;
}

export interface AuthorizationResult extends ConnectionId {
  readonly returnTo: string | undefined;
  /** Why the provider gave no tokens. */
  readonly refusal: Refusal | undefined;
}

export class Authorization {
  readonly #options: AuthorizationOptions;

  constructor(options: AuthorizationOptions) {
    this.#options = options;
  }

  /**
   * @param returnTo the dashboard page that the user comes from
   * @returns where to send the user; earlier addresses of the connection become invalid
   * @throws RequestError if the OAuth client is missing, or has no `authURI`
   */
  async begin(connection: OAuthConnection, redirectUri: string, returnTo: string | undefined): Promise<string> {
    const { clients, stored, now } = this.#options;
    const { connectionId, scope, binding } = connection;
    const provider = await clients.provider(binding.client);
    // The callback finds the connection by it.
    const state = `${connectionId}.${randomBytes(STATE_BYTES).toString('base64url')}`;
    const verifier = generateRandomCodeVerifier();
    const url = await provider.authorizationUrl({ redirectUri, scope, state, verifier });
    if (url === undefined) {
      const field = 'http.auth.oauth._iClientId';
      throw requestError('invalid_field', { field, message: 'the OAuth client has no authURI, where users sign in' });
    }
    const pending: PendingAuthorization = {
      stateHash: hash('sha256', state),
      verifier,
      redirectUri,
      ...(returnTo === undefined ? {} : { returnTo }),
      expiresAt: now().getTime() + PENDING_MS,
      binding,
    };
    await stored.change(connection, (set) => ({ ...set, pending }));
    return url;
  }

  /**
   * @throws RequestError if the state is unknown or ten minutes old; `connection_failed` if the provider fails and there
   * is no page to show that
   */
  async finish(query: URLSearchParams): Promise<AuthorizationResult> {
    const { clients, stored, now, settingsOf } = this.#options;
    const state = query.get('state') ?? '';
    const id = await this.#connectionOf(state);
    const pending = id && (await this.#take(id, state));
    if (!id || !pending) throw requestError('bad_request', { message: UNKNOWN_STATE });
    const { redirectUri, verifier, returnTo, binding } = pending;
    if (!isSameBinding((await settingsOf(id))?.binding, binding)) {
      throw requestError('bad_request', { message: 'The connection has changed meanwhile. Connect it again.' });
    }
    try {
      const provider = await clients.provider(binding.client);
      const issued = await provider.exchange(query, { redirectUri, state, verifier });
      await stored.settle(id, undefined, ({ pending: next }) => ({
        binding,
        issued,
        ...(next ? { pending: next } : {}),
      }));
      return { ...id, returnTo, refusal: undefined };
    } catch (error) {
      const refusal = reasonOf(error, now());
      if (!refusal) throw error;
      await stored.change(id, (set) => ({ ...set, failure: refusal }));
      if (error instanceof ProviderFailure && returnTo === undefined) throw failedError(error);
      return { ...id, returnTo, refusal };
    }
  }

  async #connectionOf(state: string): Promise<ConnectionId | undefined> {
    const [connectionId = ''] = state.split('.', 1);
    if (state.length > STATE_CHARS || !isObjectId(connectionId)) return undefined;
    const integrationId = await this.#options.store.ownerOf(connectionId);
    return integrationId === undefined ? undefined : { integrationId, connectionId };
  }

  /** Takes the pending authorization, durably, before its code is used: each state is valid once. */
  async #take(id: ConnectionId, state: string): Promise<PendingAuthorization | undefined> {
    let taken: PendingAuthorization | undefined;
    await this.#options.stored.change(id, ({ pending, ...set }) => {
      const isIts = pending !== undefined && isSameSecret(hash('sha256', state), pending.stateHash);
      taken = isIts && this.#options.now().getTime() < pending.expiresAt ? pending : undefined;
      return isIts ? set : undefined;
    });
    return taken;
  }
}

/** Why a sign-in gave no tokens, for the page that the user returns to. Undefined for other errors. */
function reasonOf(error: unknown, now: Date): Refusal | undefined {
  if (error instanceof ProviderRefusal) return refusalOf(error, now);
  if (!(error instanceof ProviderFailure)) return undefined;
  return { error: 'connection_failed', description: error.message, at: now.toISOString() };
}

const UNKNOWN_STATE =
  'This sign-in is unknown, was completed already, or began more than ten minutes ago. Connect again.';
