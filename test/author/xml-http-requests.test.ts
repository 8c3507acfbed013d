/** `XMLHttpRequest` comes into a bundle for packages that cannot do without, and for those alone. */
import { expect, onTestFinished, test } from 'vitest';
import { createCompartment } from '../../src/author/compartment.ts';
import { built, installed, projectOf } from '../support/project.ts';

/** Tells how a request went. */
const OLD_CLIENT = `'use strict';
module.exports = ({ method = 'GET', url, body, headers = {}, type = '', timeout = 0, abort = false }) => new Promise((resolve) => {
  const request = new XMLHttpRequest();
  const events = [];
  request.onreadystatechange = () => events.push(request.readyState);
  for (const name of ['loadstart', 'progress', 'load', 'error', 'abort', 'timeout']) request.addEventListener(name, () => events.push(name));
  request.onloadend = ({ loaded }) => resolve([request.status, request.statusText, request.response, request.getResponseHeader('X-A'), request.getAllResponseHeaders(), loaded, events]);
  request.open(method, url);
  request.responseType = type;
  request.timeout = timeout;
  for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
  request.send(body);
  if (abort) request.abort();
});`;

const index = (body: string): string =>
  `import send from 'old-client'; export const settings = { run: async () => { ${body} } };`;

const origin = { permissions: { fetch: ['https://a.test'] } };

async function outcomeOf(body: string): Promise<{ readonly result: unknown; readonly requests: readonly object[] }> {
  const folder = await projectOf({ 'src/index.js': index(body), ...installed('old-client', OLD_CLIENT) }, origin);
  const { findings } = await built(folder);
  expect(findings).toEqual([]);
  const compartment = await createCompartment(folder, {
    fetch: {
      'GET https://a.test/json': () => new Response('{"c":"ä"}', { headers: { 'x-a': 'b' } }),
      'POST https://a.test/made': () => new Response('ok', { status: 201 }),
    },
  });
  onTestFinished(() => compartment.close());
  const result = await compartment.call('settings', 'run');
  return { result, requests: compartment.requests.map(({ method, url, body }) => ({ method, url, body })) };
}

test('a package that knows nothing else sends its requests with it, where they are permitted', async () => {
  const { result, requests } = await outcomeOf(`return [
    await send({ url: 'https://a.test/json' }), (await send({ url: 'https://a.test/json', type: 'json' }))[2],
    (await send({ url: 'https://a.test/json', type: 'arraybuffer' }))[2].byteLength, (await send({ url: 'https://a.test/json', type: 'blob' }))[2].size,
    (await send({ method: 'post', url: 'https://a.test/made', body: 'text', headers: { 'X-B': 'c' } })).slice(0, 3),
    await send({ url: 'https://other.test/' }), await send({ url: 'https://a.test/json', abort: true }),
  ];`);
  const ended = (how: string): unknown[] => [0, '', '', null, '', 0, [1, 'loadstart', 4, how]];
  expect(result).toEqual([
    [
      200,
      expect.any(String),
      '{"c":"ä"}',
      'b',
      expect.stringContaining('x-a: b\r\n'),
      10,
      [1, 'loadstart', 2, 3, 'progress', 4, 'load'],
    ],
    { c: 'ä' },
    10,
    10,
    [201, expect.any(String), 'ok'],
    ended('error'),
    ended('abort'),
  ]);
  expect(requests).toContainEqual({ method: 'POST', url: 'https://a.test/made', body: 'text' });
});

test('code that asks first, and an author’s own, gets none: it has fetch', async () => {
  const asks = `module.exports = () => typeof XMLHttpRequest !== 'undefined' ? new XMLHttpRequest() : 'fetch';`;
  const folder = await projectOf({
    'src/index.js': `import asks from 'asks'; import old from 'old-client'; export const settings = { run: () => [asks(), typeof XMLHttpRequest, typeof old] };`,
    ...installed('asks', asks),
    ...installed('old-client', OLD_CLIENT),
  });
  const compartment = await createCompartment(folder);
  onTestFinished(() => compartment.close());
  expect(await compartment.call('settings', 'run')).toEqual(['fetch', 'undefined', 'function']);
});

test('a package that only asks leaves the bundle as it is without', async () => {
  const folder = await projectOf({
    'src/index.js': `import asks from 'asks'; export const settings = { run: asks };`,
    ...installed('asks', `module.exports = () => typeof XMLHttpRequest !== 'undefined' && new XMLHttpRequest();`),
  });
  const { bundle } = await built(folder);
  expect(bundle?.files.get('dist/index.js')).toBeDefined();
  expect(String(bundle?.files.get('dist/index.js'))).not.toContain('readystatechange');
});
