/** A connector that syncs all the time while its tokens live for a second or two. */
import { join } from 'node:path';
import { createClient } from '../support/client.ts';
import { writeBundle } from '../support/folders.ts';
import { CLIENT_ID, CLIENT_SECRET, launchOAuthProvider } from '../support/oauth-provider.ts';
import { launchServer } from '../support/server.ts';

const TOKEN = 'token-of-the-sync';
/** Runs of the connector, one after the other. */
const RUN_MS = 2_000;
/** Requests of a run at once. */
const AT_ONCE = 4;
/** Runs at once, of integrations of their own. */
const RUNS_AT_ONCE = 2;

const CODE = `exports.settings = {
  async sync({ id, ms, atOnce }) {
    const until = Date.now() + ms;
    const statuses = {};
    const worker = async () => {
      while (Date.now() < until) {
        const headers = { 'integrator-relative-uri': '/orders' };
        const { status } = await fetch('/v1/connections/' + id + '/proxy', { method: 'POST', headers });
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    return statuses;
  },
};`;

export interface SyncResult {
  /** Answers that the connector got, by status. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly refreshes: number;
  readonly failedRefreshes: number;
  /** Requests that the application refused, and that were repeated with a new token. */
  readonly repeated: number;
}

/** @param folder for the server's data and connectors */
export async function sync(folder: string, seconds: number, tokenSeconds: number): Promise<SyncResult> {
  const connectors = join(folder, 'connectors');
  const server = await launchServer({
    BULKHEAD_TOKEN: TOKEN,
    BULKHEAD_DATA: join(folder, 'data'),
    BULKHEAD_CONNECTORS: connectors,
    BULKHEAD_LOG: 'error',
    BULKHEAD_ALLOW_PRIVATE_NETWORK: '127.0.0.1',
  });
  const provider = await launchOAuthProvider({ redirectUri: `${server.url}/oauth2/callback`, tokenSeconds });
  try {
    const client = createClient(server.url, TOKEN);
    await writeBundle(connectors, 'syncs', { code: CODE, connector: { permissions: { fetch: [provider.url] } } });
    const connectorId = await readyConnector(server.url);
    const { body: iClient } = await client('POST', '/iClients', {
      name: 'Provider',
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      authURI: `${provider.url}/auth`,
      tokenURI: `${provider.url}/token`,
    });
    const statuses: Record<string, number> = {};
    const until = performance.now() + seconds * 1_000;
    const auth = { type: 'oauth', oauth: { _iClientId: iClient._id, grantType: 'authorizecode', scope: ['orders'] } };
    const syncOne = async (): Promise<void> => {
      const { body: own } = await client('POST', `/integrations/${connectorId}/install`, {});
      const record = { name: 'c', _integrationId: own._id, http: { baseURI: `${provider.url}/api`, auth } };
      const { body: connection } = await client('POST', '/connections', record);
      const { body: begun } = await client('POST', `/connections/${connection._id}/oauth2`);
      await fetch(await provider.signIn(begun.authorizationUrl));
      while (performance.now() < until) {
        const argument = { id: connection._id, ms: RUN_MS, atOnce: AT_ONCE };
        const run = await client('PUT', `/integrations/${own._id}/settings/sync`, argument);
        if (run.status !== 200) throw new Error(`a run ended with ${run.status}: ${run.text}`);
        for (const [status, count] of Object.entries(run.body as Record<string, number>)) {
          statuses[status] = (statuses[status] ?? 0) + count;
        }
      }
    };
    await Promise.all(Array.from({ length: RUNS_AT_ONCE }, syncOne));
    const refreshes = provider.grants.filter(({ grant }) => grant === 'refresh_token');
    return {
      statuses,
      refreshes: refreshes.length,
      failedRefreshes: refreshes.filter(({ status }) => status !== 200).length,
      repeated: provider.answers.filter((status) => status === 401).length,
    };
  } finally {
    provider.close();
    await server.stop('SIGTERM');
  }
}

/** The server loads the bundle as soon as it sees it, and says so. */
async function readyConnector(url: string): Promise<string> {
  const response = await fetch(`${url}/v1/events`, { headers: { authorization: `Bearer ${TOKEN}` } });
  const client = createClient(url, TOKEN);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  try {
    for (;;) {
      const { body } = await client('GET', '/connectors');
      const ready = body.find(({ status }: { status: string }) => status === 'ready');
      if (ready) return ready._id;
      await reader.read();
    }
  } finally {
    await reader.cancel();
  }
}
