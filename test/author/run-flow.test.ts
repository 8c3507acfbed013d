/** `bulkhead/test`: a flow runs page by page, against stubs of the applications. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Compartment,
  createCompartment,
  type FetchStubs,
  type StubbedRecords,
} from '../../src/author/compartment.ts';
import { folderOfFile } from '../support/folders.ts';

const CODE = `exports.hooks = {
  stamp: ({ data, settings }) => data.map((record) => ({ data: { ...record, by: settings.flow.by } })),
  fail() { throw Object.assign(new Error('no more'), { code: 'tired' }); },
};
exports.wrappers = {
  read: ({ state = 0, connection }) =>
    ({ data: [{ id: state, as: connection.wrapper.encrypted.user }], lastPage: state === 2, state: state + 1 }),
};
exports.installer = {
  create: async ({ name }) =>
    (await fetch('/v1/flows', { method: 'POST', body: JSON.stringify({ name, _exportId: 'items', _importId: 'i' }) })).json(),
  ask: async () => (await fetch('/v1/connections/c/proxy', { method: 'POST', headers: { 'Integrator-Relative-URI': 'me' } })).json(),
};`;

const URI = 'https://api.example.com/v2';
const read = (relativeURI: string, changes: object = {}) => ({
  _connectionId: 'c',
  adaptorType: 'HTTPExport',
  http: { method: 'GET', relativeURI, paging: { method: 'page' } },
  ...changes,
});
const ITEMS = '/items?page={{export.http.paging.page}}';
/** By id, each with a flow of the same id and name, besides `wrapped`. */
const exports: Record<string, object> = {
  items: read(ITEMS),
  often: read('/often?page={{export.http.paging.page}}'),
  wrapped: { _connectionId: 'w', adaptorType: 'WrapperExport', wrapper: { function: 'read' } },
  failing: read(ITEMS, { hooks: { preSavePage: { function: 'fail' } } }),
  unstubbed: read('/nothing'),
  elsewhere: read('/items', { _connectionId: 'other' }),
  refused: read('/refused'),
  endless: read('/endless'),
  busy: read('/busy'),
};
const http = (_id: string, baseURI: string) => ({ _id, type: 'http', http: { baseURI } });
const write = {
  _connectionId: 'c',
  adaptorType: 'HTTPImport',
  http: { method: 'POST', relativeURI: '/items' },
};
const flow = { settings: { by: 'me' }, disabled: true };
const records: StubbedRecords = {
  connections: [
    http('c', `${URI}/`),
    http('other', 'https://other.example.com'),
    { _id: 'w', type: 'wrapper', wrapper: { encrypted: { user: 'ada' } } },
  ],
  exports: Object.entries(exports).map(([_id, fields]) => ({ _id, ...fields })),
  imports: [
    { _id: 'i', ...write },
    { _id: 's', ...write, hooks: { preMap: { function: 'stamp' } } },
  ],
  flows: [
    { _id: 'f', name: 'Stamped items', ...flow, _exportId: 'items', _importId: 's' },
    { _id: 'wrapped', pageGenerators: [{ _exportId: 'wrapped' }] },
    ...Object.keys({ ...exports, lost: {} })
      .filter((id) => id !== 'wrapped')
      .map((_id) => ({ _id, name: _id, ...flow, _exportId: _id, _importId: 'i' })),
  ],
};

let attempts = 0;
const fetch: FetchStubs = {
  'POST /v1/flows': { _id: 'f2' },
  [`GET ${URI}/me`]: { name: 'Ada' },
  [`GET ${URI}/items?page=1`]: [{ id: 1 }, { id: 2 }],
  [`GET ${URI}/items?page=2`]: [{ id: 3 }],
  [`GET ${URI}/items?page=*`]: [],
  [`POST ${URI}/items`]: ({ body }) => {
    const { id } = JSON.parse(String(body));
    return id === 2 ? Response.json({ message: 'not two' }, { status: 422 }) : { id: `new-${id}` };
  },
  [`GET ${URI}/often?page=1`]: () => (++attempts < 4 ? new Response('', { status: 429 }) : [{ id: 1 }]),
  [`GET ${URI}/often?page=2`]: [],
  [`GET ${URI}/refused`]: () => new Response('', { status: 401 }),
  [`GET ${URI}/endless`]: [{ id: 1 }],
  'GET https://other.example.com/*': [],
  [`GET ${URI}/busy`]: () => new Response('', { status: 503 }),
};

let connector: Compartment;
beforeAll(async () => {
  const folder = await folderOfFile();
  const manifest = { name: 'shop', version: '1.0.0', main: 'index.js' };
  const section = { permissions: { fetch: ['https://api.example.com'] } };
  await writeFile(join(folder, 'package.json'), JSON.stringify({ ...manifest, connector: section }));
  await writeFile(join(folder, 'index.js'), CODE);
  connector = await createCompartment(folder, { fetch, records });
});
afterAll(() => connector.close());

test('all pages go through the steps; what was refused stands with its record', async () => {
  const { pages, exported, steps, errors, requests } = await connector.runFlow('Stamped items');
  expect(pages).toEqual([[{ id: 1 }, { id: 2 }], [{ id: 3 }]]);
  expect(exported).toHaveLength(3);
  expect(steps).toEqual([{ numSuccess: 2, numError: 1, numIgnore: 0 }]);
  expect(errors).toEqual([expect.objectContaining({ step: 0, statusCode: 422, record: { id: 2 } })]);
  const sent = requests.filter(({ method }) => method === 'POST');
  expect(sent.map(({ url, body }) => [url, JSON.parse(String(body))])).toEqual(
    expect.arrayContaining([1, 2, 3].map((id) => [`${URI}/items`, { id, by: 'me' }])),
  );
  expect(sent[0]?.headers.get('idempotency-key')).toMatch(/./);
  expect(requests[0]?.headers.has('integrator-method')).toBe(false);
  // Requests of an earlier run are not in it.
  expect((await connector.runFlow('f')).requests).toHaveLength(requests.length);
});

test('a wrapper has its credentials, and is called until its last page', async () => {
  expect((await connector.runFlow('wrapped')).exported).toEqual([0, 1, 2].map((id) => ({ id, as: 'ada' })));
});

test('an application that is busy is asked again, without waiting', async () => {
  expect((await connector.runFlow('often')).exported).toEqual([{ id: 1 }]);
  expect(attempts).toBe(4);
});

test('records that the connector creates are its records, and its own requests reach the application, too', async () => {
  await connector.call('installer', 'create', { name: 'Made' });
  expect(connector.records.flows.at(-1)).toEqual({ _id: 'f2', name: 'Made', _exportId: 'items', _importId: 'i' });
  expect((await connector.runFlow('Made')).exported).toHaveLength(3);
  expect(await connector.call('installer', 'ask')).toEqual({ name: 'Ada' });
});

describe('rejects with what would end the job', () => {
  test.each<[string, string | undefined, object]>([
    ['an error of a hook', 'failing', { code: 'tired', message: 'no more' }],
    [
      'a request without a stub',
      'unstubbed',
      { message: expect.stringContaining('There is no stub for GET https://api.example.com/v2/nothing.') },
    ],
    ['what the manifest does not permit', 'elsewhere', { message: expect.stringContaining('other.example.com') }],
    ['credentials that are refused', 'refused', { code: 'connection_offline' }],
    ['the same page for ever', 'endless', { code: 'export_loops' }],
    ['an application that stays busy', 'busy', { code: 'request_failed' }],
    ['a flow without its export', 'lost', { message: expect.stringContaining('exports') }],
    ['a flow that is not there', 'nobody', { message: expect.stringContaining('failing (failing)') }],
    ['one flow of several', undefined, { message: expect.stringContaining('failing (failing)') }],
  ])('%s', async (_what, name, error) => {
    await expect(connector.runFlow(name)).rejects.toMatchObject(error);
  });

  test('the stack of a hook has its line, and that of the test', async () => {
    const error: Error = await connector.runFlow('failing').catch((thrown) => thrown);
    expect(error.stack).toMatch(/index\.js:3:[\s\S]*run-flow\.test\.ts:/);
  });
});
