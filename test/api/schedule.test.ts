/** `/schedule` and `/jobs/hourly`: what is ahead, and what the last day was like. */
import { expect, test } from 'vitest';
import { createClient, errorsOf } from '../support/client.ts';
import { endedJob } from '../support/route-requests.ts';
import { serve } from '../support/runtime.ts';

test('lists the flows that run next, as far as the caller may see them', async () => {
  const { client, runtime } = await serve();
  const make = async (path: string, body: object): Promise<string> => (await client('POST', path, body)).body._id;
  const [one, two] = [await make('/integrations', { name: 'One' }), await make('/integrations', { name: 'Two' })];
  const [first, second] = [
    await make('/exports', { name: 'e', _integrationId: one }),
    await make('/exports', { name: 'e', _integrationId: two }),
  ];
  const flow = (_integrationId: string, name: string, fields: object) =>
    make('/flows', {
      name,
      _integrationId,
      pageGenerators: [{ _exportId: _integrationId === one ? first : second }],
      ...fields,
    });
  // The years make their order certain.
  const late = await flow(one, 'Late', { schedule: '0 0 29 2 *', timezone: 'Europe/Berlin' });
  const soon = await flow(one, 'Soon', { schedule: '? 0 * ? * *' });
  await flow(one, 'Off', { schedule: '* * * * *', disabled: true });
  await flow(one, 'By hand', {});
  const other = await flow(two, 'Other', {
    pageGenerators: [{ _exportId: second, schedule: '* * * * *' }],
    schedule: '0 0 29 2 *',
  });
  const { body, status } = await client('GET', '/schedule');
  expect(status).toBe(200);
  expect(body.map(({ _flowId }: { _flowId: string }) => _flowId)).toEqual([other, soon, late]);
  expect(body[2]).toMatchObject({
    name: 'Late',
    integrationName: 'One',
    _integrationId: one,
    schedule: '0 0 29 2 *',
    timezone: 'Europe/Berlin',
  });
  expect(body[1]).toMatchObject({ timezone: 'UTC', nextAt: expect.stringMatching(/:00:00\.000Z$/) });
  expect(Date.parse(body[0].nextAt)).toBeGreaterThan(Date.now() - 1_000);

  expect((await client('GET', '/schedule?limit=1')).body).toHaveLength(1);
  for (const limit of ['0', '51', 'x', '1&limit=2']) {
    const refused = await client('GET', `/schedule?limit=${limit}`);
    expect([refused.status, errorsOf(refused)[0]?.[0]], limit).toEqual([400, 'invalid_query_params']);
  }

  const token = (await client('POST', '/accesstokens', { name: 't', scope: 'integrations', _integrationIds: [two] }))
    .body.token;
  const seen = await createClient(runtime.url, token)('GET', '/schedule');
  expect(seen.body.map(({ _flowId }: { _flowId: string }) => _flowId)).toEqual([other]);

  await client('DELETE', `/flows/${soon}`);
  await client('PATCH', `/flows/${other}`, [{ op: 'add', path: '/disabled', value: true }]);
  const now = (await client('GET', '/schedule')).body;
  expect(now.map(({ name }: { name: string }) => name)).toEqual(['Late']);
});

test('counts the jobs of the last day, or of the day that begins at a time', async () => {
  const { client, runtime } = await serve();
  const integrationId = (await client('POST', '/integrations', { name: 'One' })).body._id;
  await endedJob(client, integrationId);
  const { body } = await client('GET', '/jobs/hourly');
  expect(body).toHaveLength(24);
  const sumOf = (hours: { failed: number }[]): number => hours.reduce((sum, { failed }) => sum + failed, 0);
  expect(sumOf(body)).toBe(1);
  expect(body.at(-1)).toMatchObject({ completed: 0, canceled: 0, active: 0, isComplete: true });
  const from = new Date(Date.now() - 90 * 60_000).toISOString();
  const own = (await client('GET', `/jobs/hourly?from=${from}`)).body;
  expect(own[0].from).toBe(from);
  expect(own[1].failed).toBe(1);
  expect(sumOf((await client('GET', '/jobs/hourly?from=2020-01-01')).body)).toBe(0);
  const refused = await client('GET', '/jobs/hourly?from=yesterday');
  expect([refused.status, errorsOf(refused)[0]?.[0]]).toEqual([400, 'invalid_query_params']);

  const other = (await client('POST', '/integrations', { name: 'Two' })).body._id;
  const token = (await client('POST', '/accesstokens', { name: 't', scope: 'integrations', _integrationIds: [other] }))
    .body.token;
  expect(sumOf((await createClient(runtime.url, token)('GET', '/jobs/hourly')).body)).toBe(0);
});
