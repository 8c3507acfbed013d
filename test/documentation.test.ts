/** Every command that the documents print is run as printed, or listed here with the reason why not. */

import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { scaffold } from '../src/author/scaffold.ts';
import { startExampleApplication } from '../src/cli/example-app/server.ts';
import { createClient } from './support/client.ts';
import { callCommand, startCommand } from './support/command.ts';
import { temporaryFolder } from './support/folders.ts';
import { blocks, documentPaths, root, textOf } from './support/markdown.ts';
import { runPrinted, type Shell } from './support/printed.ts';
import { mirrorBundle, setUpMirror } from './support/registry-mirror.ts';
import { installed, TOKEN as SERVED_TOKEN, serve } from './support/runtime.ts';
import { startServer } from './support/server.ts';

const TOKEN = 'the-documents-token';
const LONG_MS = 120_000;

interface Run {
  /** Prepares where the block runs. */
  readonly place: () => Promise<Shell>;
  /** What it writes on stdout, in this order. */
  readonly shows: readonly (string | RegExp)[];
  /** It is ended when it has shown that. */
  readonly isEndless?: true;
}

const NOT_AGAIN = 'it would replace the libraries that the tests run on; .ci/run does it on a clean checkout';
const DOCKER = 'it needs Docker; test/containers.test.ts starts a server as the image does';
const MINUTES = 'it takes minutes; its tests run a part of it';

/** By document and first line. A text says why a block is not run. */
const ways: Readonly<Record<string, Run | string>> = {
  'README.md: npm ci && npm start': NOT_AGAIN,
  'README.md: npm ci && npm test': NOT_AGAIN,
  'README.md: BULKHEAD_URL=${BULKHEAD_URL:-http://127.0.0.1:3000} BULKHEAD_TOKEN=${BULKHEAD_TOKEN:-change-me}': {
    place: () => ofServer(),
    shows: [
      '"title":"Hello"',
      '{"success":true}',
      '{"success":true}',
      '"mode":"settings"',
      '{"success":true,"pending":{"greeting":"ahoy","name":"Ada"}}',
      '{"errors":[{"code":"invalid_field"',
      '{"text":"Ahoy, Ada!"}',
      '{"success":true}',
      '[]',
    ],
  },
  'README.md: npm start -- example-app': 'it listens on a fixed port; test/examples.test.ts starts it on a free one',
  'README.md: npm start -- run "Main registry, releases"': {
    place: withMirror,
    shows: [/^Main registry, releases completed in .* s: 30 read, 30 sent, 0 failed, 0 ignored\.\n$/],
  },
  'docs/install.md: npm ci && npm start': NOT_AGAIN,
  'docs/install.md: npm install --prefix /opt/bulkhead --loglevel error ./bulkhead-0.1.0.tgz node':
    'a package manager, in a folder of the system; test/embed installs the packed package',
  'docs/install.md: npx bulkhead doctor': { place: withData, shows: ['Node', 'bundles', 'No problems found.'] },
  'docs/containers.md: npm ci && npm pack': DOCKER,
  'docs/containers.md: docker compose --file docs/containers/compose.nodes.yaml up --build --detach': DOCKER,
  'docs/containers.md: docker compose --file docs/containers/compose.yaml cp connectors/hello bulkhead:/var/lib/bulkhead/connectors/':
    DOCKER,
  'docs/containers.md: docker compose --file docs/containers/compose.yaml exec bulkhead node /opt/bulkhead/node_modules/bulkhead/dist/src/main.js doctor':
    DOCKER,
  'docs/troubleshooting.md: npx bulkhead doctor': { place: withData, shows: ['No problems found.'] },
  'docs/operate.md: curl -sS http://127.0.0.1:3000/readyz': { place: () => ofServer(), shows: ['"status":"ok"'] },
  'docs/operate.md: npx bulkhead backup bulkhead.backup.gz': {
    place: withData,
    shows: ['Saved to bulkhead.backup.gz', 'Restored 0'],
  },
  'docs/operate.md: BULKHEAD_STORE=postgres://bulkhead:password@db.example.com/bulkhead?sslmode=verify-full npx bulkhead start':
    'it needs that database; test/nodes.test.ts starts nodes on one',
  'docs/operate.md: npx bulkhead copy --from ./data --to postgres://bulkhead:password@db.example.com/bulkhead':
    'it needs that database; test/cli/copy.test.ts copies to one',
  'docs/operate.md: npx bulkhead token': { place: withData, shows: [/^[\w-]{32}\n$/] },
  'docs/operate.md: curl -sS -H "Authorization: Bearer $BULKHEAD_TOKEN" http://127.0.0.1:3000/metrics': {
    place: () => ofServer(),
    shows: ['bulkhead_http_request_duration_seconds', 'bulkhead_runs_total'],
  },
  'docs/events.md: curl -sSN -H "Authorization: Bearer $BULKHEAD_TOKEN" http://127.0.0.1:3000/v1/events': {
    place: () => ofServer(),
    shows: ['retry:'],
    isEndless: true,
  },
  'docs/connections.md: curl -sS -X POST -H "Authorization: Bearer $BULKHEAD_TOKEN" \\': {
    place: withConnection,
    shows: ['{"asked":"/orders?page=2","authorization":"******"}'],
  },
  'docs/connections.md: curl -sS -X POST -H "Authorization: Bearer $BULKHEAD_TOKEN" -H "Content-Type: application/json" \\':
    {
      place: () => ofServer(),
      shows: ['"clientSecret":"******"'],
    },
  'docs/connectors/stack.md: curl -sS -X POST -H "Authorization: Bearer $BULKHEAD_TOKEN" -H "Content-Type: application/json" \\':
    {
      place: () => ofServer(),
      shows: ['DIY is not configured'],
    },
  'docs/connections.md: BULKHEAD_ALLOW_PRIVATE_NETWORK=erp.internal,10.20.0.0/16,fd00:12::5 npm start': {
    place: withData,
    shows: ['Bulkhead is listening on'],
    isEndless: true,
  },
  'docs/api.md: curl -sS -X POST -H "Authorization: Bearer $BULKHEAD_TOKEN" -H "Content-Type: application/json" \\': {
    place: () => ofServer(),
    shows: ['"scope":"read"', /"token":"bh_[\w-]{43}"/],
  },
  'docs/performance.md: npm run bench': MINUTES,
  'docs/performance.md: npm run swap': MINUTES,
  'docs/performance.md: npm run build && node --max-semi-space-size=4 test/embed/hosts/memory.mjs': MINUTES,
  'docs/connectors/tutorial.md: npx bulkhead init weather': {
    place: async () => ({ cwd: await temporaryFolder() }),
    shows: ['Created in weather', 'npm install'],
  },
  'docs/connectors/tutorial.md: npx bulkhead test weather': {
    place: withProject,
    shows: ['pass 2', 'weather 1.0.0', 'weather-1.0.0.tgz'],
  },
  'docs/connectors/tutorial.md: npx bulkhead init orders --template polling': {
    place: async () => ({ cwd: await temporaryFolder() }),
    shows: ['Replace the hosts at example.com', 'pass 4'],
  },
  'docs/connectors/tutorial.md: npx bulkhead dev weather --install': {
    place: withProject,
    shows: ['BULKHEAD_URL=', 'Installed as Weather'],
    isEndless: true,
  },
  'docs/connectors/tutorial.md: npx bulkhead invoke Weather settings forecast --body \'{"days":2}\'': {
    place: ofDev,
    shows: ['{"city":"Oslo","forecast":["sun","sun"]}'],
  },
  'docs/connectors/testing.md: npx bulkhead test weather': { place: withProject, shows: ['pass 2', 'pass 1'] },
  'docs/connectors/old-style.md: npx bulkhead build shop-sync': {
    place: withOldConnector,
    shows: ['shop-sync/bundle/index.js', 'installerFunction  installConnector'],
  },
  'docs/connectors/packages.md: npx bulkhead pack weather': { place: withProject, shows: ['weather-1.0.0.tgz'] },
  'docs/connectors/packages.md: curl -sS -X PUT -H "Authorization: Bearer $BULKHEAD_TOKEN" -H "Content-Type: application/gzip" \\':
    { place: withTarball, shows: ['"name":"weather"', '"status":"ready"'] },
};

const printed = documentPaths.flatMap((path) =>
  blocks(textOf(path), 'sh').map((block) => [`${path}: ${block.split('\n')[0]}`, block] as const),
);

test('every command in the documents is run here, or listed with a reason', () => {
  expect(printed.map(([name]) => name).sort()).toEqual(Object.keys(ways).sort());
});

describe('runs as printed:', () => {
  test.each(printed.filter(([name]) => typeof ways[name] === 'object'))(
    '%s',
    { timeout: LONG_MS },
    async (name, block) => {
      const { place, shows, isEndless } = ways[name] as Run;
      const { code, out, err } = await runPrinted(block, await place(), isEndless && String(shows.at(-1)));
      if (!isEndless) expect([code, err]).toEqual([0, '']);
      let rest = out;
      for (const expected of shows) {
        expect(rest, err).toMatch(expected);
        const found = typeof expected === 'string' ? expected : (expected.exec(rest)?.[0] ?? '');
        rest = rest.slice(rest.indexOf(found) + found.length);
      }
    },
  );
});

/** A folder with a data folder, and the connectors that come with the package. */
async function withData(): Promise<Shell> {
  const cwd = await temporaryFolder();
  await cp(join(root, 'connectors'), join(cwd, 'connectors'), { recursive: true });
  await callCommand(['token', '--data', join(cwd, 'data')]);
  return { cwd };
}

async function ofServer(environment: Readonly<Record<string, string>> = {}): Promise<Shell & { url: string }> {
  const { cwd } = await withData();
  const { url } = await startServer({
    BULKHEAD_TOKEN: TOKEN,
    BULKHEAD_DATA: join(cwd, 'data'),
    BULKHEAD_CONNECTORS: join(cwd, 'connectors'),
    ...environment,
  });
  // The documents mean a server that has looked at its connectors.
  await vi.waitFor(async () => expect((await fetch(`${url}/readyz`)).status).toBe(200), { timeout: 30_000 });
  return { cwd, url, environment: { BULKHEAD_URL: url, BULKHEAD_TOKEN: TOKEN } };
}

/** A server, and in it a connection to an application that answers with what it was asked. */
async function withConnection(): Promise<Shell> {
  const application = createServer(({ url: asked, headers: { authorization } }, response) => {
    response.end(JSON.stringify({ asked, authorization }));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void application.close());
  await vi.waitFor(() => expect(application.listening).toBe(true));
  const { port } = application.address() as AddressInfo;
  const shell = await ofServer({ BULKHEAD_ALLOW_PRIVATE_NETWORK: '127.0.0.1' });
  const client = createClient(shell.url, TOKEN);
  const { body: integration } = await client('POST', '/integrations', { name: 'Shop' });
  const auth = { type: 'token', token: { token: 'a-long-secret', scheme: ' ' } };
  const { body: connection } = await client('POST', '/connections', {
    name: 'Shop',
    _integrationId: integration._id,
    http: { baseURI: `http://127.0.0.1:${port}`, auth },
  });
  return { ...shell, environment: { ...shell.environment, CONNECTION: connection._id } };
}

/** A server with the example registry-mirror installed, and the application that it works with. */
async function withMirror(): Promise<Shell> {
  const application = await startExampleApplication(0, () => {});
  onTestFinished(() => application.close());
  const bundles = { 'registry-mirror': await mirrorBundle(application.url) };
  const { client, runtime } = await serve(bundles, { allowPrivateNetwork: '127.0.0.1' });
  await setUpMirror(client, await installed(client, 'registry-mirror'), runtime.url);
  return { cwd: await temporaryFolder(), environment: { BULKHEAD_URL: runtime.url, BULKHEAD_TOKEN: SERVED_TOKEN } };
}

/** A folder in which `bulkhead init weather` was run. */
async function withProject(): Promise<Shell> {
  const cwd = await temporaryFolder();
  await callCommand(['init', 'weather'], { cwd });
  return { cwd };
}

/** A folder with a connector as integrator.io has them. */
async function withOldConnector(): Promise<Shell> {
  const cwd = await temporaryFolder();
  await mkdir(join(cwd, 'shop-sync'));
  await writeFile(join(cwd, 'shop-sync/package.json'), '{"name":"shop-sync","version":"1.0.0","main":"index.js"}');
  const code = 'exports.installer = { installConnector: function (options, callback) { callback(); } };';
  await writeFile(join(cwd, 'shop-sync/index.js'), code);
  return { cwd };
}

async function withTarball(): Promise<Shell> {
  const [{ cwd }, shell] = [await withProject(), await ofServer()];
  await callCommand(['pack', 'weather'], { cwd });
  return { ...shell, cwd };
}

/** Another terminal, in which `bulkhead dev weather --install` goes on. */
async function ofDev(): Promise<Shell> {
  const { cwd } = await withProject();
  const dev = startCommand(['dev', 'weather', '--install'], { cwd, environment: { BULKHEAD_PORT: '0' } });
  await vi.waitFor(() => expect(dev.stdout()).toContain('Installed as Weather'), { timeout: 60_000 });
  const [, url = '', token = ''] = /BULKHEAD_URL=(\S+) BULKHEAD_TOKEN=(\S+)/.exec(dev.stdout()) ?? [];
  return { cwd, environment: { BULKHEAD_URL: url, BULKHEAD_TOKEN: token } };
}

test('the two commands of the README are the scripts of the package', async () => {
  const commands = blocks(textOf('README.md'), 'sh').slice(0, 2);
  expect(commands.map((command) => command.trim())).toEqual(['npm ci && npm start', 'npm ci && npm test']);
  const { scripts } = JSON.parse(textOf('package.json'));
  expect([scripts.start, scripts.test]).toEqual([
    'exec env MALLOC_MMAP_THRESHOLD_=1048576 MALLOC_TRIM_THRESHOLD_=8388608 node --disable-sigusr1 --max-semi-space-size=16 --import ./src/compile-cache.js src/main.ts',
    'vitest run',
  ]);
  expect(textOf('.ci/run')).toContain('npm ci && npm test');
});

test('every npm script that the documents name is there', () => {
  const { scripts: own } = JSON.parse(textOf('package.json'));
  const versions = { bulkhead: '', scripts: '', esbuild: '', typescript: '', types: '' };
  const made = scaffold({ name: 'weather', template: 'blank', language: 'typescript', versions });
  const { scripts: ofProject } = JSON.parse(made['package.json'] ?? '');
  for (const path of documentPaths) {
    // What authors read is about their projects.
    const scripts = path === 'docs/connectors/tutorial.md' ? ofProject : own;
    for (const [, name = ''] of textOf(path).matchAll(/\bnpm run ([\w:-]+)/g))
      expect(scripts, path).toHaveProperty(name);
  }
});

test('the first connector of the tutorial works as printed', async () => {
  const text = textOf('docs/connectors/tutorial.md');
  const { client, connectors } = await serve();
  await mkdir(join(connectors, 'weather'));
  await writeFile(join(connectors, 'weather/package.json'), blocks(text, 'json')[0] ?? '');
  await writeFile(join(connectors, 'weather/index.js'), blocks(text, 'js')[0] ?? '');
  const isReady = async () => expect((await client('GET', '/connectors')).body).toMatchObject([{ status: 'ready' }]);
  await vi.waitFor(isReady, { timeout: 30_000, interval: 20 });
  const id = await installed(client, 'weather');
  await client('PUT', `/integrations/${id}/installer/checkCity`);
  const { body } = await client('PUT', `/integrations/${id}/settings/forecast`, { days: 2 });
  expect(body).toEqual({ city: 'Oslo', forecast: ['sun', 'sun'] });
});

test("the tutorial's connector in TypeScript passes the test that is printed", { timeout: LONG_MS }, async () => {
  const [connector = ''] = blocks(textOf('docs/connectors/tutorial.md'), 'ts');
  const [itsTest = ''] = blocks(textOf('docs/connectors/testing.md'), 'ts');
  const project = join((await withProject()).cwd, 'weather');
  await writeFile(join(project, 'src/index.ts'), connector);
  await writeFile(join(project, 'test/index.test.ts'), itsTest);
  const manifest = JSON.parse(await readFile(join(project, 'package.json'), 'utf8'));
  manifest.connector.permissions = { fetch: ['https://api.example.com'] };
  await writeFile(join(project, 'package.json'), JSON.stringify(manifest));
  const { code, stdout } = await callCommand(['test'], { cwd: project });
  expect([code, stdout]).toEqual([0, expect.stringContaining('pass 1')]);
});
