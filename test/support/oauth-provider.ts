/** A real OAuth provider (oidc-provider) with an application behind it. Users need not click: whoever comes, agrees. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Configuration, Provider } from 'oidc-provider';
import { onTestFinished } from 'vitest';

export const CLIENT_ID = 'bulkhead';
export const CLIENT_SECRET = 'secret:100%/+&~';

export interface OAuthProviderOptions {
  /** How long an access token lives, in seconds. */
  readonly tokenSeconds?: number;
  readonly redirectUri: string;
  readonly location?: 'client_secret_basic' | 'client_secret_post';
  /** Further settings of the library. */
  readonly configuration?: Configuration;
}

export interface OAuthProvider {
  readonly url: string;
  readonly provider: Provider;
  /** Grants of each request for tokens, such as `refresh_token`, with its status. */
  readonly grants: readonly { readonly grant: string; readonly status: number }[];
  /** Every token that it has issued. */
  readonly secrets: readonly string[];
  /** Statuses that the application behind `/api` has answered. */
  readonly answers: readonly number[];
  /** Follows the provider's redirects as a browser does. @returns the address it sends the user back to */
  signIn(authorizationUrl: string): Promise<string>;
  close(): void;
  /** Called with each request of the provider, before it is served; true: it was answered. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
}

/** It is closed when the test ends. */
export async function startOAuthProvider(options: OAuthProviderOptions): Promise<OAuthProvider> {
  const provider = await launchOAuthProvider(options);
  onTestFinished(() => provider.close());
  return provider;
}

/** The same, outside of a test: it is for the caller to close it. */
export async function launchOAuthProvider(options: OAuthProviderOptions): Promise<OAuthProvider> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(url, configurationOf(options));
  const grants: { grant: string; status: number }[] = [];
  const answers: number[] = [];
  const secrets: string[] = [];
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.path !== '/token') return;
    grants.push({ grant: String(ctx.oidc?.params?.grant_type), status: ctx.status });
    const { access_token, refresh_token } = ctx.body as Record<string, string | undefined>;
    secrets.push(...[access_token, refresh_token].filter((token) => token !== undefined));
  });
  const close = (): void => void server.close().closeAllConnections();
  const started: OAuthProvider = { url, provider, grants, secrets, answers, intercept: undefined, signIn, close };
  const callback = provider.callback();
  server.on('request', (request, response) => {
    if (started.intercept?.(request, response)) return;
    if (request.url?.startsWith('/api')) void answer(provider, request, response, answers);
    else if (request.url?.startsWith('/interaction/')) void agree(provider, request, response);
    else void callback(request, response);
  });
  return started;
}

function configurationOf({ tokenSeconds = 3_600, redirectUri, location, configuration }: OAuthProviderOptions) {
  return {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
        token_endpoint_auth_method: location ?? 'client_secret_basic',
      },
    ],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      revocation: { enabled: true },
    },
    ttl: { AccessToken: tokenSeconds, ClientCredentials: tokenSeconds },
    scopes: ['openid', 'offline_access', 'orders'],
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    cookies: { keys: ['of the test'] },
    ...configuration,
  } satisfies Configuration as Configuration;
}

/** Signs in and consents to everything. */
async function agree(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { params, prompt, session } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    await provider.interactionFinished(request, response, { login: { accountId: 'zoë' } });
    return;
  }
  const grant = new provider.Grant({ accountId: session?.accountId as string, clientId: String(params.client_id) });
  grant.addOIDCScope(String(params.scope));
  await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}

/** The application: tells who asks, if the token is good. */
async function answer(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
  answers: number[],
): Promise<void> {
  const token = /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const found = (await provider.AccessToken.find(token)) ?? (await provider.ClientCredentials.find(token));
  const status = found?.isValid ? 200 : 401;
  answers.push(status);
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(found?.isValid ? { client: found.clientId, token } : { error: 'no' }));
}

async function signIn(authorizationUrl: string): Promise<string> {
  const { origin } = new URL(authorizationUrl);
  const cookies = new Map<string, string>();
  for (let next = authorizationUrl; ; ) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const reply = await fetch(next, { redirect: 'manual', headers: { cookie } });
    for (const line of reply.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = reply.headers.get('location');
    if (location === null) throw new Error(`the provider answered ${reply.status}: ${await reply.text()}`);
    next = new URL(location, next).href;
    if (!next.startsWith(origin)) return next;
  }
}
