/** The examples that come with the package do what they show. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { root } from './support/markdown.ts';
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
