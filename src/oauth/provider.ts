/** A provider's endpoints: authorization, tokens, revocation (RFC 6749, 7009, 7636, 9207). */
import * as oauth from 'oauth4webapi';
import type { Outbound } from '../broker/outbound.ts';
import type { IssuedTokens } from '../record/token-set.ts';
import type { OAuthClient } from './client.ts';
import { asProviderError, ProviderFailure } from './provider-error.ts';
import { providerFetch } from './provider-fetch.ts';

const TOKEN_CHARS = 16_000;
const SCOPES = 100;

/** Renew a token this long before it expires, or after four fifths of its life if that is later. */
const AHEAD_MS = 60_000;

export interface AuthorizationRequest {
  readonly redirectUri: string;
  readonly scope: readonly string[];
  readonly state: string;
  readonly verifier: string;
}

/** @param secret undefined for a public client */
export class Provider {
  readonly #client: OAuthClient;
  readonly #secret: string | undefined;
  readonly #outbound: Outbound;
  readonly #now: () => Date;

  constructor(client: OAuthClient, secret: string | undefined, outbound: Outbound, now: () => Date) {
    this.#client = client;
    this.#secret = secret;
    this.#outbound = outbound;
    this.#now = now;
  }

  /** Where the user signs in; undefined if the client has no `authURI`. */
  async authorizationUrl({ redirectUri, scope, state, verifier }: AuthorizationRequest): Promise<string | undefined> {
    const { authURI, clientId } = this.#client;
    if (authURI === undefined) return undefined;
    const url = new URL(authURI);
    const parameters = {
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirectUri,
      state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...(scope.length > 0 ? { scope: scope.join(' ') } : {}),
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return url.href;
  }

  /** Exchanges the code that the user came back with. @throws ProviderRefusal @throws ProviderFailure */
  exchange(query: URLSearchParams, request: Omit<AuthorizationRequest, 'scope'>): Promise<IssuedTokens> {
    const { redirectUri, state, verifier } = request;
    const [server, client, auth, options] = this.#parties(query);
    return this.#tokens([query.get('code') ?? '', verifier], async () => {
      const code = oauth.validateAuthResponse(server, client, query, state);
      return oauth.processAuthorizationCodeResponse(
        server,
        client,
        await oauth.authorizationCodeGrantRequest(server, client, auth, code, redirectUri, verifier, options),
      );
    });
  }

  /** @throws ProviderRefusal @throws ProviderFailure */
  async refresh(refreshToken: string): Promise<IssuedTokens> {
    const [server, client, auth, options] = this.#parties();
    const issued = await this.#tokens([refreshToken], async () => {
      const response = await oauth.refreshTokenGrantRequest(server, client, auth, refreshToken, options);
      return oauth.processRefreshTokenResponse(server, client, response);
    });
    // RFC 6749, 6: without a new refresh token, the old one stays valid.
    return { refreshToken, ...issued };
  }

  /** @throws ProviderRefusal @throws ProviderFailure */
  clientCredentials(scope: readonly string[]): Promise<IssuedTokens> {
    const [server, client, auth, options] = this.#parties();
    const parameters: Record<string, string> = scope.length > 0 ? { scope: scope.join(' ') } : {};
    return this.#tokens([], async () => {
      const all = { ...options.additionalParameters, ...parameters };
      const response = await oauth.clientCredentialsGrantRequest(server, client, auth, all, options);
      return oauth.processClientCredentialsResponse(server, client, response);
    });
  }

  /** Does nothing if the client has no `revokeURI`. @throws ProviderRefusal @throws ProviderFailure */
  async revoke(token: string): Promise<void> {
    if (this.#client.revokeURI === undefined) return;
    const [server, client, auth, options] = this.#parties();
    await this.#ask([token], async () =>
      oauth.processRevocationResponse(await oauth.revocationRequest(server, client, auth, token, options)),
    );
  }

  /** Arguments of every request function of the library. */
  #parties(query?: URLSearchParams) {
    const { _id, clientId, tokenParams = {} } = this.#client;
    const options = {
      [oauth.customFetch]: providerFetch(this.#outbound, `oauth ${_id}`),
      // The client's addresses were checked when they were stored.
      [oauth.allowInsecureRequests]: true,
      additionalParameters: tokenParams,
    };
    return [this.#server(query), { client_id: clientId }, this.#authentication(), options] as const;
  }

  /**
   * @param query what the user came back with. If the provider names itself there, it must be the one that the user was
   * sent to (RFC 9207): its name is the configured one, or any with the origin of `authURI`.
   */
  #server(query?: URLSearchParams): oauth.AuthorizationServer {
    const { authURI = '', tokenURI, revokeURI, issuer } = this.#client;
    const named = query?.get('iss') ?? undefined;
    const isOwn = named !== undefined && URL.canParse(named) && new URL(named).origin === new URL(authURI).origin;
    return {
      issuer: issuer ?? (isOwn ? named : authURI || tokenURI),
      token_endpoint: tokenURI,
      ...(revokeURI === undefined ? {} : { revocation_endpoint: revokeURI }),
    };
  }

  #authentication(): oauth.ClientAuth {
    if (this.#secret === undefined) return oauth.None();
    const { clientCredentialsLocation = 'basicauthheader' } = this.#client;
    return clientCredentialsLocation === 'body'
      ? oauth.ClientSecretPost(this.#secret)
      : oauth.ClientSecretBasic(this.#secret);
  }

  /** @param sent other secrets that the provider knows and its messages must not repeat */
  async #ask<T>(sent: readonly string[], ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw asProviderError(error, [...sent, ...(this.#secret === undefined ? [] : [this.#secret])]);
    }
  }

  async #tokens(sent: readonly string[], ask: () => Promise<oauth.TokenEndpointResponse>): Promise<IssuedTokens> {
    const { access_token, refresh_token, expires_in, scope } = await this.#ask(sent, ask);
    for (const token of [access_token, refresh_token ?? '']) {
      if (token.length > TOKEN_CHARS) throw new ProviderFailure(`A token is longer than ${TOKEN_CHARS} characters.`);
    }
    const now = this.#now().getTime();
    const lifeMs = expires_in === undefined ? undefined : expires_in * 1_000;
    return {
      accessToken: access_token,
      ...(refresh_token === undefined ? {} : { refreshToken: refresh_token }),
      ...(scope === undefined
        ? {}
        : {
            scope: scope
              .split(/[\s,]+/)
              .filter(Boolean)
              .slice(0, SCOPES),
          }),
      ...(lifeMs === undefined
        ? {}
        : { expiresAt: now + lifeMs, renewAt: now + lifeMs - Math.min(AHEAD_MS, lifeMs / 5) }),
    };
  }
}
