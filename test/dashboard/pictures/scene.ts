/** A server for pictures of the dashboard: the example connectors, and an integration in each state. */
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startExampleApplication } from '../../../src/cli/example-app/server.ts';
import { type Client, createClient } from '../../support/client.ts';
import { writeBundle } from '../../support/folders.ts';
import { root } from '../../support/markdown.ts';
import { mirrorBundle, setUpMirror } from '../../support/registry-mirror.ts';
import { launchServer } from '../../support/server.ts';

const TOKEN = 'the-pictures-token';
const POLL_MS = 50;
const shipped = join(root, 'connectors');

export interface Scene {
  /** Signs in. */
  readonly address: string;
  /** Parts of paths, by name. */
  readonly ids: { readonly unfinished: string; readonly mirror: string; readonly flow: string };
  close(): Promise<void>;
}

/** The caller has to close it. */
export async function openScene(): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-pictures-'));
  const application = await startExampleApplication(0, () => {});
  const connectors = join(folder, 'connectors');
  await mkdir(connectors);
  for (const name of ['hello', 'shop-ledger', 'registry-mirror'])
    await cp(join(shipped, name), join(connectors, name), { recursive: true });
  await writeBundle(connectors, 'registry-mirror', await mirrorBundle(application.url));
  const server = await launchServer({
    BULKHEAD_DATA: join(folder, 'data'),
    BULKHEAD_CONNECTORS: connectors,
    BULKHEAD_TOKEN: TOKEN,
    BULKHEAD_LOG: 'error',
    BULKHEAD_ALLOW_PRIVATE_NETWORK: '127.0.0.1',
  });
  const close = async (): Promise<void> => {
    await server.stop('SIGKILL');
    await application.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const ids = await fill(createClient(server.url, TOKEN), server.url, connectors);
    return { address: `${server.url}/#token=${TOKEN}`, ids, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function fill(client: Client, url: string, connectors: string): Promise<Scene['ids']> {
  const { body: rows } = await client('GET', '/connectors');
  const install = async (connector: string, name: string, tag: string): Promise<string> => {
    const { _id } = rows.find((row: { name: string }) => row.name === connector);
    return (await client('POST', `/integrations/${_id}/install`, { name, tag })).body._id;
  };
  const call = (id: string, path: string, body: object = {}) => client('PUT', `/integrations/${id}/${path}`, body);

  const shop = async (name: string, tag: string, domain: string): Promise<string> => {
    const id = await install('shop-ledger', `${name} to ledger`, tag);
    await call(id, 'installer/verifyShop', { domain });
    return id;
  };
  const readyShop = async (name: string, tag: string, domain: string): Promise<string> => {
    const id = await shop(name, tag, domain);
    await call(id, 'installer/chooseChart', { chart: 'trade' });
    await call(id, 'installer/checkBooks');
    return id;
  };

  const unfinished = await shop('Book shop', 'Bergen', 'books.example');
  await readyShop('Flower shop', 'Oslo', 'flowers.example');
  const garden = await readyShop('Garden shop', 'Delft', 'garden.example');
  await call(garden, 'uninstaller/preUninstall');
  const tea = await readyShop('Tea shop', 'London', 'tea.example');
  await call(tea, 'settings/persistSettings', { pending: { bookRefunds: true } });

  const hello = await install('hello', 'Hello', 'Reception');
  await call(hello, 'installer/sayHello');
  await call(hello, 'installer/confirmGreeting');
  await call(hello, 'settings/greet', { name: 'Ada' });
  await newVersionOfHello(client, connectors);

  const mirror = await install('registry-mirror', 'Packages', 'Main registry');
  await setUpMirror(client, mirror, url);
  return { unfinished, mirror, flow: await runFlow(client, mirror) };
}

async function newVersionOfHello(client: Client, connectors: string): Promise<void> {
  const { connector, ...manifest } = JSON.parse(await readFile(join(shipped, 'hello/package.json'), 'utf8'));
  const code = await readFile(join(shipped, 'hello/index.js'), 'utf8');
  await writeBundle(connectors, 'hello', { manifest: { ...manifest, version: '1.1.0' }, connector, code });
  await until(async () => {
    const { body } = await client('GET', '/connectors');
    return body.some(({ version }: { version?: string }) => version === '1.1.0');
  });
}

/** Runs a flow of an integration to its end. */
async function runFlow(client: Client, integrationId: string): Promise<string> {
  const { body: flows } = await client('GET', `/flows?_integrationId=${integrationId}`);
  const { _id } = flows.find(({ name }: { name: string }) => name.includes('releases'));
  const { _jobId } = (await client('POST', `/flows/${_id}/run`, {})).body;
  await until(async () => (await client('GET', `/jobs/${_jobId}`)).body.endedAt !== undefined);
  return _id;
}

/** Polls without a limit: whoever takes pictures has one. */
async function until(isDone: () => Promise<boolean>): Promise<void> {
  while (!(await isDone())) await sleep(POLL_MS);
}
