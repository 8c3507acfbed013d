/** Hooks: their options, what their answers mean, and what wrong answers lead to. */
import { describe, expect, test } from 'vitest';
import { httpExport, oneImport, useEngine } from './rig.ts';

const rig = useEngine();
const http = { relativeURI: '/things', method: 'POST' };
const bodies = (): unknown[] => rig.received.map(({ body }) => JSON.parse(body));
/** A connector with one hook, which also returns its options to the application in the log. */
const hooks = (source: string): string => `exports.hooks = { ${source} };`;
const named = (name: string, configuration?: unknown) => ({ [name]: { function: name, configuration } });

describe('preSavePage', () => {
  const argument = (more: object = {}) => ({
    ...httpExport({ relativeURI: '/' }, { hooks: named('preSavePage', { a: 1 }), ...more }),
    flow: { _id: 'f1', settings: { speed: 2 } },
  });
  const data = [{ id: 1 }, { id: 2 }];

  test('gets the page, and answers with another', async () => {
    rig.application = () => ({ body: data });
    const connector = hooks('preSavePage(options, callback) { callback(null, { data: [options] }) }');
    const page = await rig.call<{ data: unknown[] }>('generate', argument(), { connector });
    expect(page.data).toEqual([
      {
        bearerToken: 'token',
        _integrationId: 'i1',
        _exportId: 'e1',
        _connectionId: 'c1',
        _flowId: 'f1',
        job: { _id: 'job1' },
        settings: { flow: { speed: 2 }, connection: { region: 'eu' } },
        testMode: false,
        configuration: { a: 1 },
        data,
        errors: [],
        retryData: {},
        pageIndex: 0,
      },
    ]);
  });

  test('gets dates of a delta export as dates, and changes nothing but its answer', async () => {
    rig.application = () => ({ body: data });
    const connector = hooks(`preSavePage({ data, lastExportDateTime, currentExportDateTime }) {
      const isDate = lastExportDateTime instanceof Date && currentExportDateTime instanceof Date;
      return { data: [{ isDate, time: lastExportDateTime.getTime() }] };
    }`);
    const options = { ...argument({ type: 'delta' }), lastExportDateTime: '2026-01-01T00:00:00.000Z' };
    const page = await rig.call('generate', options, { connector });
    expect(page).toMatchObject({ data: [{ isDate: true, time: Date.UTC(2026, 0, 1) }] });
  });

  test('abort ends the export after this page', async () => {
    rig.application = () => ({ body: data });
    const connector = hooks('preSavePage: ({ data }) => ({ data, abort: true })');
    const page = await rig.call('generate', argument(), { connector, limits: { pageRecords: 1 } });
    expect(page).toMatchObject({ data: [{ id: 1 }], isLast: true });
  });

  test('errors and newErrorsAndRetryData are errors, the latter with a record to retry', async () => {
    rig.application = () => ({ body: data });
    const connector = hooks(`preSavePage: ({ data }) => ({
      data: [],
      errors: [{ code: 'odd', message: 'is odd', source: 'my check' }],
      newErrorsAndRetryData: [{ retryData: data[1], errors: [{ code: 'even', message: 'is even' }] }],
    })`);
    const { errors } = await rig.call('generate', argument(), { connector });
    expect(errors).toEqual([
      { code: 'odd', message: 'is odd', source: 'my check' },
      { code: 'even', message: 'is even', source: 'pre_save_page_hook', retryData: { id: 2 } },
    ]);
  });

  test('gets the errors of scripts before it, with their records', async () => {
    rig.application = () => ({ body: [...data, { id: 3 }] });
    const script = (name: string) => ({ type: 'script', script: { function: name } });
    const connector = hooks(`
      keep: ({ record }) => record.id !== 1,
      change({ record }) { if (record.id === 3) throw Object.assign(new Error('no threes'), { code: 'three' }); return { no: record.id } },
      preSavePage: ({ data, errors, retryData }) => ({ data: [{ data, errors, retryData }], errors })`);
    const more = { filter: script('keep'), transform: script('change') };
    const page = await rig.call('generate', argument(more), { connector });
    const error = { code: 'three', message: 'no threes', source: 'transform' };
    expect(page).toMatchObject({
      data: [
        {
          data: [{ no: 2 }],
          errors: [{ ...error, retryDataKey: '0' }],
          retryData: { 0: { data: { id: 3 }, stage: 'transform' } },
        },
      ],
      errors: [{ ...error, retryData: { id: 3 } }],
    });
  });

  test.each([
    ['{}', /data as a list, but data is nothing/],
    ['7', /an object with data, but answered with a number/],
    ['{ data: [1] }', /data\[0\] is a number/],
    ['{ data: [{ when: { at: new Date() } }] }', /plain JSON, but answered with Date at data\[0\]\.when\.at/],
    ['{ data: [{ get a() { throw 1 } }] }', /throws when it is read/],
    ['{ data: [], errors: 7 }', /errors is a number/],
    ['{ data: [], newErrorsAndRetryData: {} }', /newErrorsAndRetryData/],
  ])('an answer of %s is named', async (answer, message) => {
    rig.application = () => ({ body: data });
    const outcome = await rig.outcome('generate', argument(), { connector: hooks(`preSavePage: () => (${answer})`) });
    expect(outcome).toMatchObject({
      code: 'hook_invalid_response',
      message: expect.stringMatching(/^preSavePage \(hooks\.preSavePage\) must answer with /),
    });
    expect(outcome).toMatchObject({ message: expect.stringMatching(message) });
  });

  test.each([
    ['throw new Error("no")', 'hook_failed', 'preSavePage (hooks.preSavePage) failed: no'],
    ['throw Object.assign(new Error("no"), { code: "mine" })', 'mine', 'no'],
    ['throw "text"', 'hook_failed', 'preSavePage (hooks.preSavePage) failed: text'],
    ['return Promise.reject(null)', 'hook_failed', 'preSavePage (hooks.preSavePage) failed: null'],
  ])('%s ends the page', async (body, code, message) => {
    rig.application = () => ({ body: data });
    const outcome = await rig.outcome('generate', argument(), { connector: hooks(`preSavePage() { ${body} }`) });
    expect(outcome).toMatchObject({ status: 'failed', code, message });
  });

  test('a function that is not there is named', async () => {
    rig.application = () => ({ body: data });
    const outcome = await rig.outcome('generate', argument());
    expect(outcome).toMatchObject({ code: 'hook_failed', message: expect.stringContaining('hooks.preSavePage') });
  });

  test('a page that it makes too large is refused', async () => {
    rig.application = () => ({ body: data });
    const connector = hooks(`preSavePage: () => ({ data: [{ a: 'x'.repeat(500) }] })`);
    const outcome = await rig.outcome('generate', argument(), { connector, limits: { pageBytes: 400 } });
    expect(outcome).toMatchObject({ code: 'page_too_large' });
  });
});

describe('preMap and postMap', () => {
  const record = {
    http,
    hooks: { ...named('preMap'), ...named('postMap') },
    mapping: { fields: [{ extract: 'n', generate: 'no' }] },
  };

  test.each(['preMap', 'postMap'])('%s lets records go on, go on with errors, fail, and be ignored', async (hook) => {
    const connector = hooks(`${hook}: ({ data, postMapData = data }) => postMapData.map((item, i) => [
      { data: { ...item, n: 'changed', no: 'changed' } },
      { data: item, errors: [{ code: 'odd', message: 'but sent' }] },
      { errors: [{ code: 'bad', message: 'not sent' }] },
      {},
    ][i])`);
    const its = { ...record, hooks: named(hook) };
    const page = await rig.call('process', oneImport(its, [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]), { connector });
    const source = hook === 'preMap' ? 'pre_map_hook' : 'post_map_hook';
    expect(page).toEqual({
      steps: [{ numSuccess: 2, numError: 1, numIgnore: 1 }],
      errors: [
        { code: 'odd', message: 'but sent', source, step: 0 },
        { code: 'bad', message: 'not sent', source, step: 0, retryData: { n: 3 } },
      ],
      errorsDropped: 0,
    });
    expect(bodies()[0]).toMatchObject({ no: 'changed' });
    expect(bodies()[1]).toMatchObject({ no: 2 });
  });

  test('postMap gets records before and after mapping; what a hook does to them does not reach the record', async () => {
    const connector = hooks(`
      preMap: ({ data }) => data.map((item) => { item.n += 1; return { data: item } }),
      postMap: ({ preMapData, postMapData }) => postMapData.map((data, i) => ({ data: { before: preMapData[i], after: data } }))`);
    rig.application = () => ({ status: 400 });
    const page = await rig.call('process', oneImport(record, [{ n: 1 }]), { connector });
    expect(bodies()).toEqual([{ before: { n: 2 }, after: { no: 2 } }]);
    expect(page).toMatchObject({ errors: [{ retryData: { n: 1 } }] });
  });

  test.each([
    ['[]', /a list of 1 entries, but answered with 0/],
    ['{}', /a list, but answered with an object/],
    ['[7]', /objects, but entry 0 is a number/],
    ['[{ data: 7 }]', /entry 0 has a number/],
    ['[{ errors: [7] }]', /error 0 is a number/],
    ['undefined', /answered with nothing/],
  ])('an answer of %s is named', async (answer, message) => {
    const connector = hooks(`preMap: () => (${answer}), postMap: () => []`);
    const outcome = await rig.outcome('process', oneImport(record, [{ n: 1 }]), { connector });
    expect(outcome).toMatchObject({ code: 'hook_invalid_response', message: expect.stringMatching(message) });
  });
});

describe('postSubmit', () => {
  const record = { http, hooks: named('postSubmit') };

  test('gets responses, and decides what became of the records', async () => {
    rig.application = ({ body }) => (body.includes('bad') ? { status: 400, body: 'why' } : { body: { id: 9 } });
    const connector =
      hooks(`postSubmit: ({ preMapData, postMapData, responseData }) => responseData.map((response, i) =>
      postMapData[i].n === 'bad' ? { statusCode: 200, id: JSON.stringify(response) }
      : postMapData[i].n === 'none' ? { statusCode: 200, ignored: true }
      : { statusCode: 422, errors: [{ code: 'mine', message: JSON.stringify(response) }] })`);
    const responseMapping = { fields: [{ extract: 'id', generate: 'response' }] };
    const argument = oneImport(record, [{ n: 'bad' }, { n: 'good' }, { n: 'none' }], { responseMapping });
    const processors = [...argument.processors, ...oneImport({ http }, []).processors];
    const page = await rig.call<{ errors: { message: string }[] }>(
      'process',
      { ...argument, processors },
      { connector },
    );
    expect(page).toMatchObject({
      steps: [{ numSuccess: 1, numError: 1, numIgnore: 1 }, {}],
      errors: [{ code: 'mine' }, {}],
    });
    expect(JSON.parse(page.errors[0]?.message ?? '')).toEqual({ statusCode: 200, id: 9, _json: { id: 9 } });
    expect(JSON.parse((bodies()[3] as { response: string }).response)).toMatchObject({
      statusCode: 422,
      errors: [{ code: 'request_failed', source: 'http' }],
    });
  });

  test('a status that is none is named', async () => {
    const connector = hooks('postSubmit: () => [{ statusCode: {} }]');
    expect(await rig.outcome('process', oneImport(record, [{}]), { connector })).toMatchObject({
      code: 'hook_invalid_response',
      message: expect.stringContaining('entry 0 has an object'),
    });
  });

  test('a status of 403 takes the connection offline', async () => {
    const connector = hooks(`postSubmit: () => [{ statusCode: 403, errors: [{ code: 'a', message: 'signed out' }] }]`);
    expect(await rig.call('process', oneImport(record, [{}]), { connector })).toEqual({
      offline: { _connectionId: 'c1', message: 'signed out' },
    });
  });
});

describe('postResponseMap', () => {
  const processor = {
    hooks: named('postResponseMap'),
    responseMapping: { fields: [{ extract: 'id', generate: 'id' }] },
  };

  test('gets records and responses after responseMapping, and answers with the records', async () => {
    rig.application = () => ({ body: { id: 9 } });
    const connector = hooks(
      'postResponseMap: ({ postResponseMapData, responseData, oneToMany }) => postResponseMapData.map((r, i) => ({ ...r, response: responseData[i], oneToMany }))',
    );
    const argument = oneImport({ http }, [{ n: 1 }], processor);
    const processors = [...argument.processors, ...oneImport({ http }, []).processors];
    await rig.call('process', { ...argument, processors }, { connector });
    const response = { statusCode: 200, id: 9, _json: { id: 9 } };
    expect(bodies()[1]).toEqual({ n: 1, id: 9, response, oneToMany: false });
  });

  test.each([
    ['[]', /a list of 1 records, but answered with 0/],
    ['[7]', /entry 0 is a number/],
  ])('an answer of %s is named', async (answer, message) => {
    const connector = hooks(`postResponseMap: () => ${answer}`);
    const outcome = await rig.outcome('process', oneImport({ http }, [{ n: 1 }], processor), { connector });
    expect(outcome).toMatchObject({ code: 'hook_invalid_response', message: expect.stringMatching(message) });
  });
});

test('a hook in a flat module of no section is not reached: hooks are in hooks', async () => {
  const outcome = await rig.outcome('process', oneImport({ http, hooks: named('preMap') }, [{}]), {
    connector: 'exports.preMap = () => [{}]; exports.hooks = {}',
  });
  expect(outcome).toMatchObject({ code: 'hook_failed' });
});

test('a function that takes a callback and returns its answer has answered', async () => {
  const connector = hooks('preMap(options, callback) { return options.data.map((data) => ({ data })) }');
  await rig.call('process', oneImport({ http, hooks: named('preMap') }, [{ n: 1 }]), { connector });
  expect(bodies()).toEqual([{ n: 1 }]);
});

test('a hook that never answers is a fault of the run, as in any call', async () => {
  const connector = hooks('preMap(options, callback) {}');
  const outcome = await rig.outcome('process', oneImport({ http, hooks: named('preMap') }, [{ n: 1 }]), { connector });
  expect(outcome).toMatchObject({ status: 'faulted', fault: 'never_answered' });
});
