/** Wrappers: exports and imports that are functions of the connector. */
import { describe, expect, test } from 'vitest';
import { oneImport, readAll, useEngine } from './rig.ts';

const rig = useEngine();
const wrappers = (source: string): string => `exports.wrappers = { ${source} };`;
const secret = { _id: 'w1', type: 'wrapper', wrapper: { encrypted: { key: 'K' }, unencrypted: { host: 'h' } } };
const connections = { w1: secret };

describe('an export', () => {
  const argument = (more: object = {}) => ({
    connections,
    export: {
      _id: 'e1',
      _connectionId: 'w1',
      adaptorType: 'WrapperExport',
      wrapper: { function: 'read', configuration: { size: 2 } },
      ...more,
    },
    pageIndex: 0,
    currentExportDateTime: '2026-11-30T12:00:00.000Z',
    _jobId: 'job1',
  });

  test('is called with its state until the last page', async () => {
    const connector = wrappers(`async read({ connection, configuration, state = 0, type }) {
      const data = [{ state, key: connection.wrapper.encrypted.key, size: configuration.size, type: type ?? 'all' }];
      return { data, state: state + 1, lastPage: state === 2 };
    }`);
    const record = (state: number) => [{ state, key: 'K', size: 2, type: 'all' }];
    expect(await readAll(rig, argument(), { connector })).toEqual([record(0), record(1), record(2)]);
  });

  test.each([
    [
      { type: 'delta', delta: { dateField: 'changed', lagOffset: 1_000 } },
      { type: 'delta', delta: { dateField: 'changed', lastExecutionTime: 1_767_225_599_000 } },
    ],
    [
      { type: 'once', once: { booleanField: 'done' } },
      { type: 'once', once: { booleanField: 'done' } },
    ],
    [
      { type: 'test', test: { limit: 3 } },
      { type: 'test', test: { limit: 3 } },
    ],
  ])('of %j says how much to read', async (more, expected) => {
    const connector = wrappers(
      'read: ({ type, delta, once, test }) => ({ data: [{ type, delta, once, test }], lastPage: true })',
    );
    const options = { ...argument(more), lastExportDateTime: '2026-01-01T00:00:00.000Z' };
    expect(await readAll(rig, options, { connector })).toEqual([[expected]]);
  });

  test('that gives the same answer more than five times ends', async () => {
    const connector = wrappers(`n: 0, read() {
      if (++this.n > 6) throw new Error('called too often');
      return { data: [{ n: 1 }], state: 1 };
    }`);
    const options = { connector, integrationId: 'loops' };
    await expect(readAll(rig, argument(), options)).rejects.toThrow(/wrapper_loops.*more than 5 times/);
    const five = wrappers('n: 0, read() { this.n++; return { data: [{ n: 1 }], state: 1, lastPage: this.n > 5 } }');
    expect(await readAll(rig, argument(), { connector: five, integrationId: 'five' })).toHaveLength(6);
  });

  test('with a long answer is called once for its pages, and its state is kept', async () => {
    const connector = wrappers(
      'calls: 0, read() { this.calls++; return { data: [1, 2, 3].map((n) => ({ n, calls: this.calls })), lastPage: true } }',
    );
    const options = { connector, integrationId: 'long', limits: { pageRecords: 2 } };
    expect(await readAll(rig, argument(), options)).toEqual([
      [
        { n: 1, calls: 1 },
        { n: 2, calls: 1 },
      ],
      [{ n: 3, calls: 1 }],
    ]);
  });

  test('takes its connection offline', async () => {
    const connector = wrappers(
      `read: () => ({ data: [], connectionOffline: true, errors: [{ code: 'a', message: 'signed out' }] })`,
    );
    expect(await rig.call('generate', argument(), { connector })).toEqual({
      offline: { _connectionId: 'w1', message: 'signed out' },
    });
  });

  test('has errors, which reach preSavePage', async () => {
    const connector = `${wrappers(`read: () => ({ data: [{ n: 1 }], lastPage: true, errors: [{ code: 'a', message: 'odd' }] })`)}
      exports.hooks = { save: ({ data, errors }) => ({ data, errors: errors.map((e) => ({ ...e, source: 'seen' })) }) };`;
    const page = await rig.call('generate', argument({ hooks: { preSavePage: { function: 'save' } } }), { connector });
    expect(page).toMatchObject({ data: [{ n: 1 }], errors: [{ code: 'a', message: 'odd', source: 'seen' }] });
  });

  test.each([
    ['7', /an object, but answered with a number/],
    ['{ data: 7 }', /data is a number/],
    ['{ data: [7] }', /data\[0\] is a number/],
    ['{ data: [new Map()], lastPage: true }', /Map at data\[0\]/],
  ])('that answers %s is told', async (answer, message) => {
    const outcome = await rig.outcome('generate', argument(), { connector: wrappers(`read: () => (${answer})`) });
    expect(outcome).toMatchObject({ code: 'wrapper_invalid_response', message: expect.stringMatching(message) });
  });

  test('with too much state is refused', async () => {
    const connector = wrappers(`read: () => ({ data: [{}], state: 'x'.repeat(65536) })`);
    expect(await rig.outcome('generate', argument(), { connector })).toMatchObject({ code: 'page_too_large' });
  });
});

describe('an import', () => {
  const record = {
    _connectionId: 'w1',
    adaptorType: 'WrapperImport',
    wrapper: { function: 'write', configuration: { a: 1 } },
    mapping: { fields: [{ extract: 'n', generate: 'no' }] },
  };
  const call = (source: string, data: readonly unknown[]) =>
    rig.call<Record<string, unknown>>(
      'process',
      { ...oneImport(record, data), connections },
      { connector: wrappers(`write: ${source}`) },
    );

  test('gets the page, and answers for each record', async () => {
    const page = await call(
      `({ preMapData, postMapData, connection, configuration }) => postMapData.map((data, i) => [
        { statusCode: 200, id: data.no },
        { statusCode: 200, errors: [{ code: 'half', message: connection.wrapper.encrypted.key + configuration.a }] },
        { statusCode: 422, errors: [{ code: 'bad', message: JSON.stringify(preMapData[i]) }] },
        { statusCode: 422 },
        { statusCode: 200, ignored: true },
      ][i])`,
      [1, 2, 3, 4, 5].map((n) => ({ n })),
    );
    expect(page).toEqual({
      steps: [{ numSuccess: 2, numError: 2, numIgnore: 1 }],
      errors: [
        { code: 'half', message: 'K1', source: 'wrapper', step: 0 },
        { code: 'bad', message: '{"n":3}', source: 'wrapper', step: 0, retryData: { n: 3 } },
        {
          code: 'import_failed',
          message: 'the record has the status 422',
          source: 'wrapper',
          step: 0,
          retryData: { n: 4 },
        },
      ],
      errorsDropped: 0,
    });
  });

  test('401 takes the connection offline', async () => {
    expect(await call(`() => [{ statusCode: 401, errors: [{ message: 'who?' }] }]`, [{}])).toEqual({
      offline: { _connectionId: 'w1', message: 'who?' },
    });
  });

  test.each([
    ['() => []', /a list of 1 entries/],
    ['() => [null]', /entry 0 is null/],
    [`() => [{ statusCode: 'good' }]`, /statusCode that is a number, but entry 0 has a string/],
    ['() => [{ statusCode: [200] }]', /entry 0 has a list/],
  ])('%s is told', async (source, message) => {
    await expect(call(source, [{}])).rejects.toThrow(message);
    await expect(call(source, [{}])).rejects.toThrow('wrapper_invalid_response');
  });
});
