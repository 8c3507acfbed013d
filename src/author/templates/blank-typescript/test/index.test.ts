import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCompartment } from 'bulkhead/test';

const integration = { settings: { sections: [{ fields: [{ name: 'city', type: 'input', value: 'Bergen' }] }] } };

test('forecasts for the city in the settings', async () => {
  await using connector = await createCompartment(new URL('..', import.meta.url), {
    fetch: { 'GET /v1/integrations/*': integration },
  });
  const answer = await connector.call('settings', 'forecast', { days: 2 });
  assert.deepEqual(answer, { city: 'Bergen', forecast: ['sun', 'sun'] });
  assert.deepEqual(connector.logs, [{ level: 'info', text: 'asked for Bergen' }]);
});

test('the step looks up the city', async () => {
  await using connector = await createCompartment(new URL('..', import.meta.url), {
    fetch: { 'GET /v1/integrations/*': integration },
  });
  const { success } = await connector.call<{ success: boolean }>('installer', 'checkCity');
  assert.equal(success, true);
});
