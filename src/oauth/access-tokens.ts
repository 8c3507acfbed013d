/** Access tokens of connections, renewed before they expire. Concurrent requests and nodes share one renewal. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { RequestError, requestError } from '../errors.ts';
import { isSameBinding, type OAuthSettings } from '../record/oauth-connection.ts';
import { type IssuedTokens, type Refusal, refusalText, type TokenSet } from '../record/token-set.ts';
import type { OAuthClients } from './clients.ts';
import { ProviderFailure, ProviderRefusal } from './provider-error.ts';
import type { ConnectionId, StoredTokens } from './stored-tokens.ts';

/** A renewal older than this was abandoned by its node. Longer than the time limit of a provider's answer. */
export const RENEWAL_MS = 30_000;
/** Poll interval while another node renews. */
const POLL_MS = 100;
/** Pause after a provider's refusal, or after an application refused a new token. */
const ASK_AGAIN_MS = 60_000;
/** A provider that has failed is not asked again for this long. */
const PAUSE_MS = 1_000;
/** Maximum number of entries in `#replacements`. */
const REPLACEMENTS = 10_000;

/** A connection that signs in with OAuth 2. */
export interface OAuthConnection extends ConnectionId, OAuthSettings {}

export interface AccessTokensOptions {
  readonly clients: OAuthClients;
  readonly stored: StoredTokens;
  readonly now: () => Date;
  /** Other nodes may renew the same tokens. */
  readonly isShared: boolean;
  /** After this time, another node takes over a renewal. */
  readonly renewalMs: number;
}

export class AccessTokens {
  readonly #options: AccessTokensOptions;
  /** By connection and binding. */
  readonly #renewals = new Map<string, Promise<IssuedTokens>>();
  /** Tokens, by connection, that the store failed to write. Their predecessors may be invalid by now. */
  readonly #unstored = new Map<string, IssuedTokens>();
  /** Providers that have just failed, by client, so that a caller in a loop does not ask them each time. */
  readonly #failures = new Map<string, { readonly message: string; readonly until: number }>();
  /** By connection, the last token issued because the application refused its predecessor. */
  readonly #replacements = new Map<string, { readonly token: string; readonly until: number }>();

  constructor(options: AccessTokensOptions) {
    this.#options = options;
  }

  /** Renews the token if needed. @throws RequestError `connection_failed` if the provider issues none */
  async current(connection: OAuthConnection): Promise<IssuedTokens> {
    const set = await this.#options.stored.read(connection);
    const { issued } = set;
    const { renewAt = Number.POSITIVE_INFINITY } = issued ?? {};
    if (issued && isSameBinding(set.binding, connection.binding) && this.#now < renewAt) return issued;
    return this.#renewOnce(connection, issued?.accessToken);
  }

  /**
   * Replaces a token that the application refused.
   *
   * @returns undefined if that is impossible, for instance without a refresh token
   */
  async replaceRefused(connection: OAuthConnection, refused: string): Promise<IssuedTokens | undefined> {
    const { binding, issued } = await this.#options.stored.read(connection);
    const canRenew = connection.grantType === 'clientcredentials' || issued?.refreshToken !== undefined;
    if (!canRenew || !isSameBinding(binding, connection.binding)) return undefined;
    if (issued && issued.accessToken !== refused) return issued;
    const { connectionId } = connection;
    const last = this.#replacements.get(connectionId);
    // The application refuses new tokens, too. Do not renew for every one of its answers.
    if (last?.token === refused && this.#now < last.until) return undefined;
    const next = await this.#renewOnce(connection, refused);
    if (next.accessToken === refused) return undefined;
    this.#replacements.delete(connectionId);
    this.#replacements.set(connectionId, { token: next.accessToken, until: this.#now + ASK_AGAIN_MS });
    const [oldest] = this.#replacements.keys();
    if (this.#replacements.size > REPLACEMENTS && oldest !== undefined) this.#replacements.delete(oldest);
    return next;
  }

  /** Requests a token for a single use by a connection that is not stored. @throws RequestError */
  async forUnsaved({ grantType, binding, scope }: OAuthSettings): Promise<IssuedTokens> {
    if (grantType !== 'clientcredentials') throw notConnected('Save the connection first.');
    try {
      return await (await this.#options.clients.provider(binding.client)).clientCredentials(scope);
    } catch (error) {
      if (error instanceof ProviderRefusal) throw refusedError(refusalOf(error, this.#options.now()));
      if (error instanceof ProviderFailure) throw failedError(error);
      throw error;
    }
  }

  /** Asks the provider again even if it refused before. Only for client credentials. @throws RequestError */
  async request(connection: OAuthConnection): Promise<void> {
    const { stored } = this.#options;
    await stored.change(connection, ({ refusal: _, issued: _issued, ...set }) => set);
    this.#failures.delete(connection.binding.client);
    await this.#renewOnce(connection, undefined);
  }

  get #now(): number {
    return this.#options.now().getTime();
  }

  #renewOnce(connection: OAuthConnection, before: string | undefined): Promise<IssuedTokens> {
    const key = JSON.stringify([connection.connectionId, connection.binding]);
    const running = this.#renewals.get(key);
    if (running) return running;
    const renewal = this.#renew(connection, before).finally(() => this.#renewals.delete(key));
    this.#renewals.set(key, renewal);
    return renewal;
  }

  /** @param before the token to replace */
  async #renew(connection: OAuthConnection, before: string | undefined): Promise<IssuedTokens> {
    await this.#storeIssued(connection);
    const claim = await this.#claim(connection, before);
    if ('issued' in claim) return claim.issued;
    const { set } = claim;
    const { stored } = this.#options;
    try {
      const issued = await this.#ask(connection, set);
      this.#unstored.set(connection.connectionId, issued);
      await this.#storeIssued(connection);
      return issued;
    } catch (error) {
      if (error instanceof ProviderRefusal) throw await this.#refused(connection, error);
      await stored.change(connection, (next) => (next.renewal === undefined ? undefined : withoutRenewal(next)));
      if (!(error instanceof ProviderFailure)) throw error;
      // The provider is temporarily unavailable. The present token may still be valid.
      const { issued } = set;
      const isValid = issued?.accessToken === before && this.#now < (issued?.expiresAt ?? 0);
      if (issued && isValid && isSameBinding(set.binding, connection.binding)) return issued;
      throw failedError(error);
    }
  }

  /** Takes the connection offline. @returns the error to throw */
  async #refused(connection: OAuthConnection, error: ProviderRefusal): Promise<Error> {
    const { binding } = connection;
    const refusal = refusalOf(error, this.#options.now());
    await this.#options.stored.settle(connection, refusal, (set) => {
      const { issued, ...rest } = withoutRenewal(set);
      const isRetained = !isFinal(refusal) && isSameBinding(set.binding, binding);
      return { ...rest, binding, refusal, ...(issued && isRetained ? { issued } : {}) };
    });
    return refusedError(refusal);
  }

  async #ask({ grantType, binding, scope }: OAuthConnection, set: TokenSet): Promise<IssuedTokens> {
    const provider = await this.#options.clients.provider(binding.client);
    const failed = this.#failures.get(binding.client);
    if (failed && this.#now < failed.until) throw new ProviderFailure(failed.message);
    try {
      if (grantType === 'clientcredentials') return await provider.clientCredentials(scope);
      return await provider.refresh(set.issued?.refreshToken as string);
    } catch (error) {
      if (error instanceof ProviderFailure) {
        this.#failures.set(binding.client, { message: error.message, until: this.#now + PAUSE_MS });
      }
      throw error;
    }
  }

  /** Stores a token before its first use: if refresh tokens rotate, only the newest is valid. @throws StoreError */
  async #storeIssued(connection: OAuthConnection): Promise<void> {
    const { connectionId, binding } = connection;
    const issued = this.#unstored.get(connectionId);
    if (!issued) return;
    await this.#options.stored.settle(connection, undefined, ({ pending }) => ({
      binding,
      issued,
      ...(pending ? { pending } : {}),
    }));
    this.#unstored.delete(connectionId);
  }

  /**
   * Claims the renewal for this node, or waits for the node that has claimed it.
   *
   * @throws RequestError if there is nothing to renew
   */
  async #claim(
    connection: OAuthConnection,
    before: string | undefined,
  ): Promise<{ readonly issued: IssuedTokens } | { readonly set: TokenSet }> {
    const { stored, isShared, renewalMs } = this.#options;
    let other: { readonly renewal: string; readonly since: number } | undefined;
    for (;;) {
      let set: TokenSet = {};
      let isClaimed = false;
      const claim = (next: TokenSet): TokenSet | undefined => {
        set = next;
        const isAbandoned = next.renewal === other?.renewal && performance.now() - (other?.since ?? 0) > renewalMs;
        isClaimed = next.renewal === undefined || isAbandoned;
        return isShared && isClaimed ? { ...next, renewal: randomUUID() } : undefined;
      };
      const known = await stored.read(connection);
      const issued = replacementIn(known, connection, before, this.#now);
      if (issued) return { issued };
      if (!(await stored.change(connection, claim))) throw requestError('not_found');
      const meanwhile = replacementIn(set, connection, before, this.#now);
      if (meanwhile && !isClaimed) return { issued: meanwhile };
      if (isClaimed) return { set };
      if (other?.renewal !== set.renewal) other = { renewal: set.renewal as string, since: performance.now() };
      await delay(POLL_MS);
    }
  }
}

const withoutRenewal = ({ renewal: _, ...set }: TokenSet): TokenSet => set;

/** The refresh token is invalid for good. The operator may be able to fix the cause of any other refusal. */
const isFinal = ({ error }: Refusal): boolean => error === 'invalid_grant';

/**
 * The stored token if it is newer than `before`; undefined if this node has to renew it.
 *
 * @param before the token to replace
 * @throws RequestError if only a user can get a new one, or the provider refused recently
 */
function replacementIn(
  { issued, refusal, binding }: TokenSet,
  connection: OAuthConnection,
  before: string | undefined,
  now: number,
): IssuedTokens | undefined {
  const isOurs = isSameBinding(binding, connection.binding);
  if (issued && isOurs && issued.accessToken !== before) return issued;
  if (refusal && isOurs && (isFinal(refusal) || now - Date.parse(refusal.at) < ASK_AGAIN_MS)) {
    throw refusedError(refusal);
  }
  if (connection.grantType === 'clientcredentials') return undefined;
  if (!issued) throw notConnected('The connection has not been connected yet.');
  if (!isOurs) throw notConnected('The address or the OAuth client has changed since the connection was connected.');
  if (issued.refreshToken === undefined)
    throw notConnected('The token has expired, and the provider issued no refresh token.');
  return undefined;
}

/** Tells flows that another attempt is useless until a user reconnects. */
const OFFLINE_HEADER = { 'Bulkhead-Connection': 'offline' };

function offlineError(message: string): Error {
  const { status, errors, headers } = requestError('connection_failed', { message });
  return new RequestError(status, errors, { ...headers, ...OFFLINE_HEADER });
}

const notConnected = (message: string): Error => offlineError(`${message} A user has to connect it.`);

export const refusalOf = ({ error, description }: ProviderRefusal, now: Date): Refusal => ({
  error,
  ...(description === undefined ? {} : { description }),
  at: now.toISOString(),
});

export const failedError = ({ message }: ProviderFailure): Error =>
  requestError('connection_failed', { message: `The OAuth provider issued no token: ${message}` });

const refusedError = (refusal: Refusal): Error =>
  offlineError(`The OAuth provider refused: ${refusalText(refusal)}. Connect it again.`);
