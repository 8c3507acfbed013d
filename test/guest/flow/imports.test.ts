/** The flow engine sends records to HTTP imports. */
import { describe, expect, test } from 'vitest';
import { oneImport, useEngine } from './rig.ts';

const rig = useEngine();
const http = { relativeURI: '/things', method: 'POST' };
const bodies = (): unknown[] => rig.received.flatMap(({ body }) => (body === '' ? [] : [JSON.parse(body)]));
const counts = (numSuccess: number, numError = 0, numIgnore = 0) => ({ numSuccess, numError, numIgnore });

describe('records one by one', () => {
  test('are sent as JSON, ten at a time, and counted', async () => {
    const tenAreOpen = Promise.withResolvers<void>();
    rig.application = async ({ body }, number) => {
      if (number === 10) tenAreOpen.resolve();
      await tenAreOpen.promise;
      return { status: 201, body: { id: `r${JSON.parse(body).id}` } };
    };
    const data = Array.from({ length: 25 }, (_, id) => ({ id }));
    const page = await rig.call('process', oneImport({ http }, data));
    expect(page).toEqual({ steps: [counts(25)], errors: [], errorsDropped: 0 });
    expect(rig.mostOpen).toBe(10);
    expect(bodies()).toHaveLength(25);
  });

  test('as templates: the address sees the record before mapping, the body the mapped one', async () => {
    const record = {
      http: {
        relativeURI: '/things/{{record.no}}/{{data.0.no}}',
        method: 'PUT',
        body: '{"t":"{{record.title}}","no":"{{no}}"}',
      },
      mapping: { fields: [{ extract: 'name', generate: 'title' }] },
    };
    await rig.call('process', oneImport(record, [{ no: 'a/b', name: 'x"y' }]));
    expect(rig.received).toMatchObject([{ method: 'PUT', url: '/api/things/a%2Fb/a%2Fb' }]);
    expect(bodies()).toEqual([{ t: 'x"y', no: '' }]);
  });

  test('as a form', async () => {
    const form = { ...http, requestMediaType: 'urlencoded' };
    await rig.call('process', oneImport({ http: form }, [{ a: 'b c', d: '&=' }]));
    expect(rig.received).toMatchObject([
      { body: 'a=b%20c&d=%26%3D', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    ]);
  });

  test('that fail have an error with the record and the status, and stay behind', async () => {
    rig.application = ({ body }) => (body.includes('bad') ? { status: 422, body: { errors: [{ why: 'no' }] } } : {});
    const argument = oneImport({ http: { ...http, response: { errorPath: 'errors[0].why' } } }, [
      { n: 'good' },
      { n: 'bad' },
    ]);
    const processors = [...argument.processors, ...argument.processors];
    expect(await rig.call('process', { ...argument, processors })).toEqual({
      steps: [counts(1, 1), counts(1)],
      errors: [
        {
          code: 'request_failed',
          message: 'the application answered with status 422: no',
          source: 'http',
          step: 0,
          statusCode: 422,
          retryData: { n: 'bad' },
        },
      ],
      errorsDropped: 0,
    });
  });

  test('that fail go on with proceedOnFailure, and have no data to retry', async () => {
    rig.application = () => ({ status: 400 });
    const argument = oneImport({ http }, [{ n: 1 }], { proceedOnFailure: true });
    const processors = [...argument.processors, ...oneImport({ http }, []).processors];
    const page = await rig.call<{ steps: unknown; errors: object[] }>('process', { ...argument, processors });
    expect(page.steps).toEqual([counts(0, 1), counts(0, 1)]);
    expect(page.errors.map((error) => 'retryData' in error)).toEqual([false, true]);
  });

  test('errors beyond the limit are counted', async () => {
    rig.application = () => ({ status: 400 });
    const page = await rig.call(
      'process',
      oneImport(
        { http },
        [1, 2, 3].map((n) => ({ n })),
      ),
      { limits: { errors: 2 } },
    );
    expect(page).toMatchObject({ steps: [counts(0, 3)], errors: [{}, {}], errorsDropped: 1 });
  });
});

test('requests have keys that are the same when they are repeated, and differ otherwise', async () => {
  const keys = async (argument: object): Promise<unknown[]> => {
    rig.received.length = 0;
    await rig.call('process', argument);
    return rig.received.map(({ headers }) => headers['idempotency-key']).sort();
  };
  const data = [{ n: 1 }, { n: 1 }];
  const first = await keys(oneImport({ http }, data));
  expect(new Set(first).size).toBe(2);
  expect(first[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(await keys(oneImport({ http }, data))).toEqual(first);
  expect(await keys({ ...oneImport({ http }, data), idempotencyPrefix: 'job1:1' })).not.toContain(first[0]);
  expect(await keys(oneImport({ http }, [{ n: 2 }, { n: 1 }]))).not.toEqual(first);
});

describe('batches', () => {
  test('are lists, in order; each record has its own result', async () => {
    rig.application = ({ body }) => ({
      body: {
        results: ([JSON.parse(body)].flat() as { n: number }[]).map(({ n }) =>
          n === 2 ? { error: 'no' } : { key: `k${n}` },
        ),
      },
    });
    const response = { resourcePath: 'results', resourceIdPath: 'key', failPath: 'error', errorPath: 'error' };
    const record = { http: { ...http, batchSize: 2, response } };
    const responseMapping = { fields: [{ extract: 'id', generate: 'key' }] };
    const argument = oneImport(
      record,
      [1, 2, 3].map((n) => ({ n })),
      { responseMapping },
    );
    const page = await rig.call('process', {
      ...argument,
      processors: [...argument.processors, ...oneImport({ http }, []).processors],
    });
    expect(page).toMatchObject({
      steps: [counts(2, 1), counts(2)],
      errors: [{ message: expect.stringContaining('no'), retryData: { n: 2 } }],
    });
    expect(bodies().slice(0, 2)).toEqual([[{ n: 1 }, { n: 2 }], [{ n: 3 }]]);
    expect(bodies().slice(2)).toEqual(
      expect.arrayContaining([
        { n: 1, key: 'k1' },
        { n: 3, key: 'k3' },
      ]),
    );
  });

  test('that are refused as a whole are errors of all their records', async () => {
    rig.application = () => ({ status: 400, body: { message: 'no' } });
    const page = await rig.call('process', oneImport({ http: { ...http, batchSize: 5 } }, [{ n: 1 }, { n: 2 }]));
    expect(page).toMatchObject({ steps: [counts(0, 2)], errors: [{ retryData: { n: 1 } }, { retryData: { n: 2 } }] });
  });

  test('have a template that sees all of them', async () => {
    const body = '[{{#each batch_of_records}}"{{record.n}}"{{#unless @last}},{{/unless}}{{/each}}]';
    await rig.call('process', oneImport({ http: { ...http, body, batchSize: 5 } }, [{ n: 'a"' }, { n: 'b' }]));
    expect(bodies()).toEqual([['a"', 'b']]);
  });
});

describe('existing records', () => {
  const both = {
    relativeURI: ['/things/{{record.id}}', '/things'],
    method: ['PUT', 'POST'],
    requestType: ['UPDATE', 'CREATE'],
  };
  const seen = (): string[] => rig.received.map(({ method, url }) => `${method} ${url}`).sort();

  test('are updated, others created', async () => {
    const record = {
      http: { ...both, existingExtract: 'id' },
      mapping: {
        fields: [
          { extract: 'n', generate: 'n' },
          { extract: 'n', generate: 'once', immutable: true },
        ],
      },
    };
    await rig.call('process', oneImport(record, [{ n: 1 }, { n: 2, id: 'x' }]));
    expect(seen()).toEqual(['POST /api/things', 'PUT /api/things/x']);
    expect(bodies()).toEqual(expect.arrayContaining([{ n: 1, once: 1 }, { n: 2 }]));
  });

  test('lists without requestType are for create and update', async () => {
    const two = { relativeURI: ['/new', '/old'], method: ['POST', 'PATCH'], existingExtract: 'id' };
    await rig.call('process', oneImport({ http: two }, [{ n: 1 }, { id: 'x' }]));
    expect(seen()).toEqual(['PATCH /api/old', 'POST /api/new']);
  });

  test.each([
    ['ignoreExisting', [{ n: 1 }]],
    ['ignoreMissing', [{ n: 2, id: 'x' }]],
  ])('%s', async (name, sent) => {
    const page = await rig.call(
      'process',
      oneImport({ http, [name]: true, ignoreExtract: 'id' }, [{ n: 1 }, { n: 2, id: 'x' }]),
    );
    expect(page).toMatchObject({ steps: [counts(1, 0, 1)], errors: [] });
    expect(bodies()).toEqual(sent);
  });

  test('are found by a lookup, which is asked once for equal requests', async () => {
    rig.application = ({ url }) => (url.includes('find') ? { body: url.endsWith('=a') ? [{ id: 7 }] : [] } : {});
    const lookups = [
      { name: 'find', relativeURI: '/find?name={{record.name}}', extract: '[0].id', allowFailures: true },
    ];
    const record = {
      http: { relativeURI: ['/things', '/things'], method: ['POST', 'PUT'], existingLookupName: 'find', lookups },
      mapping: {
        fields: [
          { extract: 'name', generate: 'name' },
          { generate: 'id', lookupName: 'find', discardIfEmpty: true },
        ],
      },
    };
    await rig.call('process', oneImport(record, [{ name: 'a' }, { name: 'b' }, { name: 'a' }]));
    expect(seen().filter((line) => line.includes('find'))).toHaveLength(2);
    const sent = rig.received.filter(({ url }) => url === '/api/things');
    expect(sent.map(({ method, body }) => [method, JSON.parse(body)])).toEqual(
      expect.arrayContaining([
        ['PUT', { name: 'a', id: 7 }],
        ['POST', { name: 'b' }],
        ['PUT', { name: 'a', id: 7 }],
      ]),
    );
  });
});

test.each([
  ['a lookup', { relativeURI: '/find?name={{record.name}}', extract: '[0].id' }, {}],
  ['a map', { map: { a: 7 } }, { ignoreExtract: 'name' }],
])('a record that %s does not find does not exist', async (_, lookup, more) => {
  rig.application = ({ url }) => (url.includes('find') ? { body: url.endsWith('=a') ? [{ id: 7 }] : [] } : {});
  const record = {
    http: { ...http, lookups: [{ name: 'find', ...lookup }] },
    ignoreMissing: true,
    ignoreLookupName: 'find',
    ...more,
  };
  const page = await rig.call('process', oneImport(record, [{ name: 'a' }, { name: 'b' }]));
  expect(page).toMatchObject({ steps: [counts(1, 0, 1)], errors: [] });
});

test('a lookup that finds nothing is an error of its record', async () => {
  rig.application = ({ url }) => (url.includes('/find') ? { status: url.endsWith('a') ? 404 : 400 } : {});
  const lookups = [{ name: 'find', relativeURI: '/find/{{record.name}}', extract: 'id' }];
  const record = { http: { ...http, lookups }, mapping: { fields: [{ generate: 'id', lookupName: 'find' }] } };
  const page = await rig.call('process', oneImport(record, [{ name: 'a' }, { name: 'b' }]));
  expect(page).toMatchObject({
    steps: [counts(0, 2)],
    errors: [
      { code: 'lookup_found_nothing', source: 'lookup', message: 'lookup find found nothing' },
      { code: 'lookup_failed', message: expect.stringContaining('status 400') },
    ],
  });
});

describe('oneToMany', () => {
  const lines = [{ sku: 'a' }, { sku: 'bad' }];
  const record = {
    http,
    oneToMany: true,
    pathToMany: 'order.lines',
    mapping: {
      fields: [
        { extract: 'sku', generate: 'sku' },
        { extract: '_PARENT.no', generate: 'order' },
      ],
    },
  };

  test('sends each item of a list, and retries the failed one alone', async () => {
    rig.application = ({ body }) => (body.includes('bad') ? { status: 400 } : {});
    const page = await rig.call('process', oneImport(record, [{ no: 1, order: { lines } }, { no: 2 }]));
    expect(bodies()).toEqual(
      expect.arrayContaining([
        { sku: 'a', order: 1 },
        { sku: 'bad', order: 1 },
      ]),
    );
    expect(page).toMatchObject({
      steps: [counts(1, 1)],
      errors: [{ retryData: { no: 1, order: { lines: [{ sku: 'bad' }] } } }],
    });
  });

  test('merges responses into the items', async () => {
    rig.application = ({ body }) => ({ body: { id: `id of ${JSON.parse(body).sku}` } });
    const responseMapping = { fields: [{ extract: 'id', generate: 'thing' }] };
    const argument = oneImport(record, [{ no: 1, order: { lines } }], { responseMapping });
    await rig.call('process', {
      ...argument,
      processors: [...argument.processors, ...oneImport({ http }, []).processors],
    });
    expect(bodies()[2]).toEqual({
      no: 1,
      order: {
        lines: [
          { sku: 'a', thing: 'id of a' },
          { sku: 'bad', thing: 'id of bad' },
        ],
      },
    });
  });
});

test('a lookup step adds what it found to each record', async () => {
  rig.application = ({ url }) =>
    url.includes('/stock/') ? { body: { stock: [{ left: url.length }, { left: 0 }] } } : {};
  const lookup = {
    type: 'export',
    record: {
      _id: 'e2',
      _connectionId: 'c1',
      http: { relativeURI: '/stock/{{record.sku}}', response: { resourcePath: 'stock' } },
      filter: {
        type: 'expression',
        expression: { version: '1', rules: ['greaterthan', ['number', ['extract', 'left']], 0] },
      },
      inputFilter: { type: 'expression', expression: { version: '1', rules: ['notempty', ['extract', 'sku']] } },
    },
    responseMapping: { fields: [{ extract: 'data[0].left', generate: 'left' }], lists: [] },
  };
  const argument = oneImport({ http }, [{ sku: 'a' }, { n: 2 }, { sku: 'aaa' }]);
  const page = await rig.call('process', { ...argument, processors: [lookup, ...argument.processors] });
  expect(page).toMatchObject({ steps: [counts(2, 0, 1), counts(3)] });
  expect(bodies()).toEqual(expect.arrayContaining([{ sku: 'a', left: 12 }, { n: 2 }, { sku: 'aaa', left: 14 }]));
});

test('a lookup that fails is an error of its record, with what to retry', async () => {
  rig.application = ({ url }) => (url.endsWith('/b') ? { status: 404 } : { body: [] });
  const processors = [
    { type: 'export', record: { _id: 'e2', _connectionId: 'c1', http: { relativeURI: '/{{record.n}}' } } },
  ];
  const page = await rig.call('process', { ...oneImport({ http }, [{ n: 'a' }, { n: 'b' }]), processors });
  expect(page).toMatchObject({ steps: [counts(1, 1)], errors: [{ step: 0, statusCode: 404, retryData: { n: 'b' } }] });
});

test('a retry begins with the step that failed', async () => {
  const argument = oneImport({ http }, [{ n: 1 }]);
  const [processor] = argument.processors;
  expect(
    await rig.call('process', { ...argument, processors: [processor, processor], firstProcessor: 1 }),
  ).toMatchObject({
    steps: [counts(1)],
  });
  expect(rig.received).toHaveLength(1);
});

describe('invoked alone', () => {
  test('an import answers one result per record', async () => {
    rig.application = ({ body }) =>
      body.includes('bad') ? { status: 400, body: 'no' } : { body: { id: 5, extra: true } };
    const record = oneImport({ http, inputFilter: { type: 'expression', rules: ['notempty', ['extract', 'n']] } }, [])
      .processors[0]?.record;
    expect(await rig.call('invoke', { type: 'import', record, data: [{ n: 'ok' }, { n: 'bad' }, {}] })).toEqual([
      { statusCode: 200, id: 5, _json: { id: 5, extra: true } },
      {
        statusCode: 422,
        errors: [{ code: 'request_failed', message: 'the application answered with status 400: no', source: 'http' }],
      },
      { statusCode: 200, ignored: true },
    ]);
  });

  test('an export answers all its records', async () => {
    rig.application = (_, number) => ({ body: number < 3 ? [{ number }] : [] });
    const record = { _id: 'e1', _connectionId: 'c1', http: { relativeURI: '/', paging: { method: 'page' } } };
    expect(await rig.call('invoke', { type: 'export', record })).toEqual({ data: [{ number: 1 }, { number: 2 }] });
  });
});
