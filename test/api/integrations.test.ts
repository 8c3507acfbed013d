/** DIY integrations, and who may write which field. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { errorsOf } from '../support/client.ts';
import { testOfDataFolder } from '../support/engine.ts';
import { installed, serve } from '../support/runtime.ts';

const unknownId = '0123456789abcdef01234567';

test('a DIY integration is created, read, changed and deleted', async () => {
  const { client, runtime } = await serve();
  const fields = { name: 'Größe ✓', description: 'd', readme: '# r', tag: 't', sandbox: true, settings: { own: [1] } };
  const created = await client('POST', '/integrations', {
    ...fields,
    _id: unknownId,
    createdAt: 'x',
    lastModified: 'y',
    unknown: 1,
  });
  expect(created.status).toBe(201);
  const { _id, createdAt, lastModified } = created.body;
  expect(created.body).toEqual({ _id, createdAt, lastModified, ...fields });
  expect(_id).toMatch(/^[0-9a-f]{24}$/);
  expect(_id).not.toBe(unknownId);
  expect(createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(created.headers.get('location')).toBe(`${runtime.url}/v1/integrations/${_id}`);

  const read = await client('GET', `/integrations/${_id}`);
  expect(read.body).toEqual(created.body);
  const put = await client('PUT', `/integrations/${_id}`, { ...read.body, name: 'new', settings: {} });
  expect(put.body).toEqual({ ...created.body, name: 'new', settings: {}, lastModified: put.body.lastModified });
  const survived = await client('PUT', `/integrations/${_id}`, { tag: 'other' });
  expect(survived.body).toMatchObject({ name: 'new', description: 'd', tag: 'other' });

  expect((await client('GET', `/integrations/${_id}/dependencies`)).body).toEqual({
    connections: [],
    exports: [],
    imports: [],
    flows: [],
  });
  expect((await client('DELETE', `/integrations/${_id}`)).status).toBe(204);
  for (const [method, path] of [
    ['GET', ''],
    ['PUT', ''],
    ['DELETE', ''],
    ['GET', '/dependencies'],
  ] as const) {
    const reply = await client(method, `/integrations/${_id}${path}`, method === 'PUT' ? { name: 'x' } : undefined);
    expect([reply.status, errorsOf(reply)]).toEqual([404, [['not_found']]]);
  }
});

const deep = JSON.parse(`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`);

test.each<[string, object, [string, string?][]]>([
  ['nothing', {}, [['missing_required_field', 'name']]],
  ['an empty name', { name: '' }, [['invalid_field', 'name']]],
  ['a blank name', { name: '  ' }, [['invalid_field', 'name']]],
  ['a long name', { name: 'x'.repeat(201) }, [['invalid_field', 'name']]],
  [
    'fields of the wrong type',
    { name: 5, tag: [], sandbox: 'yes', settings: [] },
    [
      ['invalid_field', 'name'],
      ['invalid_field', 'tag'],
      ['invalid_field', 'sandbox'],
      ['invalid_field', 'settings'],
    ],
  ],
  ['null', { name: null }, [['invalid_field', 'name']]],
  ["a connector's id", { name: 'n', _connectorId: unknownId }, [['invalid_field', '_connectorId']]],
  [
    "a connector's fields",
    { name: 'n', mode: 'install', install: [] },
    [
      ['invalid_field', 'mode'],
      ['invalid_field', 'install'],
    ],
  ],
  ['settings that nest too deep', { name: 'n', settings: deep }, [['invalid_field', 'settings']]],
])('%s is refused and nothing is stored', async (_what, body, errors) => {
  const { client } = await serve();
  const reply = await client('POST', '/integrations', body);
  expect([reply.status, errorsOf(reply).sort()]).toEqual([422, errors.sort()]);
  expect((await client('GET', '/integrations')).body).toEqual([]);

  const { body: existing } = await client('POST', '/integrations', { name: 'n' });
  if (Object.keys(body).length === 0) return;
  const put = await client('PUT', `/integrations/${existing._id}`, body);
  expect([put.status, errorsOf(put).sort()]).toEqual([422, errors.sort()]);
  expect((await client('GET', `/integrations/${existing._id}`)).body).toEqual(existing);
});

test('accepts a name of 200 characters, and keys such as __proto__', async () => {
  const { client } = await serve();
  const text = `{"name":"${'x'.repeat(200)}","settings":{"__proto__":{"polluted":1},"constructor":{"prototype":1}}}`;
  const { body, status } = await client('POST', '/integrations', text);
  expect(status).toBe(201);
  expect(JSON.stringify((await client('GET', `/integrations/${body._id}`)).body.settings)).toBe(
    '{"__proto__":{"polluted":1},"constructor":{"prototype":1}}',
  );
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
});

describe('installed by a connector', () => {
  const bundle = {
    connector: { install: [{ name: 'Step', installerFunction: 'step', own: { kept: 1 } }], settings: { a: 1 } },
    code: 'exports.installer = { step: () => ({ success: true }) }',
  };

  test("the connector's fields may be sent back unchanged only", async () => {
    const { client } = await serve({ a: bundle });
    const id = await installed(client, 'a');
    const { body: before } = await client('GET', `/integrations/${id}`);
    const edited = await client('PUT', `/integrations/${id}`, { ...before, name: 'edited', tag: 'eu' });
    expect([edited.status, edited.body.name, edited.body.tag]).toEqual([200, 'edited', 'eu']);
    for (const [field, value] of Object.entries({
      mode: 'settings',
      settings: { a: 2 },
      version: '9.9.9',
      updateInProgress: true,
      install: [],
      _connectorId: unknownId,
    })) {
      const reply = await client('PUT', `/integrations/${id}`, { ...before, [field]: value });
      expect([reply.status, errorsOf(reply)], field).toEqual([422, [['field_locked_by_integration_app', field]]]);
    }
    const { body: after } = await client('GET', `/integrations/${id}`);
    expect(after).toEqual(edited.body);
  });

  test('is uninstalled, not deleted, unless forced', async () => {
    const { client } = await serve({ a: bundle });
    const id = await installed(client, 'a');
    const reply = await client('DELETE', `/integrations/${id}`);
    expect([reply.status, errorsOf(reply)]).toEqual([422, [['uninstall_required']]]);
    expect((await client('DELETE', `/integrations/${id}?cascade=true`)).status).toBe(422);
    expect((await client('DELETE', `/integrations/${id}?force=true`)).status).toBe(204);
    expect((await client('GET', `/integrations/${id}`)).status).toBe(404);
  });

  test('the list filters by connector, mode and tag', async () => {
    const { client } = await serve({ a: bundle });
    const [eu, us] = [await installed(client, 'a', { tag: 'eu' }), await installed(client, 'a', { tag: 'us' })];
    const { body: diy } = await client('POST', '/integrations', { name: 'diy', tag: 'eu' });
    await client('PUT', `/integrations/${us}/installer/step`);
    const { body: one } = await client('GET', `/integrations/${eu}`);
    const ids = async (query: string): Promise<string[]> =>
      (await client('GET', `/integrations?${query}`)).body.map(({ _id }: { _id: string }) => _id);
    expect(await ids(`_connectorId=${one._connectorId}`)).toEqual([eu, us]);
    expect(await ids('tag=eu')).toEqual([eu, diy._id]);
    expect(await ids('mode=settings')).toEqual([us]);
    expect(await ids(`mode=install&tag=eu&_connectorId=${one._connectorId}`)).toEqual([eu]);
    expect(await ids('tag=asia')).toEqual([]);
  });
});

test('concurrent writes of users do not conflict', async () => {
  const { client } = await serve();
  const { body } = await client('POST', '/integrations', { name: 'n' });
  const all = await Promise.all(
    Array.from({ length: 100 }, (_, i) => client('PUT', `/integrations/${body._id}`, { description: `d${i}` })),
  );
  expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]));
  expect(new Set(all.map(({ headers }) => headers.get('etag'))).size).toBe(100);
});

test('a number too large for JSON is refused', async () => {
  const { client } = await serve();
  const reply = await client('POST', '/integrations', '{"name":"n","settings":{"a":1e400}}');
  expect([reply.status, errorsOf(reply)]).toEqual([422, [['invalid_field', 'settings']]]);
});

testOfDataFolder('an integration whose file is gone can be deleted', async () => {
  const { client, data } = await serve();
  const { body } = await client('POST', '/integrations', { name: 'n' });
  const file = join(data, 'integrations', `${body._id}.json`);
  await vi.waitFor(() => rm(file), { timeout: 5_000, interval: 20 });
  expect((await client('DELETE', `/integrations/${body._id}`)).status).toBe(204);
});

test('an integration without a connector has no functions', async () => {
  const { client } = await serve();
  const { body } = await client('POST', '/integrations', { name: 'diy' });
  for (const section of ['installer', 'uninstaller', 'settings', 'utilities']) {
    const reply = await client('PUT', `/integrations/${body._id}/${section}/f`);
    expect([reply.status, errorsOf(reply)]).toEqual([422, [['not_a_connector_integration']]]);
  }
  expect((await client('PUT', `/integrations/${body._id}/hooks/f`)).status).toBe(404);
  expect(errorsOf(await client('DELETE', `/integrations/${body._id}/install`))).toEqual([
    ['not_a_connector_integration'],
  ]);
});
