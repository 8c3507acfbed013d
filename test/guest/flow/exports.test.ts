/** The flow engine reads pages of exports. */
import { describe, expect, test } from 'vitest';
import { httpExport, readAll, useEngine } from './rig.ts';

const rig = useEngine();
const items = (...ids: number[]) => ids.map((id) => ({ id }));

describe('a request', () => {
  test('is made of templates, and goes to the connection', async () => {
    rig.application = () => ({ body: { result: { items: items(1, 2) } } });
    const page = await rig.call('generate', {
      ...httpExport(
        {
          relativeURI: '/items?region={{settings.connection.region}}&name={{export.name}}',
          method: 'POST',
          headers: [{ name: 'X-Kind', value: 'of {{export.name}}' }],
          body: '{"name":"{{export.name}}"}',
          response: { resourcePath: 'result.items' },
        },
        { name: 'A "b" & c' },
      ),
    });
    expect(page).toEqual({ data: items(1, 2), isLast: true, errors: [], errorsDropped: 0 });
    expect(rig.received).toMatchObject([
      {
        method: 'POST',
        url: '/api/items?region=eu&name=A%20%22b%22%20%26%20c',
        body: '{"name":"A \\"b\\" & c"}',
        headers: { 'x-kind': 'of A "b" & c', 'content-type': 'application/json' },
      },
    ]);
  });

  test.each([
    [undefined, undefined, '1970-01-01T00:00:00.000Z'],
    ['2026-03-26T12:34:56.000Z', undefined, '2026-03-26T12:34:56.000Z'],
    ['2026-03-26T12:34:56.000Z', { lagOffset: 1_000, dateFormat: 'YYYY-MM-DD HH:mm:ss' }, '2026-03-26 12:34:55'],
    ['2026-03-26T12:34:56.000Z', { dateFormat: 'X' }, '1774528496'],
  ])('of a delta export asks since %s, with %j: %s', async (lastExportDateTime, delta, since) => {
    rig.application = () => ({ body: [] });
    const argument = httpExport({ relativeURI: '/items?since={{lastExportDateTime}}' }, { type: 'delta', delta });
    await rig.call('generate', { ...argument, lastExportDateTime });
    expect(new URL(rig.received[0]?.url ?? '', 'http://a.test').searchParams.get('since')).toBe(since);
  });

  test('with a value of the connection lets the runtime fill in that, and nothing from data', async () => {
    rig.application = () => ({ body: [] });
    const name = '{{connection.http.encrypted.key}}';
    const relativeURI = '/items?key={{connection.http.encrypted.key}}&name={{{export.name}}}';
    const body = '{"key":"{{connection.http.encrypted.key}}","name":"{{{export.name}}}"}';
    await rig.call('generate', httpExport({ relativeURI, method: 'POST', body }, { name }));
    const [request] = rig.received;
    expect(new URL(request?.url ?? '', 'http://a.test').searchParams.get('name')).toBe(name);
    expect(request?.url).toContain('key=KEY&');
    expect(JSON.parse(request?.body ?? '')).toEqual({ key: 'KEY', name });
  });

  test('without one is not filled in by the runtime', async () => {
    rig.application = () => ({ body: [] });
    const name = '{{connection.http.encrypted.key}}';
    await rig.call('generate', httpExport({ relativeURI: '/', method: 'POST', body: '{{{export.name}}}' }, { name }));
    expect(rig.received[0]?.body).toBe(name);
  });
});

describe('an answer', () => {
  test.each([
    ['JSON', { body: { id: 1 } }, undefined, [{ id: 1 }]],
    ['an empty body', { body: '' }, undefined, []],
    [
      'CSV',
      { body: 'id,name\n1,"a, b"\n', headers: { 'content-type': 'text/csv' } },
      undefined,
      [{ id: '1', name: 'a, b' }],
    ],
    ['CSV by its setting', { body: 'id\n1\n\n2' }, 'csv', [{ id: '1' }, { id: '2' }]],
    ['plain text', { body: 'hello' }, 'plaintext', ['hello']],
  ])('in %s is read', async (_, answer, successMediaType, data) => {
    rig.application = () => answer;
    expect(await rig.call('generate', httpExport({ relativeURI: '/', successMediaType }))).toMatchObject({ data });
  });

  test.each([
    [{ body: 'no' }, {}, 'response_invalid', /not JSON: no/],
    [{ status: 400, body: { error: 'why' } }, { errorPath: 'error' }, 'request_failed', /status 400: why/],
    [{ body: { ok: false, why: 'because' } }, { successPath: 'ok', errorPath: 'why' }, 'request_failed', /because/],
    [{ body: { ok: 'no' } }, { successPath: 'ok', successValues: ['yes'] }, 'request_failed', /status 200/],
    [{ body: { bad: 'x' } }, { failPath: 'bad' }, 'request_failed', /status 200/],
  ])('%j with %j ends the page', async (answer, response, code, message) => {
    rig.application = () => answer;
    const outcome = await rig.outcome('generate', httpExport({ relativeURI: '/', response }));
    expect(outcome).toMatchObject({ status: 'failed', code, message: expect.stringMatching(message) });
  });

  test('that is longer than a page is cut into pages, and read once while the isolate is warm', async () => {
    rig.application = () => ({ body: items(1, 2, 3, 4, 5) });
    const options = { limits: { pageRecords: 2 }, integrationId: 'warm' };
    expect(await readAll(rig, httpExport({ relativeURI: '/' }), options)).toEqual([items(1, 2), items(3, 4), items(5)]);
    expect(rig.received).toHaveLength(1);
    rig.received.length = 0;
    expect(await readAll(rig, httpExport({ relativeURI: '/' }), { ...options, isCold: true })).toHaveLength(3);
    expect(rig.received).toHaveLength(3);
  });

  test('is cut by bytes, too, and a record that no page can hold is an error of that record', async () => {
    rig.application = () => ({ body: [{ a: 'x'.repeat(60) }, { b: '€'.repeat(60) }, { c: 'x'.repeat(30) }, { d: 1 }] });
    const options = { limits: { pageBytes: 100 }, integrationId: 'bytes' };
    const first = await rig.call<{ state: unknown }>('generate', httpExport({ relativeURI: '/' }), options);
    expect(first).toMatchObject({ data: [{ a: expect.anything() }], isLast: false });
    expect(first).toMatchObject({ errors: [{ code: 'page_too_large', source: 'http' }] });
    const second = await rig.call('generate', { ...httpExport({ relativeURI: '/' }), state: first.state }, options);
    expect(second).toMatchObject({ data: [{ c: expect.anything() }, { d: 1 }], isLast: true, errors: [] });
  });

  test('of a test export has as many records as its limit', async () => {
    rig.application = ({ url }) => ({ body: url.includes('page=1') ? items(1, 2) : items(3, 4) });
    const http = { relativeURI: '/?page={{export.http.paging.page}}', paging: { method: 'page' } };
    expect(await readAll(rig, httpExport(http, { type: 'test', test: { limit: 3 } }))).toEqual([items(1, 2), items(3)]);
  });
});

describe('paging by', () => {
  const pagesOf = async (http: object) => readAll(rig, httpExport({ relativeURI: '/items', ...http }));
  const urls = () => rig.received.map(({ url }) => url.replace('/api/items', ''));

  test('page ends with an empty page', async () => {
    rig.application = (_, number) => ({ body: number < 3 ? items(number) : [] });
    const relativeURI = '/items?p={{export.http.paging.page}}';
    expect(await pagesOf({ relativeURI, paging: { method: 'page', page: 0 } })).toEqual([items(1), items(2), []]);
    expect(urls()).toEqual(['?p=0', '?p=1', '?p=2']);
  });

  test.each([
    ['a status', { lastPageStatusCode: 410 }, (n: number) => (n < 3 ? { body: { of: items(n) } } : { status: 410 }), 3],
    ['404', {}, (n: number) => (n < 3 ? { body: { of: items(n) } } : { status: 404 }), 3],
    [
      'a value',
      { lastPagePath: 'more', lastPageValues: ['no'] },
      (n: number) => ({ body: { of: items(n), more: n < 2 ? 'yes' : 'no' } }),
      2,
    ],
    ['the number of pages', { maxPagePath: 'pages' }, (n: number) => ({ body: { of: items(n), pages: 2 } }), 2],
    ['the number of records', { maxCountPath: 'count' }, (n: number) => ({ body: { of: items(n, n), count: 3 } }), 2],
  ])('page ends with %s', async (_, paging, answer, requests) => {
    rig.application = (_request, number) => answer(number);
    const relativeURI = '/items?p={{export.http.paging.page}}';
    await pagesOf({ relativeURI, response: { resourcePath: 'of' }, paging: { method: 'page', ...paging } });
    expect(rig.received).toHaveLength(requests);
  });

  test('skip counts records, with an address of its own from the second page on', async () => {
    rig.application = (_, number) => ({ body: number < 3 ? items(number, number) : [] });
    await pagesOf({ paging: { method: 'skip', relativeURI: '/items?skip={{export.http.paging.skip}}' } });
    expect(urls()).toEqual(['', '?skip=2', '?skip=4']);
  });

  test.each([
    ['body', 'meta.next', { next: 'a+b' }, {}],
    ['header', 'X-Next', {}, { 'x-next': 'a+b' }],
  ])('token reads it in the %s, and ends without one', async (pathLocation, path, meta, headers) => {
    rig.application = (_, n) =>
      n === 1 ? { body: { of: items(n), meta }, headers } : { body: { of: items(n), meta: {} } };
    await pagesOf({
      relativeURI: '/items?t={{export.http.paging.token}}',
      response: { resourcePath: 'of' },
      paging: { method: 'token', token: 'first', path, pathLocation },
    });
    expect(urls()).toEqual(['?t=first', '?t=a%2Bb']);
  });

  test.each([
    ['url', { path: 'next' }, (next: string) => ({ body: { of: items(1), next } })],
    [
      'linkheader',
      {},
      (next: string) => ({ body: { of: items(1) }, headers: { link: `<${next}>; rel="next", </x>; rel="last"` } }),
    ],
    [
      'linkheader',
      { linkHeaderRelation: 'more' },
      (next: string) => ({ body: { of: items(1) }, headers: { link: `<${next}>; rel=more` } }),
    ],
  ])('%s %j follows the address in the answer, relative or not', async (method, paging, answer) => {
    const addresses = [`${rig.baseURI}/items?p=2`, '/api/items?p=3', '?p=4', '/other?p=5'];
    rig.application = (_, number) => (number <= 4 ? answer(addresses[number - 1] as string) : { body: { of: [] } });
    await pagesOf({ response: { resourcePath: 'of' }, paging: { method, ...paging } });
    expect(rig.received.map(({ url }) => url)).toEqual([
      '/api/items',
      '/api/items?p=2',
      '/api/items?p=3',
      '/api/items?p=4',
      '/other?p=5',
    ]);
  });

  test('url does not leave the origin of the connection', async () => {
    rig.application = () => ({ body: { of: items(1), next: 'http://127.0.0.1:1/items' } });
    const http = { relativeURI: '/', response: { resourcePath: 'of' }, paging: { method: 'url', path: 'next' } };
    expect(await rig.outcome('generate', httpExport(http))).toMatchObject({
      code: 'request_failed',
      message: /origin|away/,
    });
  });

  test('relativeuri and body are rendered from the answer', async () => {
    rig.application = (_, n) => ({ body: { of: items(n), next: n === 1 ? 'b"c' : '' } });
    const response = { resourcePath: 'of' };
    const relativeURI =
      '{{#if previous_page.full_response.next}}/items?n={{previous_page.full_response.next}}&l={{previous_page.last_record.id}}{{/if}}';
    await pagesOf({ response, paging: { method: 'relativeuri', relativeURI } });
    expect(urls()).toEqual(['', '?n=b%22c&l=1']);
    rig.received.length = 0;
    const body = '{{#if previous_page.full_response.next}}{"after":"{{previous_page.full_response.next}}"}{{/if}}';
    await pagesOf({ method: 'POST', body: '{"first":true}', response, paging: { method: 'body', body } });
    expect(rig.received.map((request) => JSON.parse(request.body))).toEqual([{ first: true }, { after: 'b"c' }]);
  });

  const evil = '{{connection.http.encrypted.key}}';
  test.each([
    ['url', { path: 'next' }, evil],
    ['relativeuri', { relativeURI: '/x?a={{{previous_page.full_response.name}}}' }, evil],
    ['relativeuri', { relativeURI: `/x?a={{{previous_page.full_response.name}}}&key=${evil}` }, ''],
  ])('%s %j does not let an answer name values of the connection', async (method, paging, key) => {
    const next = `/x?a=${evil}`;
    rig.application = (_, n) => ({ body: { of: n === 1 ? items(1) : [], name: evil, next } });
    const body = `{"name":"{{{export.name}}}","key":"${key}"}`;
    const http = {
      relativeURI: '/',
      method: 'POST',
      body,
      response: { resourcePath: 'of' },
      paging: { method, ...paging },
    };
    await readAll(rig, httpExport(http, { name: evil }));
    const request = rig.received[1];
    const { searchParams } = new URL(request?.url ?? '', 'http://a.test');
    expect(searchParams.get('a')).toBe(evil);
    expect(searchParams.get('key')).toBe(key === '' ? 'KEY' : null);
    expect(JSON.parse(request?.body ?? '')).toEqual({ name: evil, key: key === '' ? '' : 'KEY' });
  });

  test('an unknown method is refused', async () => {
    const outcome = await rig.outcome('generate', httpExport({ relativeURI: '/', paging: { method: 'guess' } }));
    expect(outcome).toMatchObject({ code: 'unsupported' });
  });
});

test('a webhook export has what was received', async () => {
  const argument = { ...httpExport({}, { type: 'webhook', adaptorType: 'WebhookExport' }), received: items(1, 2) };
  expect(await rig.call('generate', argument)).toMatchObject({ data: items(1, 2), isLast: true });
});

test('an export of another kind is refused', async () => {
  const argument = httpExport({}, { adaptorType: 'NetSuiteExport' });
  expect(await rig.outcome('generate', argument)).toMatchObject({ code: 'unsupported' });
});
