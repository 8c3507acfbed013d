/** Webhooks: who may send, what is kept, and in which order it is read (contract 16). */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createPooledClient } from '../support/client.ts';
import { serveForAll } from '../support/runtime.ts';
import { type Application, type Item, startApplication } from './application.ts';
import { type FlowScene, makeFlow } from './scene.ts';

let application: Application;
let order: number[];
beforeAll(async () => {
  application = await startApplication();
});
afterAll(() => application.close());
beforeEach(() => {
  order = [];
  application.received.clear();
  application.intercept = async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    const records = JSON.parse(body) as Item[];
    order.push(...records.map(({ id }) => id));
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify(records.map(({ id }) => ({ id }))));
    return true;
  };
});

const served = serveForAll({}, { allowPrivateNetwork: '127.0.0.1' });

async function webhook(settings: object, flow: object = {}): Promise<FlowScene> {
  const { client } = served();
  const integrationId = (await client('POST', '/integrations', { name: 'hooked' })).body._id;
  const own = { type: 'webhook', http: undefined, _connectionId: undefined, webhook: settings };
  return makeFlow(client, { origin: application.origin, integrationId, export: own, flow });
}

async function send(path: string, body: string | object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(served().runtime.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

const arrived = (expected: readonly number[]): Promise<void> =>
  vi.waitFor(() => expect(order).toEqual(expected), { timeout: 20_000, interval: 10 });

test('a message is answered, and its flow runs', async () => {
  const { exportId, flowId } = await webhook({ verify: 'token', token: 'the-path-token' });
  expect((await send(`/v1/exports/${exportId}/the-path-token/data`, { id: 7 })).status).toBe(204);
  await arrived([7]);
  const [job] = (await served().client('GET', `/flows/${flowId}/jobs/latest`)).body;
  expect(job).toMatchObject({ triggeredBy: 'webhook' });
  expect((await send(`/exports/${exportId}/the-path-token/data`, [{ id: 8 }, { id: 9 }])).status).toBe(204);
  await arrived([7, 8, 9]);
});

test('a burst is kept in the order of arrival', async () => {
  const { exportId } = await webhook({ token: 't' });
  const { client, close } = createPooledClient(served().runtime.url, '', 1);
  const ids = Array.from({ length: 200 }, (_, index) => index);
  const replies = await Promise.all(ids.map((id) => client('POST', `/v1/exports/${exportId}/t/data`, { id })));
  await close();
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([204]));
  await arrived(ids);
});

describe('verifies', () => {
  const signed = (body: string, key: string, algorithm = 'sha256', encoding: 'hex' | 'base64' = 'hex'): string =>
    createHmac(algorithm, key).update(body).digest(encoding);
  const body = '{"id": 1}';
  const hmac = { verify: 'hmac', key: 'the-key', header: 'X-Signature', algorithm: 'sha256', encoding: 'hex' };
  const basic = { verify: 'basic', username: 'ali', password: 'sesame' };
  const password = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });

  test.each<[string, object, string, Record<string, string>, number]>([
    ['the token in the path', { token: 'right' }, 'right', {}, 204],
    ['another token', { token: 'right' }, 'wrong', {}, 401],
    ['a token that begins like it', { token: 'right' }, 'righ', {}, 401],
    ['no token to compare with', {}, 'any', {}, 401],
    ['a signature', hmac, 'x', { 'x-signature': signed(body, 'the-key') }, 204],
    ['a signature with its algorithm', hmac, 'x', { 'x-signature': `sha256=${signed(body, 'the-key')}` }, 204],
    [
      'a signature in base64',
      { ...hmac, encoding: 'base64' },
      'x',
      { 'x-signature': signed(body, 'the-key', 'sha256', 'base64') },
      204,
    ],
    ['a signature with another key', hmac, 'x', { 'x-signature': signed(body, 'a-key') }, 401],
    ['a signature of another body', hmac, 'x', { 'x-signature': signed('{}', 'the-key') }, 401],
    ['no signature', hmac, 'x', {}, 401],
    ['an unknown algorithm', { ...hmac, algorithm: 'none' }, 'x', { 'x-signature': '' }, 401],
    ['a password', basic, 'x', password('ali:sesame'), 204],
    ['another password', basic, 'x', password('ali:other'), 401],
    ['an unknown way', { verify: 'trust', token: 'right' }, 'right', {}, 401],
  ])('%s', async (_, settings, token, headers, status) => {
    const { exportId } = await webhook(settings, { disabled: true });
    expect((await send(`/v1/exports/${exportId}/${token}/data`, body, headers)).status).toBe(status);
  });
});

describe('refuses', () => {
  test.each<[string, string, Record<string, string>, number]>([
    ['what is not JSON', '{', {}, 400],
    ['a number', '7', {}, 422],
    ['text', 'hello', { 'content-type': 'text/plain' }, 415],
    ['a body over 1 MiB', `{"a":"${'x'.repeat(1024 * 1024)}"}`, {}, 413],
    ['a list of too many', JSON.stringify(Array(1_001).fill({})), {}, 413],
  ])('%s', async (_, body, headers, status) => {
    const { exportId } = await webhook({ token: 't' }, { disabled: true });
    expect((await send(`/v1/exports/${exportId}/t/data`, body, headers)).status).toBe(status);
  });

  test('an export that is no webhook, and one that does not exist', async () => {
    const { client } = served();
    const integrationId = (await client('POST', '/integrations', { name: 'plain' })).body._id;
    const { exportId } = await makeFlow(client, { origin: application.origin, integrationId });
    for (const id of [exportId, '0'.repeat(24), 'x'])
      expect((await send(`/v1/exports/${id}/t/data`, {})).status).toBe(404);
  });
});

test('takes forms, and answers as the export says', async () => {
  const { exportId } = await webhook({ token: 't', successStatusCode: 200, successBody: 'thanks' });
  const reply = await send(`/v1/exports/${exportId}/t/data`, 'id=5&name=five', {
    'content-type': 'application/x-www-form-urlencoded',
  });
  expect([reply.status, await reply.text()]).toEqual([200, 'thanks']);
});
