const assert = require('node:assert/strict');
const { test } = require('node:test');
const { createCompartment } = require('bulkhead/test');

const folder = `${__dirname}/..`;
const integration = { install: [{ installerFunction: 'verifyShopConnection', _connectionId: 'shop' }] };

test('the installer creates the connection of the step', async () => {
  const connector = await createCompartment(folder, { fetch: { 'POST /v1/connections': { _id: 'shop' } } });
  try {
    const answer = await connector.call('installer', 'connectorInstallerFunction');
    assert.deepEqual(answer, { stepsToUpdate: integration.install });
    assert.equal(connector.requests[0].headers.get('authorization'), 'Bearer the-tests-token');
  } finally {
    await connector.close();
  }
});

test('a token that the shop refuses does not complete the step', async () => {
  const connector = await createCompartment(folder, {
    fetch: {
      'GET /v1/integrations/*': integration,
      'POST /v1/connections/shop/proxy': () => new Response('', { status: 401 }),
    },
  });
  try {
    await assert.rejects(connector.call('installer', 'verifyShopConnection'), {
      message: /^The shop refuses the token/,
    });
  } finally {
    await connector.close();
  }
});

test('a field reads its options from the shop', async () => {
  const connector = await createCompartment(folder, {
    fetch: {
      'GET /v1/integrations/*': integration,
      'POST /v1/connections/shop/proxy': {
        statuses: [
          ['paid', 'Paid'],
          ['sent', 'Sent'],
        ],
      },
    },
  });
  try {
    const { options } = await connector.call('settings', 'refreshMetadata', { fieldName: 'status' });
    assert.equal(options.length, 2);
  } finally {
    await connector.close();
  }
});

test('the hook drops drafts', async () => {
  const connector = await createCompartment(folder);
  try {
    const data = [
      { id: 1, status: 'paid' },
      { id: 2, status: 'draft' },
    ];
    const page = await connector.call('hooks', 'preSavePage', { data, errors: [] });
    assert.deepEqual(page, { data: [data[0]], errors: [] });
  } finally {
    await connector.close();
  }
});
