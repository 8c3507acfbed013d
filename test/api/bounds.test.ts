/** Limits of what connectors and users send: past each a code, within it success. */
import { beforeEach, expect, test } from 'vitest';
import { type Client, errorsOf } from '../support/client.ts';
import { installed, serveForAll } from '../support/runtime.ts';

const CODE = `
const send = async (method, path, body) => {
  const response = await fetch('/v1' + path, { method, body: JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, errors: response.ok ? [] : JSON.parse(text).errors };
};
exports.utilities = {
  references: ({ count, key, _integrationId }) => send('POST', '/exports', { name: 'e', [key.repeat(1e6)]: Array.from({ length: count }, (_, i) => ({ _exportId: 'a' + i })) }),
  encrypted: ({ count }) => send('POST', '/connections', { name: 'c', encryptedFields: Array(count).fill(0) }),
  install: ({ count, _integrationId }) => send('PUT', '/integrations/' + _integrationId, { install: Array(count).fill(0) }),
  credentials: ({ count }) => send('POST', '/connections', { name: 'c', http: { encrypted: Array(count).fill('s') } }),
  named: () => 'named',
};
exports.installer = {
  step: ({ count, keys }) => ({ success: true, stepsToUpdate: Array.from({ length: count }, (_, i) => ({ name: 'step', ['k' + (i % keys)]: i })) }),
};`;
const served = serveForAll({
  bounds: { code: CODE, connector: { install: [{ name: 'step', installerFunction: 'step' }, { name: 'other' }] } },
});
let client: Client;
let id: string;
beforeEach(async () => {
  client = served().client;
  id = await installed(client, 'bounds');
});
const call = (name: string, body: object, section = 'utilities') =>
  client('PUT', `/integrations/${id}/${section}/${name}`, body);

test.each<[name: string, body: object, code: string, field: RegExp, count: number]>([
  ['references', { count: 1_000, key: 'k' }, 'invalid_ref', /^…k+\.0\._exportId$/, 100],
  ['references', { count: 3_000, key: 'k' }, 'invalid_field', /^…k+\.1000\._exportId$/, 1],
  ['encrypted', { count: 4_000_000 }, 'invalid_field', /^$/, 1],
  ['encrypted', { count: 400_000 }, 'invalid_field', /^encryptedFields$/, 2],
  ['encrypted', { count: 100 }, 'invalid_field', /^encryptedFields.0$/, 8],
  ['install', { count: 200_000 }, 'invalid_field', /^install$/, 1],
  ['credentials', { count: 1_000_000 }, 'invalid_field', /^$/, 1],
  ['credentials', { count: 40_000 }, 'invalid_field', /^http$/, 1],
])('%s %j is refused', async (name, body, code, field, count) => {
  const reply = await call(name, body);
  expect(reply.body?.status, reply.text).toBe(422);
  expect(reply.body.errors).toHaveLength(count);
  expect(reply.body.errors[0]).toMatchObject({ code, field: expect.stringMatching(field) });
  expect(reply.text.length).toBeLessThan(100_000);
});

test('a reply updates up to the maximum of steps, and no more', async () => {
  expect((await call('step', { count: 1_000, keys: 50 }, 'installer')).status).toBe(200);
  expect((await client('GET', `/integrations/${id}`)).body.install[0]).toMatchObject({ k49: 999, completed: true });
  for (const body of [
    { count: 100_000, keys: 1 },
    { count: 1_000, keys: 1_000 },
  ]) {
    const reply = await call('step', body, 'installer');
    expect([reply.status, errorsOf(reply)[0]?.[0]]).toEqual([422, 'invalid_field']);
  }
});

test('a function name of a thousand characters is refused without a run', async () => {
  expect((await call('named', {})).body).toBe('named');
  const before = (await client('GET', `/integrations/${id}/runs`)).body.length;
  for (const name of ['n'.repeat(201), 'n'.repeat(8_000)]) {
    expect(errorsOf(await call(name, {}))).toEqual([['invalid_function']]);
  }
  expect((await client('GET', `/integrations/${id}/runs`)).body).toHaveLength(before);
});

test('the error names twenty of many dependent records', async () => {
  const exported = (await client('POST', '/exports', { _integrationId: id, name: 'e' })).body._id;
  const add = () => client('POST', '/imports', { _integrationId: id, name: 'i', a: { _exportId: exported } });
  await Promise.all(Array.from({ length: 30 }, add));
  const reply = await client('DELETE', `/exports/${exported}`);
  expect([reply.status, errorsOf(reply)[0]?.[0]]).toEqual([422, 'has_dependencies']);
  expect(reply.body.errors[0].message).toMatch(
    /^It is referred to by (?:imports [0-9a-f]{24}(?:, )?){20} and 10 more\.$/,
  );
});

test('an update names the first invalid ids', async () => {
  const { _connectorId } = (await client('GET', `/integrations/${id}`)).body;
  const ids = Array.from({ length: 500 }, (_, i) => `${i}${'x'.repeat(1_000)}`);
  const reply = await client('PUT', `/connectors/${_connectorId}/update`, { _integrationIds: ids });
  expect(reply.status).toBe(422);
  expect(reply.body.errors).toHaveLength(100);
});
