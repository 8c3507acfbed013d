/** The module `integrator-api`: on a real server, and what a build says of calls that are not awaited. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createCompartment } from '../../src/author/compartment.ts';
import { findingLine } from '../../src/author/finding.ts';
import { writeFiles } from '../../src/author/project-build.ts';
import { temporaryFolder } from '../support/folders.ts';
import { built, projectOf } from '../support/project.ts';
import { installed, serve } from '../support/runtime.ts';

const RECORDS = `
import { connections, exports, flows, imports, integrations, state, accessTokens } from 'integrator-api';
const outcome = (promise) => promise.then((value) => value, ({ code, message, statusCode, errors }) => ({ code, message, statusCode, errors }));
export const utilities = {
  async records() {
    const shop = await connections.create({ name: 'Shop', type: 'http', http: { baseURI: 'https://a.test', auth: { type: 'none' } } });
    const orders = await exports.create({ name: 'Orders', externalId: 'orders', _connectionId: shop._id });
    const items = await exports.create({ name: 'Items', _connectionId: shop._id });
    const target = await imports.create({ name: 'Target', _connectionId: shop._id });
    await flows.create({ name: 'Flow', _exportId: orders._id, _importId: target._id });
    await exports.update({ ...items, name: 'Articles' });
    const { name } = await exports.get({ _id: items._id });
    await exports.delete(items._id);
    return [
      name,
      (await exports.find()).map((each) => each.name),
      (await exports.find({ externalId: 'orders' })).map((each) => each.name),
      await exports.find({ externalId: 'none' }),
      (await exports.get(items._id)) === undefined,
      (await flows.find()).length,
      (await integrations.find()).map((each) => each.name),
    ];
  },
  async state() {
    const before = await state.get('a b');
    await state.set('a b', { n: 1 });
    await state.create('other', [1]);
    await state.update('other', null);
    const kept = [await state.find(), await state.get('a b'), await state.get('other')];
    await state.delete('a b');
    return [before === undefined, ...kept, await state.find()];
  },
  async failures() {
    return [
      await outcome(exports.create({ name: 'x', _connectionId: '000000000000000000000000' })),
      await outcome(exports.update({ name: 'x' })),
      await outcome(exports.runVirtual({})),
      await outcome(accessTokens.find()),
      await outcome(exports.get('')),
    ];
  },
};`;

const COMMON_JS = `const api = require('integrator-api');
exports.utilities = { names: (options, callback) => api.connections.find().then((found) => callback(null, found.map((each) => each.name)), callback) };`;

test('records and state of the integration, from both kinds of modules', async () => {
  const connectors = await temporaryFolder();
  for (const [name, code, type] of [
    ['records', RECORDS, 'module'],
    ['common', COMMON_JS, 'commonjs'],
  ] as const) {
    const manifest = { name, version: '1.0.0', type, source: 'src/index.js', main: 'dist/index.js', connector: {} };
    const folder = await projectOf({ 'package.json': JSON.stringify(manifest), 'src/index.js': code });
    const { bundle, findings } = await built(folder);
    expect(findings).toEqual([]);
    await mkdir(join(connectors, name));
    await writeFiles(bundle?.files ?? new Map(), join(connectors, name));
  }
  const { client } = await serve({}, { connectors });
  const id = await installed(client, 'records', { name: 'Mine' });
  const call = async (name: string) => (await client('PUT', `/integrations/${id}/utilities/${name}`)).body;
  // What belongs to another integration is not found.
  const other = await installed(client, 'common');
  expect((await client('PUT', `/integrations/${other}/utilities/names`)).body).toEqual([]);
  expect(await call('records')).toEqual(['Articles', ['Orders'], ['Orders'], [], true, 1, ['Mine']]);
  expect(await call('state')).toEqual([true, ['a b', 'other'], { n: 1 }, null, ['other']]);
  expect(await call('failures')).toMatchObject([
    { code: 'invalid_ref', statusCode: 422, errors: [{ field: '_connectionId' }] },
    { code: 'missing_required_field', message: '_id is missing.' },
    { code: 'ERR_NOT_AVAILABLE', message: 'exports.runVirtual of integrator-api is not available here.' },
    { code: 'ERR_NOT_AVAILABLE', message: 'accessTokens.find of integrator-api is not available here.' },
    { code: 'missing_required_field' },
  ]);
});

test('calls that nobody waits for are named with their lines; others are not', async () => {
  const folder = await projectOf({
    'src/index.js': `import { exports, imports as own, flows } from 'integrator-api';
      const made = exports.create({});
      flows.run({ _id: made._id });
      const name = exports.get('1').name;
      own.run({ data: exports.find() }).then(console.log);
      const later = exports.find(), other = flows.find();
      export const utilities = {
        calls: (options, callback) => { callback(null, flows.find()); return JSON.stringify(own.get('3')); }, wrapped: (wrap) => wrap(own.find()),
        old: (options) => ({ response: exports.run({ _id: '1' }) }),
        arrow: () => exports.find(), async own() { return await exports.get('2') },
        async all() { const list = []; list.push(flows.find()); await Promise.all([exports.find(), own.find()]); return [await later, await Promise.all(list), await Promise.race([name])]; },
        passes: () => exports.find().then((found) => found).catch(() => own.find()), maybe: ({ id }) => (id ? exports.get(id) : undefined),
      };`,
  });
  const { findings } = await built(folder);
  expect(findings.map(findingLine)).toEqual(
    [
      '2:20 exports.create',
      '3:7 flows.run',
      '4:20 exports.get',
      '5:23 exports.find',
      '6:45 flows.find',
      '8:56 flows.find',
      '8:93 imports.get',
      '9:40 exports.run',
    ].map((each) => {
      const [place, name] = each.split(' ');
      return `src/index.js:${place} warning ${name} of integrator-api returns a promise here: write await before it, in an async function`;
    }),
  );
});

test('lists are read to their end; runs are requests with what they are given', async () => {
  const folder = await projectOf({
    'src/index.js': `import { connections, exports, flows, imports } from 'integrator-api';
      export const settings = { run: async () => [
        await connections.find(), await exports.run({ _id: 'e1', data: [1] }), await imports.run({ _id: 'i1', data: { a: 1 } }),
        await imports.run({ _id: 'i1', data: [1, 2] }), await flows.run({ _id: 'f1' }),
      ] };`,
  });
  const page = (ids: readonly number[], next?: string) => () =>
    Response.json(ids, next === undefined ? {} : { headers: { link: `<http://localhost/v1/${next}>; rel="next"` } });
  await using connector = await createCompartment(folder, {
    fetch: {
      'GET /v1/connections': page([1, 2], 'connections?after=2'),
      'GET /v1/connections?after=2': page([3]),
      'POST /v1/exports/e1/invoke': { data: [] },
      'POST /v1/imports/i1/invoke': [{ statusCode: 200 }],
      'POST /v1/flows/f1/run': { _jobId: 'j1' },
    },
  });
  expect(await connector.call('settings', 'run')).toEqual([
    [1, 2, 3],
    { data: [] },
    [{ statusCode: 200 }],
    [{ statusCode: 200 }],
    { _jobId: 'j1' },
  ]);
  expect(connector.requests.slice(2).map(({ body }) => String(body))).toEqual([
    '{"data":[1]}',
    '[{"a":1}]',
    '[1,2]',
    '{}',
  ]);
});
