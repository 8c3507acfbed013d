/**
 * A connector that does real work against an application that nobody here wrote: all-or-nothing while
 * that breaks, credentials, select lists, a second store, an update and a removal in order.
 */
import { readFile } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import { type Client, createClient, errorsOf, type Reply } from './support/client.ts';
import { storedIntegrations, storedTexts } from './support/engine.ts';
import { temporaryFolder, writeBundle } from './support/folders.ts';
import { relayTo, startRegistry } from './support/registry.ts';
import { type Server, startServer } from './support/server.ts';

const TOKEN = 'the-registry-journeys-token';
const PASSWORD = 'pässwörd';
const KINDS = ['connections', 'exports', 'imports', 'flows'];
const bundle = new URL('../connectors/registry-mirror/', import.meta.url);

test('install, verify, settings, a second store, update and uninstall of a connector that works with records', async () => {
  const registry = await startRegistry();
  await registry.addUser('zoe', PASSWORD);
  for (const name of ['apple', 'pear']) await registry.publish(name, '1.2.3', ['zoe', PASSWORD]);
  const relay = await relayTo(registry.url);

  const [data, connectors] = [await temporaryFolder(), await temporaryFolder()];
  const manifest = JSON.parse(await readFile(new URL('package.json', bundle), 'utf8'));
  const code = await readFile(new URL('index.js', bundle), 'utf8');
  const write = (version: string, text: string): Promise<void> =>
    writeBundle(connectors, 'registry-mirror', {
      manifest: { ...manifest, version },
      connector: {
        ...manifest.connector,
        opts: { source: relay.url, target: relay.url },
        permissions: { fetch: [relay.url] },
      },
      code: text,
    });
  await write('1.0.0', code.replace(/KINDS = \[.*\]/, "KINDS = ['releases']"));

  const environment = {
    BULKHEAD_TOKEN: TOKEN,
    BULKHEAD_DATA: data,
    BULKHEAD_CONNECTORS: connectors,
    BULKHEAD_ALLOW_PRIVATE_NETWORK: '127.0.0.1',
  };
  let server!: Server;
  let client!: Client;
  const start = async (): Promise<void> => {
    server = await startServer(environment);
    client = createClient(server.url, TOKEN);
  };
  await start();
  const { body: rows } = await client('GET', '/connectors');
  expect(rows).toMatchObject([{ name: 'registry-mirror', status: 'ready', version: '1.0.0' }]);
  const connector = `/connectors/${rows[0]._id}`;

  /** Everything that is stored, in one value. */
  const everything = async (): Promise<unknown[]> =>
    Promise.all(['integrations', ...KINDS].map(async (kind) => (await client('GET', `/${kind}`)).body));
  const nothing = [[], [], [], [], []];

  // The application breaks in the middle of the install: nothing is left behind.
  const install = () => client('POST', `/integrations/${rows[0]._id}/install`, { tag: 'mirror' });
  for (const requests of [0, 1]) {
    relay.cutAfter(requests);
    const broken = await install();
    expect([broken.status, errorsOf(broken)[0]?.[0]], `${requests} requests`).toEqual([422, 'registry_unavailable']);
    expect(await everything()).toEqual(nothing);
  }
  relay.mend();
  const { status, body: installed } = await install();
  expect(status).toBe(200);
  const path = `/integrations/${installed._id}`;
  expect(installed).toMatchObject({
    mode: 'install',
    install: [{ completed: false }, { completed: false }, { completed: false }, { completed: false }],
  });
  const grouped = async () => (await client('GET', `${path}/dependencies`)).body;
  const counts = async () => Object.values(await grouped()).map((records) => (records as unknown[]).length);
  expect(await counts()).toEqual([2, 1, 1, 1]);

  // Credentials: entered by the user, checked by the connector, seen by nobody.
  const read = async () => (await client('GET', path)).body;
  const enter = async (connectionId: string, password: string): Promise<Reply> => {
    const { body } = await client('GET', `/connections/${connectionId}`);
    const auth = { type: 'basic', basic: { username: 'zoe', password } };
    return client('PUT', `/connections/${connectionId}`, { ...body, http: { ...body.http, auth } });
  };
  const verify = async (step: { installerFunction: string }) =>
    client('PUT', `${path}/installer/${step.installerFunction}`);
  const [source, target, packages, mirroring] = installed.install;
  const before = await read();
  const unknown = await verify(source);
  expect([unknown.status, unknown.body.errors[0].code]).toEqual([422, 'invalid_credentials']);
  await enter(source._connectionId, 'wrong');
  expect((await verify(source)).status).toBe(422);
  expect(await read()).toEqual(before);
  const shown = await enter(source._connectionId, PASSWORD);
  expect(shown.body.http.auth.basic).toEqual({ username: '******', password: '******' });
  expect(await verify(source)).toMatchObject({ status: 200, body: { success: true } });
  expect((await read()).install[0]).toMatchObject({ completed: true, description: 'Signed in as zoe.' });
  await enter(target._connectionId, PASSWORD);
  expect((await verify(target)).status).toBe(200);
  expect((await client('GET', `/connections/${source._connectionId}/ping`)).body).toMatchObject({ success: true });

  // The select list is what the application has.
  expect((await verify(packages)).status).toBe(200);
  expect((await verify(mirroring)).status).toBe(200);
  expect((await read()).mode).toBe('settings');
  const [first] = (await read()).settings.sections;
  expect(first.sections[0].fields[0].options).toEqual([
    ['apple', 'apple'],
    ['pear', 'pear'],
  ]);
  await registry.publish('fig', '0.1.0', ['zoe', PASSWORD]);
  const refresh = { fieldName: 'packages', storeId: first.id };
  const { body: refreshed } = await client('PUT', `${path}/settings/refreshMetadata`, refresh);
  expect(refreshed.options).toContainEqual(['fig', 'fig']);
  const pending = { [first.id]: { packages: ['fig', 'pear'], releasesWhich: 'stable' } };
  expect((await client('PUT', `${path}/settings/persistSettings`, { pending })).body).toEqual({
    success: true,
    pending,
  });
  const wrong = await client('PUT', `${path}/settings/persistSettings`, {
    pending: { [first.id]: { packages: ['plum'] } },
  });
  expect(errorsOf(wrong)).toEqual([['invalid_field', `${first.id}.packages`]]);

  // A second store; the process is killed in the middle of the first attempt, the application breaks in the second.
  const settled = await everything();
  const add = () => client('PUT', `${path}/installer/addNewStore`, { name: 'Zweite' });
  relay.cutAfter(1);
  expect((await add()).status).toBe(422);
  expect(await everything()).toEqual(settled);
  relay.mend();
  const held = relay.hold();
  const cutOff = add().catch((error: unknown) => error);
  await held;
  await server.stop('SIGKILL');
  expect(await cutOff).toBeInstanceOf(Error);
  relay.mend();
  await start();
  expect(await everything()).toEqual(settled);
  const { body: lastRuns } = await client('GET', `${path}/runs`);
  expect(lastRuns.at(-1)).toMatchObject({ function: 'addNewStore', outcome: 'cut_off' });
  expect((await add()).status).toBe(200);
  expect(await counts()).toEqual([4, 2, 2, 2]);
  expect(await read()).toMatchObject({ mode: 'install', install: [{}, {}, {}, {}, { completed: false }, {}, {}, {}] });
  expect(errorsOf(await add())).toEqual([['not_finished']]);
  const [, , , , ...more] = (await read()).install;
  for (const step of more) {
    if (step._connectionId) await enter(step._connectionId, PASSWORD);
    expect((await verify(step)).status, step.name).toBe(200);
  }
  expect(await read()).toMatchObject({ mode: 'settings', settings: { sections: [{}, { title: 'Zweite' }] } });

  // Update: what the new version adds is there, what was entered stays.
  await write('1.1.0', code);
  await vi.waitFor(async () => expect((await client('GET', connector)).body).toMatchObject({ version: '1.1.0' }), {
    timeout: 20_000,
    interval: 20,
  });
  relay.cutAfter(1);
  const updated = () => client('PUT', `${connector}/update`, { _integrationIds: [installed._id] });
  expect((await updated()).status).toBe(422);
  expect(await counts()).toEqual([4, 2, 2, 2]);
  relay.mend();
  expect((await updated()).status).toBe(200);
  expect(await counts()).toEqual([4, 6, 6, 6]);
  const after = await read();
  expect(after).toMatchObject({ version: '1.1.0', updateInProgress: false });
  const [kept] = after.settings.sections;
  expect(kept.sections[0].fields[0].value).toEqual(['fig', 'pear']);
  expect(kept.sections[1].flows.map(({ settings }: { settings: object[] }) => settings[0])).toMatchObject([
    { name: 'releasesWhich', value: 'stable' },
    { name: 'tagsWhich', value: 'all' },
    { name: 'announcementsWhich', value: 'all' },
  ]);

  // What happened stands in the runs; the password nowhere.
  const { body: runs } = await client('GET', `${path}/runs`);
  expect(runs.map((run: Record<string, string>) => `${run.function} ${run.outcome}`)).toContain(
    'updateConnector succeeded',
  );
  expect(JSON.stringify(runs)).not.toContain(PASSWORD);
  expect(server.stderr()).not.toContain(PASSWORD);
  const sealedAs = [PASSWORD, Buffer.from(`zoe:${PASSWORD}`).toString('base64')];
  const texts = await storedTexts(data);
  expect(texts.some((text) => text.includes('registry-mirror'))).toBe(true);
  for (const text of texts) for (const secret of sealedAs) expect(text).not.toContain(secret);

  // Uninstall: step by step, records in their order, then everything.
  const { body: steps } = await client('PUT', `${path}/uninstaller/preUninstall`);
  expect(await read()).toMatchObject({ mode: 'uninstall' });
  expect(errorsOf(await client('DELETE', `${path}/install`))).toEqual([['not_finished']]);
  for (const { uninstallerFunction } of steps) {
    expect((await client('PUT', `${path}/uninstaller/${uninstallerFunction}`)).status, uninstallerFunction).toBe(200);
  }
  expect(await counts()).toEqual([0, 0, 0, 0]);
  expect((await client('DELETE', `${path}/install`)).body).toEqual({ success: true });
  expect(await everything()).toEqual(nothing);
  await server.stop('SIGTERM');
  expect(await storedIntegrations(data)).toEqual([]);
}, 120_000);
