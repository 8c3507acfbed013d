import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from 'bulkhead/sdk';
import { createCompartment, type StubbedRequest } from 'bulkhead/test';

const folder = new URL('..', import.meta.url);
const iClientId = '0123456789abcdef01234567';
const integration = { install: [{ installerFunction: 'testConnection', _connectionId: 'shop' }] };

/** The shop, as the server's proxy reaches it. */
function shop({ headers }: StubbedRequest): JsonObject | Response {
  const path = headers.get('Integrator-Relative-URI');
  if (path === '/me') return { name: 'Ada' };
  if (path === '/orders?status=paid') return { orders: [{ id: '1', total: 20, email: 'ada@example.com' }] };
  return new Response('', { status: 404 });
}

test('the first step creates a connection of the OAuth client, for the second to sign in', async () => {
  await using connector = await createCompartment(folder, { fetch: { 'POST /v1/connections': { _id: 'shop' } } });
  assert.deepEqual(await connector.call('installer', 'createConnection', { iClientId }), {
    success: true,
    stepsToUpdate: [{ installerFunction: 'testConnection', _connectionId: 'shop' }],
  });
  const { http } = JSON.parse(String(connector.requests[0]?.body));
  assert.deepEqual(http.auth.oauth, { _iClientId: iClientId, grantType: 'authorizecode', scope: ['orders.read'] });
  await assert.rejects(connector.call('installer', 'createConnection', { iClientId: 'shop' }), /24 hex digits/);
});

test('the second step says who has signed in, and the orders are those of that user', async () => {
  await using connector = await createCompartment(folder, {
    fetch: { 'GET /v1/integrations/*': integration, 'POST /v1/connections/shop/proxy': shop },
  });
  const step = await connector.call<{ success: boolean }>('installer', 'testConnection');
  assert.equal(step.success, true);
  assert.match(JSON.stringify(step), /Signed in as Ada/);
  assert.deepEqual(await connector.call('utilities', 'listOrders'), { orders: [{ id: '1', total: 20 }] });
});

test('a step without a sign-in is not completed', async () => {
  await using connector = await createCompartment(folder, {
    fetch: {
      'GET /v1/integrations/*': integration,
      'POST /v1/connections/shop/proxy': () => new Response('', { status: 401 }),
    },
  });
  await assert.rejects(connector.call('installer', 'testConnection'), { message: /Sign in to the shop first/ });
});
