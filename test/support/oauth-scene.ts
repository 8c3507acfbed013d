/** A server, a provider that it knows, and connections. */
import { expect } from 'vitest';
import type { RuntimeOptions } from '../../src/index.ts';
import type { Client, Reply } from './client.ts';
import {
  CLIENT_ID,
  CLIENT_SECRET,
  type OAuthProvider,
  type OAuthProviderOptions,
  startOAuthProvider,
} from './oauth-provider.ts';
import { type Served, serve } from './runtime.ts';

export const WAIT = { timeout: 20_000, interval: 50 };
const OPTIONS = { allowPrivateNetwork: '127.0.0.1' };

export interface Scene extends Served {
  readonly provider: OAuthProvider;
  readonly iClientId: string;
  readonly integrationId: string;
}

export async function startScene(
  options: Partial<OAuthProviderOptions> = {},
  client: Record<string, unknown> = {},
  runtimeOptions: RuntimeOptions = {},
): Promise<Scene> {
  const served = await serve({}, { ...OPTIONS, ...runtimeOptions });
  const provider = await startOAuthProvider({ redirectUri: `${served.runtime.url}/oauth2/callback`, ...options });
  const { body } = await served.client('POST', '/iClients', {
    name: 'Provider',
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    authURI: `${provider.url}/auth`,
    tokenURI: `${provider.url}/token`,
    revokeURI: `${provider.url}/token/revocation`,
    ...client,
  });
  const integration = await served.client('POST', '/integrations', { name: 'n' });
  return { ...served, provider, iClientId: body._id, integrationId: integration.body._id };
}

export const oauth = (_iClientId: string, grantType = 'authorizecode', scope = ['offline_access', 'orders']) => ({
  type: 'oauth',
  oauth: { _iClientId, grantType, scope },
});

export async function connection(
  { client, provider, iClientId, integrationId }: Scene,
  auth: Record<string, unknown> = oauth(iClientId),
): Promise<string> {
  const record = {
    name: 'Bücher',
    type: 'http',
    _integrationId: integrationId,
    http: { baseURI: `${provider.url}/api`, auth, ping: { relativeURI: '/me' } },
  };
  const reply = await client('POST', '/connections', record);
  expect(reply.status, reply.text).toBe(201);
  return reply.body._id;
}

export const proxy = (client: Client, id: string): Promise<Reply> =>
  client('POST', `/connections/${id}/proxy`, undefined, { 'integrator-relative-uri': '/orders' });

export async function connect({ client, provider }: Scene, id: string, body = {}): Promise<Response> {
  const { body: begun } = await client('POST', `/connections/${id}/oauth2`, body);
  return fetch(await provider.signIn(begun.authorizationUrl), { redirect: 'manual' });
}
