/** Exports whose application means harm: each ends its job soon, with a reason, and reaches nothing else. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { serveForAll } from '../support/runtime.ts';
import { type Application, startApplication } from './application.ts';
import { makeFlow, runToEnd } from './scene.ts';

let application: Application;
let elsewhere: Server;
let elsewhereUrl: string;
/** Requests that a credential was sent along with, to somebody else. */
let strayed: number;
beforeAll(async () => {
  application = await startApplication();
  elsewhere = createServer((_, response) => {
    strayed++;
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await once(elsewhere, 'listening');
  elsewhereUrl = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await application.close();
  elsewhere.close();
});
beforeEach(() => {
  strayed = 0;
  application.requests.splice(0);
});
const served = serveForAll({}, { allowPrivateNetwork: '127.0.0.1' });

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}
interface Attack {
  readonly http?: object;
  readonly answer: (page: number) => Answer;
  readonly code: string;
  /** Requests that the export makes at most. */
  readonly requests?: number;
}

const METADATA = 'http://169.254.169.254/latest/meta-data';
const items = (next: string): string => JSON.stringify({ items: [{ id: 1 }], next });
const byUrl = { paging: { method: 'url', path: 'next' } };
const byToken = { relativeURI: '/items?token={{export.http.paging.token}}', paging: { method: 'token', path: 'next' } };

const attacks: Record<string, Attack> = {
  'redirects in a circle': {
    answer: () => ({ status: 302, headers: { location: '/items' } }),
    code: 'request_failed',
    requests: 30,
  },
  'redirects to somebody else': {
    answer: () => ({ status: 302, headers: { location: elsewhereUrl } }),
    code: 'request_failed',
  },
  'redirects to the metadata of a cloud': {
    answer: () => ({ status: 307, headers: { location: METADATA } }),
    code: 'request_failed',
  },
  'a header Link that leads elsewhere': {
    http: { paging: { method: 'linkheader' } },
    answer: () => ({ body: items(''), headers: { link: `<${elsewhereUrl}/items>; rel="next"` } }),
    code: 'request_failed',
  },
  'a next address at the metadata of a cloud': {
    http: byUrl,
    answer: () => ({ body: items(METADATA) }),
    code: 'request_failed',
  },
  'a next address that hides its host': {
    http: byUrl,
    answer: () => ({ body: items('\\\\169.254.169.254\\latest') }),
    code: 'request_failed',
  },
  'a next address that is the same for ever': {
    http: byUrl,
    answer: () => ({ body: items('/items') }),
    code: 'export_loops',
  },
  'a token that is the same for ever': { http: byToken, answer: () => ({ body: items('t') }), code: 'export_loops' },
  'a token of a hundred thousand characters': {
    http: byToken,
    answer: () => ({ body: items('t'.repeat(100_000)) }),
    code: 'page_too_large',
  },
  'an answer that unpacks to twenty megabytes': {
    answer: () => ({
      body: gzipSync(Buffer.alloc(20_000_000, ' '), { level: 1 }),
      headers: { 'content-encoding': 'gzip' },
    }),
    code: 'request_failed',
    requests: 1,
  },
  'a hundred thousand nested lists': {
    answer: () => ({ body: `{"items":${'['.repeat(100_000)}${']'.repeat(100_000)}}` }),
    code: 'invalid_extension_response',
  },
  'lines of JSON': { answer: () => ({ body: '{"id":1}\n'.repeat(100_000) }), code: 'response_invalid' },
  'a table of many columns': {
    http: { successMediaType: 'csv', response: {} },
    answer: () => ({ body: `${Array.from({ length: 20_000 }, (_, i) => i).join()}\n${'1\n'.repeat(20_000)}` }),
    code: 'memory_limit_exceeded',
  },
};

async function exported({ http, answer }: Pick<Attack, 'http' | 'answer'>) {
  const { client } = served();
  let page = 0;
  application.intercept = ({ method }, response) => {
    if (method !== 'GET') return false;
    const { status = 200, headers, body } = answer(page++);
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
    return true;
  };
  const { body } = await client('POST', '/integrations', { name: 'own' });
  const { flowId } = await makeFlow(client, {
    origin: application.origin,
    integrationId: body._id,
    export: { http: { method: 'GET', relativeURI: '/items', response: { resourcePath: 'items' }, ...http } },
  });
  return runToEnd(client, flowId);
}

test.each(Object.entries(attacks))('%s', async (_, { code, requests = 10, ...attack }) => {
  const job = await exported(attack);
  expect([job.status, job.errors?.[0].code]).toEqual(['failed', code]);
  expect(job.errors[0].message.length).toBeGreaterThan(20);
  expect(strayed).toBe(0);
  expect(application.requests.filter((line) => line.startsWith('GET')).length).toBeLessThanOrEqual(requests);
});

test.each<[string, object]>([
  ['a next address', byUrl],
  ['a token', byToken],
])('permitted: %s', async (_, http) => {
  const job = await exported({ http, answer: (page) => ({ body: items(page < 2 ? `/items?page=${page}` : '') }) });
  expect(job).toMatchObject({ status: 'completed', numExport: 3 });
});

test.each<[string, object]>([
  ['a next address', byUrl],
  ['a token', byToken],
])('%s cannot name a credential', async (_, http) => {
  const named = '/items?a={{connection.http.auth.token.token}}&b={{{connection.http.auth.token.token}}}';
  const job = await exported({ http, answer: (page) => ({ body: items(page < 1 ? named : '') }) });
  expect(job).toMatchObject({ status: 'completed', numExport: 2 });
  expect(application.requests.join()).not.toContain('the-application-token');
  expect(decodeURIComponent(application.requests.join())).toContain('{{connection.http.auth.token.token}}');
});

test('what an answer inherits is not a record', async () => {
  const paths = ['__proto__', 'constructor.name', 'items.constructor', '__proto__.toString.name'];
  for (const resourcePath of paths) {
    const job = await exported({ http: { response: { resourcePath } }, answer: () => ({ body: '{"items":[]}' }) });
    expect(job).toMatchObject({ status: 'completed', numExport: 0 });
  }
  const own = '{"__proto__":{"items":[{"id":1}]}}';
  const job = await exported({
    http: { response: { resourcePath: '__proto__.items' } },
    answer: () => ({ body: own }),
  });
  expect(job).toMatchObject({ status: 'completed', numExport: 1 });
});
