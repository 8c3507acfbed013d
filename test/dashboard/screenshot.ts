/**
 * Takes the README's screenshot of the dashboard: `npx node test/dashboard/screenshot.ts`. Shows the example
 * connectors on a real server in a real browser.
 */
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { launchBrowser } from '../support/browser.ts';
import { type Client, createClient } from '../support/client.ts';
import { writeBundle } from '../support/folders.ts';
import { launchServer } from '../support/server.ts';

const file = fileURLToPath(new URL('../../docs/images/dashboard.png', import.meta.url));
const shipped = fileURLToPath(new URL('../../connectors', import.meta.url));
const TOKEN = 'the-pictures-token';
const SIZE = { width: 1280, height: 945 };
const POLL_MS = 50;

const folder = await mkdtemp(join(tmpdir(), 'bulkhead-screenshot-'));
const [connectors, data] = [join(folder, 'connectors'), join(folder, 'data')];
await mkdir(connectors);
for (const name of ['hello', 'shop-ledger']) await cp(join(shipped, name), join(connectors, name), { recursive: true });
const server = await launchServer({
  BULKHEAD_DATA: data,
  BULKHEAD_CONNECTORS: connectors,
  BULKHEAD_TOKEN: TOKEN,
  BULKHEAD_LOG: 'error',
});
try {
  await fill(createClient(server.url, TOKEN));
  const browser = await launchBrowser();
  const page = await browser.newPage({ locale: 'en-GB', viewport: SIZE });
  await page.goto(`${server.url}/#token=${TOKEN}`);
  await page.getByText('Update to 1.1.0 available').waitFor();
  await page.screenshot({ path: file });
  await browser.close();
} finally {
  await server.stop('SIGKILL');
  await rm(folder, { recursive: true, force: true });
}

/** Creates an integration in each state that a tile can show. */
async function fill(client: Client): Promise<void> {
  const install = async (connector: string, name: string, tag: string): Promise<string> => {
    const { body } = await client('GET', '/connectors');
    const { _id } = body.find((row: { name: string }) => row.name === connector);
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

  await shop('Book shop', 'Bergen', 'books.example');
  await readyShop('Flower shop', 'Oslo', 'flowers.example');
  const garden = await readyShop('Garden shop', 'Delft', 'garden.example');
  await call(garden, 'uninstaller/preUninstall');
  const tea = await readyShop('Tea shop', 'London', 'tea.example');
  await call(tea, 'settings/persistSettings', { pending: { bookRefunds: true } });
  const toys = await readyShop('Toy shop', 'Graz', 'toys.example');
  await call(toys, 'settings/refreshMetadata', { fieldName: 'salesAccount' });

  const hello = await install('hello', 'Hello', 'Reception');
  await call(hello, 'installer/sayHello');
  await call(hello, 'installer/confirmGreeting');
  await call(hello, 'settings/greet', { name: 'Ada' });
  await newVersionOfHello(client);
}

async function newVersionOfHello(client: Client): Promise<void> {
  const { connector, ...manifest } = JSON.parse(await readFile(join(shipped, 'hello/package.json'), 'utf8'));
  const code = await readFile(join(shipped, 'hello/index.js'), 'utf8');
  await writeBundle(connectors, 'hello', { manifest: { ...manifest, version: '1.1.0' }, connector, code });
  for (;;) {
    const { body } = await client('GET', '/connectors');
    if (body.some(({ version }: { version?: string }) => version === '1.1.0')) return;
    await sleep(POLL_MS);
  }
}
