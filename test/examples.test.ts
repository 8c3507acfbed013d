/** The examples that come with the package do what they show. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startExampleApplication } from '../src/cli/example-app/server.ts';
import { runToEnd } from './flow/scene.ts';
import { startCommand } from './support/command.ts';
import { root } from './support/markdown.ts';
import { mirrorBundle, setUpMirror } from './support/registry-mirror.ts';
import { installed, serve } from './support/runtime.ts';

test('the example shop-ledger does what it shows', async () => {
  const { client, connectors } = await serve({
    // The version before it, as integrations of it were left: settings in a flat object.
    'shop-ledger': {
      connector: { settings: { shopDomain: 'flowers.example', chart: 'services', salesAccount: '4200' } },
      code: 'exports.installer = {}',
    },
  });
  const old = await installed(client, 'shop-ledger', { tag: 'old' });
  await cp(join(root, 'connectors/shop-ledger'), join(connectors, 'shop-ledger'), { recursive: true });
  const isThere = async () => expect((await client('GET', '/connectors')).body[0]).toMatchObject({ version: '2.0.0' });
  await vi.waitFor(isThere, { timeout: 5_000, interval: 20 });

  const id = await installed(client, 'shop-ledger', { tag: 'new' });
  const call = async (section: string, name: string, body: object = {}, integration = id) =>
    (await client('PUT', `/integrations/${integration}/${section}/${name}`, body)).body;
  const read = async (integration = id) => (await client('GET', `/integrations/${integration}`)).body;
  const fields = async (integration = id): Promise<Record<string, Record<string, unknown>>> => {
    const { general, sections } = (await read(integration)).settings;
    const all = [general, ...sections].flatMap((each) => each.fields);
    return Object.fromEntries(all.map((field) => [field.name, field]));
  };

  expect((await call('installer', 'verifyShop', { domain: 'not a domain' })).errors[0].code).toBe('invalid_shop');
  expect(await call('installer', 'verifyShop', { domain: 'flowers.example' })).toMatchObject({ success: true });
  expect(await call('installer', 'chooseChart', { chart: 'trade' })).toEqual({ success: true });
  expect((await read()).mode).toBe('install');
  expect(await call('installer', 'checkBooks')).toEqual({ success: true });
  expect(await read()).toMatchObject({
    mode: 'settings',
    install: [{ description: 'flowers.example', completed: true }, {}, {}],
  });

  const refused = await call('settings', 'persistSettings', { pending: { bookRefunds: true } });
  expect(refused.errors[0]).toMatchObject({
    code: 'invalid_settings',
    message: expect.stringContaining('refundAccount'),
  });
  expect((await fields()).refundAccount).toMatchObject({ hidden: true });
  await call('settings', 'persistSettings', { pending: { bookRefunds: true, refundAccount: '4740' } });
  expect((await fields()).refundAccount).toMatchObject({ hidden: false, required: true, value: '4740' });
  expect(await call('settings', 'refreshMetadata', { fieldName: 'salesAccount' })).toMatchObject({
    fieldName: 'salesAccount',
    options: [['4000', '4000 Sales of goods'], [], [], []].map((pair) => (pair.length > 0 ? pair : expect.any(Array))),
  });

  const { body: rows } = await client('GET', '/connectors');
  expect((await client('PUT', `/connectors/${rows[0]._id}/update`, { _integrationIds: [old] })).status).toBe(200);
  expect(await read(old)).toMatchObject({
    version: '2.0.0',
    settings: { shop: { domain: 'flowers.example', chart: 'services' } },
  });
  expect((await fields(old)).salesAccount).toMatchObject({ value: '4200' });

  expect(await call('uninstaller', 'preUninstall')).toHaveLength(1);
  expect((await client('DELETE', `/integrations/${id}/install`)).body.errors[0].code).toBe('books_open');
  await call('uninstaller', 'closeBooks');
  expect((await client('DELETE', `/integrations/${id}/install`)).body).toEqual({ success: true });
});

test('the example registry-mirror moves releases and tags in the example application, also when it announces them', async () => {
  const lines: string[] = [];
  const application = await startExampleApplication(0, (line) => lines.push(line));
  onTestFinished(() => application.close());
  const bundles = { 'registry-mirror': await mirrorBundle(application.url) };
  const { client, runtime } = await serve(bundles, { allowPrivateNetwork: '127.0.0.1' });

  const id = await installed(client, 'registry-mirror');
  const read = async () => (await client('GET', `/integrations/${id}`)).body;
  const take = (name: string) => client('PUT', `/integrations/${id}/installer/${name}`);
  const { body: flows } = await client('GET', `/flows?_integrationId=${id}`);
  const names = ['releases', 'tags', 'announcements'].map((kind) => `Main registry, ${kind}`);
  expect(flows.map(({ name, disabled, schedule }: Record<string, unknown>) => [name, disabled, schedule])).toEqual([
    [names[0], true, '? 15 3 ? * *'],
    [names[1], true, '? 15 3 ? * *'],
    [names[2], true, undefined],
  ]);
  await setUpMirror(client, id, runtime.url, async (step) => {
    expect((await take(step)).body.errors[0].code).toBe('invalid_credentials');
  });
  expect(await read()).toMatchObject({
    mode: 'settings',
    install: [{}, {}, {}, { description: 'The registry announces releases.' }],
  });

  const authorization = `Basic ${Buffer.from('demo:demo').toString('base64')}`;
  const mirrored = async (kind: string): Promise<Record<string, string>[]> => {
    const pages = [1, 2, 3, 4].map(async (page) => {
      const reply = await fetch(`${application.url}/mirror/${kind}?page=${page}`, { headers: { authorization } });
      return ((await reply.json()) as { records: Record<string, string>[] }).records;
    });
    return (await Promise.all(pages)).flat();
  };
  const [releases, tags, announcements] = flows.map(({ _id }: { _id: string }) => _id);
  const [{ id: storeId }] = (await read()).settings.sections;
  const persist = (values: object) =>
    client('PUT', `/integrations/${id}/settings/persistSettings`, { pending: { [storeId]: values } });
  expect((await persist({ packages: ['fig', 'pear'], releasesWhich: 'stable', since: '' })).status).toBe(200);
  expect(await runToEnd(client, releases)).toMatchObject({ status: 'completed', numExport: 4, numSuccess: 4 });
  expect(await mirrored('releases')).toContainEqual({
    package: 'pear',
    version: '1.0.0',
    description: 'Everything about the pear',
    published: '2026-01-08',
  });
  // Nothing is new.
  expect(await runToEnd(client, releases)).toMatchObject({ numExport: 0 });
  expect((await persist({ packages: [], releasesWhich: 'all', since: '' })).status).toBe(200);
  const startDate = '1970-01-01T00:00:00Z';
  expect(await runToEnd(client, releases, { startDate })).toMatchObject({
    numExport: 30,
    numSuccess: 26,
    numIgnore: 4,
  });
  expect(await runToEnd(client, tags)).toMatchObject({ numSuccess: 10 });
  expect(await mirrored('tags')).toContainEqual({ package: 'fig', tag: 'latest', version: '1.1.0' });

  // The application signs what it announces.
  const headers = { 'content-type': 'application/json' };
  expect((await fetch(`${application.url}/publish`, { method: 'POST', headers, body: '{}' })).status).toBe(201);
  expect(lines).toEqual(['Announced apple 1.1.1: status 204.']);
  const arrived = async () => {
    const { body } = await client('GET', `/flows/${announcements}/jobs/latest`);
    expect(body).toEqual([expect.objectContaining({ status: 'completed', triggeredBy: 'webhook', numSuccess: 1 })]);
  };
  await vi.waitFor(arrived, { timeout: 20_000, interval: 20 });
  expect(await mirrored('releases')).toContainEqual(expect.objectContaining({ version: '1.1.1' }));
  const page = await (await fetch(application.url)).text();
  expect(page.match(/More about the apple/g)).toHaveLength(2);

  for (const { uninstallerFunction } of (await client('PUT', `/integrations/${id}/uninstaller/preUninstall`)).body) {
    expect((await client('PUT', `/integrations/${id}/uninstaller/${uninstallerFunction}`)).status).toBe(200);
  }
  expect((await client('DELETE', `/integrations/${id}/install`)).body).toEqual({ success: true });
});

test('example-app says where it listens, refuses other pages and ends when it is told to', async () => {
  const command = startCommand(['example-app', '--app-port', '0']);
  const address = /^Two package registries: (http:\/\/127\.0\.0\.1:\d+)$/m;
  await vi.waitFor(() => expect(command.stdout()).toMatch(address), { timeout: 30_000, interval: 20 });
  const url = address.exec(command.stdout())?.[1] ?? '';
  expect(await (await fetch(url)).text()).toContain('30 releases, 10 tags');
  const status = async (path: string, body: string, headers: Record<string, string>) =>
    (await fetch(url + path, { method: 'POST', body, headers })).status;
  const json = { 'content-type': 'application/json' };
  const signedIn = { ...json, authorization: `Basic ${btoa('demo:demo')}` };
  // A form on any page can send this.
  expect(await status('/publish', '{}', { 'content-type': 'text/plain' })).toBe(422);
  expect(await status('/mirror/releases', '{"name":"a","version":"1"}', json)).toBe(401);
  expect(await status('/mirror/releases', '{"name":"a","version":"1"}', signedIn)).toBe(201);
  expect(await status('/mirror/releases', '{"name":"a","version":"1"}', signedIn)).toBe(409);
  expect(await status('/mirror/releases', `{"name":"${'x'.repeat(70_000)}"}`, signedIn)).toBe(422);
  const hook = JSON.stringify({ endpoint: 'http://metadata.example.com/', secret: 's' });
  expect(await status('/source/-/npm/v1/hooks/hook', hook, signedIn)).toBe(422);
  command.child.kill('SIGINT');
  expect(await command.finished).toMatchObject({ code: 0, stderr: '' });
});
