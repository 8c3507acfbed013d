import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCompartment, type FetchStubs } from 'bulkhead/test';

const folder = new URL('..', import.meta.url);
const stubs: FetchStubs = {
  'GET /v1/integrations/*': { install: [{ installerFunction: 'connectLedger', _connectionId: 'ledger' }] },
  'POST /v1/exports': { _id: 'orders' },
  'POST /v1/imports': { _id: 'invoices' },
  'POST /v1/flows': { _id: 'flow' },
};

test('the step creates a webhook that verifies signatures, and tells its address', async () => {
  await using connector = await createCompartment(folder, { fetch: stubs });
  const { success, stepsToUpdate } = await connector.call<{
    success: boolean;
    stepsToUpdate: { description: string }[];
  }>('installer', 'createWebhook', { secret: 'a secret of the shop' });
  assert.equal(success, true);
  const { webhook } = JSON.parse(String(connector.requests[0]?.body));
  assert.equal(webhook.verify, 'hmac');
  assert.equal(webhook.key, 'a secret of the shop');
  assert.match(String(stepsToUpdate[0]?.description), new RegExp(`/v1/exports/orders/${webhook.token}/data$`));
  assert.doesNotMatch(JSON.stringify(stepsToUpdate), /a secret/);
});

test('a short secret is refused, and nothing is created', async () => {
  await using connector = await createCompartment(folder, { fetch: stubs });
  await assert.rejects(connector.call('installer', 'createWebhook', { secret: '1234' }), /at least 16 characters/);
  assert.equal(connector.requests.length, 0);
});

test('the hook passes new orders on, and reports those without a total', async () => {
  await using connector = await createCompartment(folder);
  const data = [
    { type: 'order.created', order: { id: '1', total: 20 } },
    { type: 'order.deleted', order: { id: '2', total: 5 } },
    { type: 'order.created', order: { id: '3' } },
  ];
  assert.deepEqual(await connector.call('hooks', 'acceptOrders', { data, errors: [], pageIndex: 0 }), {
    data: [{ id: '1', total: 20 }],
    errors: [{ code: 'no_total', message: 'The order 3 has no total.' }],
  });
});

test('the flow writes an invoice for each event that it receives', async () => {
  const invoices: unknown[] = [];
  await using connector = await createCompartment(folder, {
    fetch: {
      ...stubs,
      'POST /v1/connections': { _id: 'ledger' },
      'POST https://ledger.example.com/invoices': ({ body }) => {
        invoices.push(JSON.parse(String(body)));
        return { id: 'invoice-1' };
      },
    },
  });
  await connector.call('installer', 'createConnection');
  await connector.call('installer', 'createWebhook', { secret: 'a secret of the shop' });
  const { steps } = await connector.runFlow('Orders to invoices', {
    received: [
      { type: 'order.created', order: { id: '1', total: 20 } },
      { type: 'order.deleted', order: { id: '2', total: 5 } },
    ],
  });
  assert.deepEqual(invoices, [{ orderId: '1', amount: 20 }]);
  assert.deepEqual(steps, [{ numSuccess: 1, numError: 0, numIgnore: 0 }]);
});
