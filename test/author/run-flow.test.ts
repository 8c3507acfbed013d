/** `bulkhead/test`: a flow runs page by page, against stubs of the applications. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  type Compartment,
  createCompartment,
  type FetchStubs,
  type StubbedRecord,
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
    (await fetch('/v1/flows', { method: 'POST', body: JSON.stringify({ name, _exportId: 'e', _importId: 'i' }) })).json(),
  ask: async () => (await fetch('/v1/connections/c/proxy', { method: 'POST', headers: { 'Integrator-Relative-URI': 'me' } })).json(),
};`;

let folder: string;
beforeAll(async () => {
  folder = await folderOfFile();
  const manifest = { name: 'shop', version: '1.0.0', main: 'index.js' };
  const connector = { permissions: { fetch: ['https://api.example.com'] } };
  await writeFile(join(folder, 'package.json'), JSON.stringify({ ...manifest, connector }));
  await writeFile(join(folder, 'index.js'), CODE);
});

const connection = (baseURI = 'https://api.example.com/v2/') => ({ _id: 'c', type: 'http', http: { baseURI } });
const read = {
  _id: 'e',
  _connectionId: 'c',
  adaptorType: 'HTTPExport',
  http: { method: 'GET', relativeURI: '/items?page={{export.http.paging.page}}', paging: { method: 'page' } },
};
const write = {
  _id: 'i',
  _connectionId: 'c',
  adaptorType: 'HTTPImport',
  http: { method: 'POST', relativeURI: '/items' },
};
const flow = { _id: 'f', name: 'Items', settings: { by: 'me' }, _exportId: 'e', _importId: 'i', disabled: true };
const records = (changes: StubbedRecords = {}): StubbedRecords => ({
  connections: [connection()],
  exports: [read],
  imports: [write],
  flows: [flow],
  ...changes,
});

const ITEMS = 'https://api.example.com/v2/items';
const stubs: FetchStubs = {
  [`GET ${ITEMS}?page=1`]: [{ id: 1 }, { id: 2 }],
  [`GET ${ITEMS}?page=2`]: [{ id: 3 }],
  [`GET ${ITEMS}?page=*`]: [],
  [`POST ${ITEMS}`]: ({ body }) => {
    const { id } = JSON.parse(String(body));
    return id === 2 ? Response.json({ message: 'not two' }, { status: 422 }) : { id: `new-${id}` };
  },
};

async function open(fetch: FetchStubs = stubs, given: StubbedRecords = records()): Promise<Compartment> {
  const connector = await createCompartment(folder, { fetch, records: given });
  onTestFinished(() => connector.close());
  return connector;
}

test('all pages go through the steps; what was refused stands with its record', async () => {
  const connector = await open(stubs, records({ imports: [{ ...write, hooks: { preMap: { function: 'stamp' } } }] }));
  const { pages, exported, steps, errors, requests } = await connector.runFlow();
  expect(pages).toEqual([[{ id: 1 }, { id: 2 }], [{ id: 3 }]]);
  expect(exported).toHaveLength(3);
  expect(steps).toEqual([{ numSuccess: 2, numError: 1, numIgnore: 0 }]);
  expect(errors).toEqual([expect.objectContaining({ step: 0, statusCode: 422, record: { id: 2 } })]);
  const sent = requests.filter(({ method }) => method === 'POST');
  expect(sent.map(({ url, body }) => [url, JSON.parse(String(body))])).toEqual(
    expect.arrayContaining([1, 2, 3].map((id) => [ITEMS, { id, by: 'me' }])),
  );
  expect(sent[0]?.headers.get('idempotency-key')).toMatch(/./);
  expect(requests[0]?.headers.has('integrator-method')).toBe(false);
  // Requests of an earlier run are not in it.
  expect((await connector.runFlow('Items')).requests).toHaveLength(requests.length);
});

test('a wrapper has its credentials, and is called until its last page', async () => {
  const encrypted = { user: 'ada' };
  const wrapper = { _id: 'w', type: 'wrapper', wrapper: { encrypted } };
  const connector = await open(
    {},
    {
      connections: [wrapper],
      exports: [{ _id: 'e', _connectionId: 'w', adaptorType: 'WrapperExport', wrapper: { function: 'read' } }],
      flows: [{ _id: 'f', pageGenerators: [{ _exportId: 'e' }] }],
    },
  );
  const ids = (await connector.runFlow()).exported;
  expect(ids).toEqual([0, 1, 2].map((id) => ({ id, as: 'ada' })));
});

test('an application that is busy is asked again, without waiting', async () => {
  let attempts = 0;
  const connector = await open({
    ...stubs,
    [`GET ${ITEMS}?page=1`]: () => (++attempts < 4 ? new Response('', { status: 429 }) : [{ id: 1 }]),
  });
  expect((await connector.runFlow()).exported).toEqual([{ id: 1 }, { id: 3 }]);
  expect(attempts).toBe(4);
});

test('records that the connector creates are its records, and its own requests reach the application, too', async () => {
  const connector = await open(
    { ...stubs, 'POST /v1/flows': { _id: 'f2' }, 'GET https://api.example.com/v2/me': { name: 'Ada' } },
    records({ flows: [] }),
  );
  await connector.call('installer', 'create', { name: 'Made' });
  expect(connector.records.flows).toEqual([{ _id: 'f2', name: 'Made', _exportId: 'e', _importId: 'i' }]);
  expect((await connector.runFlow('f2')).exported).toHaveLength(3);
  expect(await connector.call('installer', 'ask')).toEqual({ name: 'Ada' });
});

describe('rejects with what would end the job', () => {
  const at = (relativeURI: string) => ({ ...read, http: { ...read.http, relativeURI } });
  const exports: Record<string, StubbedRecord> = {
    failing: { ...read, hooks: { preSavePage: { function: 'fail' } } },
    unstubbed: at('/nothing'),
    elsewhere: { ...read, _connectionId: 'other' },
    refused: at('/refused'),
    endless: at('/endless'),
    busy: at('/busy'),
  };
  const names = Object.keys(exports);
  let connector: Compartment;
  beforeAll(async () => {
    connector = await createCompartment(folder, {
      fetch: {
        ...stubs,
        'https://api.example.com/v2/refused': () => new Response('', { status: 401 }),
        'https://api.example.com/v2/endless': [{ id: 1 }],
        'https://api.example.com/v2/busy': () => new Response('', { status: 503 }),
      },
      records: records({
        connections: [connection(), { ...connection('https://other.example.com'), _id: 'other' }],
        exports: names.map((_id) => ({ ...exports[_id], _id })),
        flows: [...names, 'lost'].map((_id) => ({ ...flow, _id, name: _id, _exportId: _id })),
      }),
    });
  });
  afterAll(() => connector.close());

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
