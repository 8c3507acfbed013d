/** A connection that signs in with OAuth 2 at a real provider, opened in the dashboard. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import type { Dashboard } from '../support/dashboard.ts';
import {
  CLIENT_ID,
  CLIENT_SECRET,
  type OAuthProvider,
  type OAuthProviderOptions,
  startOAuthProvider,
} from '../support/oauth-provider.ts';
import { press } from './connection-scene.ts';

export const startProvider = (
  dashboard: Dashboard,
  options: Partial<OAuthProviderOptions> = {},
): Promise<OAuthProvider> => startOAuthProvider({ redirectUri: `${dashboard.server.url}/oauth2/callback`, ...options });

export const clientFields = ({ url }: OAuthProvider) => ({
  'Client id': CLIENT_ID,
  'Client secret': CLIENT_SECRET,
  'Sign-in address': `${url}/auth`,
  'Token address': `${url}/token`,
});

async function createClient(dashboard: Dashboard, { url }: OAuthProvider): Promise<string> {
  const endpoints = { authURI: `${url}/auth`, tokenURI: `${url}/token`, revokeURI: `${url}/token/revocation` };
  const client = { name: 'Provider', clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, ...endpoints };
  return (await dashboard.client('POST', '/iClients', client)).body._id;
}

export interface SignInScene {
  readonly page: Page;
  readonly integrationId: string;
  readonly connectionId: string;
}

/** An integration with one connection of a provider, opened at its records. */
export async function openSignIn(
  dashboard: Dashboard,
  provider: OAuthProvider,
  oauth: object = {},
): Promise<SignInScene> {
  const _iClientId = await createClient(dashboard, provider);
  const integrationId = (await dashboard.client('POST', '/integrations', { name: 'By hand' })).body._id;
  const { body } = await dashboard.client('POST', '/connections', {
    name: 'Bücher',
    type: 'http',
    _integrationId: integrationId,
    http: {
      baseURI: `${provider.url}/api`,
      auth: { type: 'oauth', oauth: { _iClientId, grantType: 'authorizecode', scope: ['orders'], ...oauth } },
    },
  });
  const page = await dashboard.open(`#/integrations/${integrationId}/records`);
  onTestFinished(() => page.context().close());
  return { page, integrationId, connectionId: body._id };
}

export const connect = async (page: Page): Promise<void> => {
  await page.getByRole('button', { name: /^Connect (again )?Bücher$/ }).click();
  await press(page, 'Continue');
};
export const stateIn = (page: Page, state: string) =>
  page.getByRole('region', { name: 'Connections' }).getByRole('listitem').getByText(state, { exact: true }).waitFor();

/** Sends the user back as a provider does that refuses. */
export function refuse(parameters: Readonly<Record<string, string>>) {
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://provider');
    if (pathname !== '/auth') return false;
    const back = new URL(searchParams.get('redirect_uri') ?? '');
    for (const [name, value] of Object.entries({ state: searchParams.get('state') ?? '', ...parameters }))
      back.searchParams.set(name, value);
    response.writeHead(303, { location: back.href }).end();
    return true;
  };
}
