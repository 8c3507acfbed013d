/** The main job, as a user has it: `npm start`, a dropped bundle, the whole lifecycle, with the process killed in between. */
import { expect, test, vi } from 'vitest';
import { type Client, createClient } from './support/client.ts';
import { storedIntegrations } from './support/engine.ts';
import { type BundleText, temporaryFolder, writeBundle } from './support/folders.ts';
import { type Server, startServer } from './support/server.ts';

const TOKEN = 'the-journeys-token';
/** A machine that is busy with much else starts a process in ten seconds; the product waits for it as well. */
const waits = { timeout: 60_000, interval: 20 };

const bundle = (version: string): BundleText => ({
  manifest: { name: 'journey', version },
  connector: {
    _id: '57179182e0a908200c2781d9',
    title: 'Journey',
    installerFunction: 'begin',
    updateFunction: 'update',
    uninstallerFunction: 'end',
    install: [
      { name: 'First', installerFunction: 'first' },
      { name: 'Second', installerFunction: 'second' },
    ],
    settings: { sections: [{ fields: [{ name: 'city', type: 'input', required: true, value: '' }] }] },
  },
  code: `
    const put = (id, body) => fetch('/v1/integrations/' + id, { method: 'PUT', body: JSON.stringify(body) });
    exports.installer = {
      async begin({ _integrationId }) { await put(_integrationId, { description: 'begun' }); },
      first: (options, callback) => setTimeout(callback, 1, null, { success: true }),
      second: async () => ({ success: true }),
      async update({ _integrationId, stall }) { await put(_integrationId, { description: 'updated' }); ${version === '1.1.0' ? 'await new Promise((resolve) => setTimeout(resolve, 60000));' : ''} },
    };
    exports.settings = {
      async stall({ _integrationId }) { await put(_integrationId, { description: 'half' }); console.log('half written'); await new Promise((resolve) => setTimeout(resolve, 60000)); },
      version: () => '${version}',
    };
    exports.uninstaller = { end: () => ({ ended: true }) };`,
});

test('install, steps, settings, update and uninstall; killed and restarted in between, everything is as it was', async () => {
  const [data, connectors] = [await temporaryFolder(), await temporaryFolder()];
  const environment = { BULKHEAD_TOKEN: TOKEN, BULKHEAD_DATA: data, BULKHEAD_CONNECTORS: connectors };
  let server!: Server;
  let client!: Client;
  const start = async (): Promise<void> => {
    server = await startServer(environment);
    client = createClient(server.url, TOKEN);
  };
  /** Kills the server without warning, restarts it, and expects the integration as it was. */
  const killAndRestart = async (id: string, expected?: object): Promise<void> => {
    const before = expected ?? (await client('GET', `/integrations/${id}`)).body;
    expect((await server.stop('SIGKILL')).signal).toBe('SIGKILL');
    await start();
    expect((await client('GET', `/integrations/${id}`)).body).toEqual(before);
    for (const stored of await storedIntegrations(data)) expect(stored).toBe(id);
  };
  const read = async (id: string) => (await client('GET', `/integrations/${id}`)).body;

  await start();
  await writeBundle(connectors, 'journey', bundle('1.0.0'));
  const connector = '/connectors/57179182e0a908200c2781d9';
  const isLoaded = (version: string) => async () =>
    expect((await client('GET', connector)).body).toMatchObject({ version, status: 'ready' });
  await vi.waitFor(isLoaded('1.0.0'), waits);

  const { body: made } = await client('POST', '/integrations/57179182e0a908200c2781d9/install', { tag: 'größe' });
  expect(made).toMatchObject({ mode: 'install', tag: 'größe', description: 'begun', version: '1.0.0' });
  const id: string = made._id;
  await killAndRestart(id, made);

  // At once after the start: the call waits for its bundle, not for all of them.
  expect((await client('PUT', `/integrations/${id}/installer/first`)).body).toEqual({ success: true });
  await killAndRestart(id);
  expect((await client('PUT', `/v1/integrations/${id}/installer/second`)).body).toEqual({ success: true });
  expect(await read(id)).toMatchObject({ mode: 'settings', install: [{ completed: true }, { completed: true }] });

  const pending = { pending: { city: 'Oslo' } };
  expect((await client('PUT', `/integrations/${id}/settings/persistSettings`, pending)).body).toEqual({
    success: true,
    ...pending,
  });
  await killAndRestart(id);
  expect((await read(id)).settings.sections[0].fields[0].value).toBe('Oslo');

  // In the middle of a run that has written: as before it.
  const before = await read(id);
  const cutOff = client('PUT', `/integrations/${id}/settings/stall`).catch((error: unknown) => error);
  await vi.waitFor(() => expect(server.stderr()).toContain('half written'), waits);
  await killAndRestart(id, before);
  expect(await cutOff).toBeInstanceOf(Error);

  // In the middle of an update: as before it, and not marked as being updated.
  await writeBundle(connectors, 'journey', bundle('1.1.0'));
  await vi.waitFor(isLoaded('1.1.0'), waits);
  const update = () => client('PUT', `${connector}/update`, { _integrationIds: [id] });
  const cutOffUpdate = update().catch((error: unknown) => error);
  await vi.waitFor(async () => expect((await read(id)).updateInProgress).toBe(true), waits);
  await server.stop('SIGKILL');
  await cutOffUpdate;
  await start();
  expect(await read(id)).toEqual(before);

  await writeBundle(connectors, 'journey', bundle('1.2.0'));
  await vi.waitFor(isLoaded('1.2.0'), waits);
  expect(await update()).toMatchObject({ status: 200 });
  expect(await read(id)).toMatchObject({ version: '1.2.0', description: 'updated', updateInProgress: false });
  expect((await client('PUT', `/integrations/${id}/settings/version`)).body).toBe('1.2.0');
  await killAndRestart(id);

  expect((await client('DELETE', `/integrations/${id}/install`)).body).toEqual({ ended: true });
  await server.stop('SIGKILL');
  await start();
  expect((await client('GET', `/integrations/${id}`)).status).toBe(404);
  expect(await storedIntegrations(data)).toEqual([]);
  expect((await server.stop('SIGTERM')).code).toBe(0);
}, 240_000);
