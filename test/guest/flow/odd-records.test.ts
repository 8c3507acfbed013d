/** Records hold any JSON. Whatever stands in a field, the engine answers, or says what is wrong in words of its own. */
import { expect, test } from 'vitest';
import { oneImport, useEngine } from './rig.ts';

const rig = useEngine();

const CODES = [
  'request_failed',
  'response_invalid',
  'page_too_large',
  'hook_failed',
  'hook_invalid_response',
  'wrapper_invalid_response',
  'wrapper_loops',
  'mapping_invalid',
  'template_invalid',
  'unsupported',
];

const ODD = [null, 7, '{{', [], [null], { a: 1 }, true];

/** Three of them, in turns: all of them at each place would take seconds. */
const someOdd = (turn: number): unknown[] => [0, 1, 2].map((i) => ODD[(turn * 3 + i) % ODD.length]);

/** Every value in a record, by its path. */
function pathsIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, item]) => pathsIn(item, [...path, key]))];
}

function withValue(source: unknown, [step, ...rest]: readonly string[], value: unknown): unknown {
  if (step === undefined) return value;
  const copy = Array.isArray(source) ? [...source] : { ...(source as object) };
  (copy as Record<string, unknown>)[step] = withValue((copy as Record<string, unknown>)[step], rest, value);
  return copy;
}

const filter = { type: 'expression', expression: { version: '1', rules: ['notempty', ['string', ['extract', 'id']]] } };
const hooks = { preSavePage: { function: 'same', configuration: {} } };

const httpExport = {
  type: 'delta',
  delta: { dateFormat: 'YYYY', lagOffset: 1 },
  pageSize: 10,
  settings: { a: 1 },
  filter,
  transform: { type: 'expression', expression: { version: '1', rules: [[{ extract: 'id', generate: 'id' }]] } },
  hooks,
  http: {
    relativeURI: '/items?p={{export.http.paging.page}}',
    method: 'POST',
    headers: [{ name: 'X-A', value: '{{settings.export.a}}' }],
    body: '{"a":"{{export.name}}"}',
    requestMediaType: 'json',
    successMediaType: 'json',
    response: {
      resourcePath: 'items',
      successPath: 'ok',
      successValues: ['yes'],
      failPath: 'bad',
      failValues: ['x'],
      errorPath: 'e',
    },
    paging: {
      method: 'page',
      page: 1,
      lastPagePath: 'last',
      lastPageValues: ['x'],
      maxPagePath: 'pages',
      maxCountPath: 'count',
    },
  },
};
const httpImport = {
  inputFilter: filter,
  hooks: { preMap: { function: 'each' }, postMap: { function: 'each' }, postSubmit: { function: 'all' } },
  oneToMany: true,
  pathToMany: 'lines',
  ignoreExisting: true,
  ignoreExtract: 'old',
  dataURITemplate: '/{{record.id}}',
  lookups: [
    { name: 'map', map: { a: 'b' }, default: 'c', allowFailures: true },
    { name: 'ask', relativeURI: '/find', method: 'GET', extract: 'ok', default: 'd' },
  ],
  mapping: {
    fields: [
      {
        extract: 'id',
        generate: 'a.b',
        dataType: 'string',
        lookupName: 'map',
        conditional: { when: 'lookup_not_empty', lookupName: 'ask' },
      },
      { extract: '{{record.id}}', generate: 'c', generateDateFormat: 'YYYY', hardCodedValue: '2026-01-01' },
    ],
    lists: [{ generate: 'list', fields: [{ extract: 'tags[*].t', generate: 't' }] }],
  },
  http: {
    relativeURI: ['/a', '/b'],
    method: ['POST', 'PUT'],
    requestType: ['CREATE', 'UPDATE'],
    batchSize: 2,
    existingExtract: 'none',
    response: { resourcePath: 'items', resourceIdPath: 'id' },
  },
};
const connection = { type: 'http', settings: {}, http: { baseURI: 'http://a.test/b', mediaType: 'json' } };

const connector = `exports.hooks = {
  same: ({ data, errors }) => ({ data, errors }),
  each: ({ data, postMapData = data }) => postMapData.map((data) => ({ data })),
  all: ({ responseData }) => responseData,
};`;

async function assertSpoken(engine: 'generate' | 'process', argument: object, what: string): Promise<boolean> {
  const outcome = await rig.outcome(engine, argument, { connector, integrationId: 'odd' });
  if (outcome.status === 'failed') expect(CODES, `${what}: ${JSON.stringify(outcome)}`).toContain(outcome.code);
  else expect(outcome.status, `${what}: ${JSON.stringify(outcome)}`).toBe('answered');
  return outcome.status === 'answered';
}

const items = [{ id: 1 }, { id: 2 }];
const answers = { ok: 'yes', items, pages: 3, count: 9 };
const generate = (record: object, own: object = connection) => ({
  export: { ...record, _id: 'e1', _connectionId: 'c1' },
  connections: { c1: { ...own, _id: 'c1' } },
  pageIndex: 0,
  currentExportDateTime: '2026-11-30T12:00:00.000Z',
});
const data = [
  {
    id: 'a',
    lines: [
      { id: 'x', tags: [{ t: 1 }] },
      { id: 'y', old: 1 },
    ],
  },
];
const importing = (record: object, processor: object = {}) => oneImport(record, data, processor);

test('in an export', async () => {
  rig.application = () => ({ body: answers });
  expect(await assertSpoken('generate', generate(httpExport), 'as it is')).toBe(true);
  for (const [i, path] of pathsIn(httpExport).slice(1).entries()) {
    for (const odd of someOdd(i)) {
      const record = withValue(httpExport, path, odd) as object;
      await assertSpoken('generate', generate(record), `${path.join('.')} = ${JSON.stringify(odd)}`);
    }
  }
}, 60_000);

test('in an import', async () => {
  rig.application = ({ url }) => ({ body: url.includes('find') ? answers : { items: [{ id: 1 }] } });
  expect(await assertSpoken('process', importing(httpImport), 'as it is')).toBe(true);
  for (const [i, path] of pathsIn(httpImport).slice(1).entries()) {
    for (const odd of someOdd(i)) {
      const record = withValue(httpImport, path, odd) as object;
      await assertSpoken('process', importing(record), `${path.join('.')} = ${JSON.stringify(odd)}`);
    }
  }
}, 60_000);

test('in a connection, a step, data, answers and state', async () => {
  const processor = {
    responseMapping: { fields: [{ extract: 'id', generate: 'no' }], lists: [] },
    hooks,
    proceedOnFailure: true,
  };
  for (const odd of ODD) {
    const what = JSON.stringify(odd);
    rig.application = () => ({ body: answers });
    for (const path of pathsIn(connection).slice(1)) {
      await assertSpoken(
        'generate',
        generate(httpExport, withValue(connection, path, odd) as object),
        `${path} = ${what}`,
      );
    }
    for (const path of pathsIn(processor).slice(1)) {
      await assertSpoken(
        'process',
        importing(httpImport, withValue(processor, path, odd) as object),
        `${path} = ${what}`,
      );
    }
    await assertSpoken('process', { ...importing(httpImport), data: [odd, ...data] }, `data ${what}`);
    await assertSpoken('process', { ...importing({ ...httpImport, oneToMany: false }), data: [odd] }, `data ${what}`);
    for (const state of [
      odd,
      { position: odd },
      { position: { records: odd, pages: odd, page: odd }, offset: odd, count: odd },
    ]) {
      await assertSpoken('generate', { ...generate(httpExport), state }, `state ${JSON.stringify(state)}`);
    }
    for (const body of [
      odd,
      { ...answers, items: odd },
      { ...answers, items: [odd], pages: odd, count: odd, last: odd },
    ]) {
      rig.application = () => ({ body: JSON.stringify(body) });
      await assertSpoken('generate', generate(httpExport), `answer ${JSON.stringify(body)}`);
      await assertSpoken('process', importing(httpImport), `answer ${JSON.stringify(body)}`);
    }
  }
}, 60_000);
