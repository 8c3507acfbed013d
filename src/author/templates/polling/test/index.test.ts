import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCompartment, type StubbedRequest } from 'bulkhead/test';

const folder = new URL('..', import.meta.url);
const orders = [
  { id: '1', status: 'paid', total: 20, email: 'Ada@example.com' },
  { id: '2', status: 'draft', total: 5 },
];

/** Gives each new record an id: `flows-5` is the fifth. */
function recordStubs() {
  let count = 0;
  const make = ({ url, body }: StubbedRequest) => ({
    ...JSON.parse(String(body)),
    _id: `${url.split('/').at(-1)}-${++count}`,
  });
  const kinds = ['connections', 'exports', 'imports', 'flows'];
  return Object.fromEntries(kinds.map((kind) => [`POST /v1/${kind}`, make]));
}

test('the installation creates the records, which refer to each other', async () => {
  await using connector = await createCompartment(folder, { fetch: recordStubs() });
  const answer = await connector.call('installer', 'createRecords');
  assert.deepEqual(answer, {
    stepsToUpdate: [
      { installerFunction: 'connectShop', _connectionId: 'connections-1' },
      { installerFunction: 'connectLedger', _connectionId: 'connections-2' },
    ],
  });
  const created = connector.requests.map(({ body }) => JSON.parse(String(body)));
  assert.equal(created[2]._connectionId, 'connections-1');
  assert.equal(created[3]._connectionId, 'connections-2');
  assert.deepEqual(created[4].pageGenerators, [{ _exportId: 'exports-3' }]);
  assert.deepEqual(created[4].pageProcessors, [{ type: 'import', _importId: 'imports-4' }]);
});

test('the flow turns orders into invoices, and says which orders it could not send', async () => {
  const invoices: unknown[] = [];
  const drafts = [{ id: '3', status: 'draft', total: 5 }];
  const anonymous = { id: '4', status: 'paid', total: 9 };
  await using connector = await createCompartment(folder, {
    fetch: {
      ...recordStubs(),
      'GET https://shop.example.com/orders?*page=1': { orders: [orders[0], anonymous] },
      'GET https://shop.example.com/orders?*page=2': { orders: drafts },
      'GET https://shop.example.com/orders?*page=3': { orders: [] },
      'POST https://ledger.example.com/invoices': ({ body }) => {
        invoices.push(JSON.parse(String(body)));
        return { id: 'invoice-1' };
      },
    },
  });
  await connector.call('installer', 'createRecords');
  const { exported, steps, errors, requests } = await connector.runFlow();
  assert.deepEqual(exported, [orders[0], anonymous]);
  assert.deepEqual(invoices, [{ orderId: '1', amount: 20, customer: 'ada@example.com' }]);
  assert.deepEqual(steps, [{ numSuccess: 1, numError: 1, numIgnore: 0 }]);
  assert.deepEqual(
    errors.map(({ code, record }) => [code, record]),
    [['no_customer', anonymous]],
  );
  assert.match(String(requests[0]?.url), /changed_since=1970-01-01/);
});

test('a token that the shop refuses does not complete the step', async () => {
  await using connector = await createCompartment(folder, {
    fetch: {
      'GET /v1/integrations/*': { install: [{ installerFunction: 'connectShop', _connectionId: 'c' }] },
      'POST /v1/connections/c/proxy': () => new Response('', { status: 401 }),
    },
  });
  await assert.rejects(connector.call('installer', 'connectShop'), {
    message: /refuses the token, or does not answer \(401\)/,
  });
});

test('the hooks drop drafts, add the customer, and explain refusals', async () => {
  await using connector = await createCompartment(folder);
  const page = await connector.call('hooks', 'dropDrafts', { data: orders, errors: [], pageIndex: 0 });
  assert.deepEqual(page, { data: [orders[0]], errors: [] });

  const mapped = await connector.call<{ data?: object; errors?: object[] }[]>('hooks', 'addCustomer', { data: orders });
  assert.deepEqual(mapped[0]?.data, { ...orders[0], customer: 'ada@example.com' });
  assert.equal(mapped[1]?.errors?.length, 1);

  const results = await connector.call('hooks', 'explainRefusals', {
    preMapData: orders,
    postMapData: orders,
    responseData: [{ statusCode: 200, id: '7' }, { statusCode: 422 }],
  });
  assert.deepEqual(results, [
    { statusCode: 200, id: '7' },
    { statusCode: 422, errors: [{ code: 'refused', message: 'The ledger refused the order 2.' }] },
  ]);
});
