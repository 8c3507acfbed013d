/** Requests that are repeated, pauses, and connections that go offline. */
import { describe, expect, test } from 'vitest';
import { httpExport, oneImport, useEngine } from './rig.ts';

const rig = useEngine();
const read = httpExport({ relativeURI: '/items' });
const http = { relativeURI: '/things', method: 'POST' };

test.each([429, 500, 502, 503, 504])('an application that answers once with %i is asked again', async (status) => {
  rig.application = (_, number) => (number === 1 ? { status, headers: { 'retry-after': '0' } } : { body: [{ id: 1 }] });
  expect(await rig.call('generate', read)).toMatchObject({ data: [{ id: 1 }] });
  expect(rig.received).toHaveLength(2);
});

test('without Retry-After the pause is about a second, and random', async () => {
  rig.application = () => ({ status: 503 });
  const pauses = [];
  for (let i = 0; i < 5; i++)
    pauses.push((await rig.call<{ pause: { afterMs: number } }>('generate', read)).pause.afterMs);
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(500);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(1_000);
  expect(new Set(pauses).size).toBeGreaterThan(1);
});

test.each([
  ['120', 120_000],
  [new Date(Date.now() + 3_600_000).toUTCString(), 3_600_000],
])('a pause longer than the run may wait is answered: Retry-After %s', async (retryAfter, afterMs) => {
  rig.application = () => ({ status: 429, headers: { 'retry-after': retryAfter } });
  const page = await rig.call<{ pause: { afterMs: number } }>('generate', read, { limits: { pauseMs: 5_000 } });
  expect(page).toMatchObject({
    pause: { code: 'request_failed', message: 'the application answered with status 429' },
  });
  expect(page.pause.afterMs / afterMs).toBeCloseTo(1, 1);
});

test('requests at the same time wait for the same moment: their pause counts once', async () => {
  const isRefused = new Set<string>();
  rig.application = ({ body }) => {
    const isFirst = !isRefused.has(body);
    isRefused.add(body);
    return isFirst ? { status: 429, headers: { 'retry-after': '1' } } : {};
  };
  const data = Array.from({ length: 10 }, (_, n) => ({ n }));
  const page = await rig.call('process', oneImport({ http }, data), { limits: { pauseMs: 1_900 } });
  expect(page).toMatchObject({ steps: [{ numSuccess: 10 }] });
  const keys = rig.received.map(({ headers }) => headers['idempotency-key']);
  expect([keys.length, new Set(keys).size]).toEqual([20, 10]);
});

test('a 500 that stays is an error of its record; a 503 that stays is a pause of the page', async () => {
  rig.application = ({ body }) => (body.includes('bad') ? { status: 500, headers: { 'retry-after': '0' } } : {});
  const page = oneImport({ http }, [{ n: 'bad' }, { n: 'good' }]);
  expect(await rig.call('process', page, { limits: { pauseMs: 1_100 } })).toMatchObject({
    steps: [{ numSuccess: 1, numError: 1 }],
    errors: [{ statusCode: 500, retryData: { n: 'bad' } }],
  });
  expect(rig.received).toHaveLength(3 + 1);
  expect(await rig.call('process', page)).toMatchObject({ errors: [{ statusCode: 500 }] });
  rig.application = ({ body }) => (body.includes('bad') ? { status: 503 } : {});
  expect(await rig.call('process', page)).toHaveProperty('pause');
});

test('an application that always says to ask again at once is not asked forever', async () => {
  rig.application = () => ({ status: 429, headers: { 'retry-after': '0' } });
  expect(await rig.call('generate', read)).toHaveProperty('pause');
  expect(rig.received).toHaveLength(2);
});

describe('credentials that are refused take the connection offline', () => {
  test.each([
    [401, {}],
    [403, { 'www-authenticate': 'Bearer error="invalid_token"' }],
  ])('%i with %j', async (status, headers) => {
    rig.application = () => ({ status, headers });
    const offline = {
      offline: { _connectionId: 'c1', message: `the application refused the credentials with status ${status}` },
    };
    expect(await rig.call('generate', read)).toEqual(offline);
    expect(await rig.call('process', oneImport({ http }, [{ n: 1 }, { n: 2 }]))).toEqual(offline);
  });

  test('but 403 alone is an error of the record', async () => {
    rig.application = () => ({ status: 403 });
    expect(await rig.call('process', oneImport({ http }, [{ n: 1 }]))).toMatchObject({ errors: [{ statusCode: 403 }] });
  });
});

test.each(['lookup step', 'dynamic lookup'])('a %s pauses the page as well', async (kind) => {
  rig.application = ({ url }) => (url.includes('find') ? { status: 503 } : {});
  const find = { relativeURI: '/find', extract: 'id', name: 'find' };
  const record = { http: { ...http, lookups: [find] }, mapping: { fields: [{ generate: 'id', lookupName: 'find' }] } };
  const lookup = { type: 'export', record: { _id: 'e2', _connectionId: 'c1', http: { relativeURI: '/find' } } };
  const argument = oneImport(kind === 'lookup step' ? { http } : record, [{}]);
  const processors = kind === 'lookup step' ? [lookup, ...argument.processors] : argument.processors;
  expect(await rig.call('process', { ...argument, processors })).toHaveProperty('pause');
  expect(rig.received.every(({ url }) => url === '/api/find')).toBe(true);
});

test('after a pause the page can be asked for again in the same isolate', async () => {
  rig.application = () => ({ status: 503 });
  expect(await rig.call('generate', read, { integrationId: 'again' })).toHaveProperty('pause');
  rig.application = () => ({ body: [{ id: 1 }] });
  expect(await rig.call('generate', read, { integrationId: 'again' })).toMatchObject({ data: [{ id: 1 }] });
});
