/** The API's description: it is valid, it is complete, and it is what docs/api.md says. */
import { readFile } from 'node:fs/promises';
import { Validator } from '@seriousme/openapi-schema-validator';
import type { Static } from 'typebox';
import { expect, expectTypeOf, test } from 'vitest';
import { scopes } from '../../src/api/operation.ts';
import { routes } from '../../src/api/routes.ts';
import type { Connector, Run, Tile } from '../../src/api/schemas.ts';
import type { ConnectorRow } from '../../src/connector/registry-entry.ts';
import type { RunRecord } from '../../src/run/run.ts';
import { createClient } from '../support/client.ts';
import { assertDescribed, description } from '../support/described.ts';
import { serve } from '../support/runtime.ts';

const documented = Object.entries(description.paths as Record<string, Record<string, object>>).flatMap(
  ([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
);
/** Parameter names do not matter. */
const anonymous = (route: string): string => route.replace(/\{\w+\}|:\w+/g, '{}');

test('is valid OpenAPI 3.1 for a public validator', async () => {
  const validator = new Validator();
  const result = await validator.validate(structuredClone(description) as Record<string, unknown>);
  expect(result.errors).toBeUndefined();
  expect([result.valid, validator.version]).toEqual([true, '3.1']);
  // And not of whatever it is given.
  const { paths: _paths, ...broken } = structuredClone(description) as Record<string, unknown>;
  expect((await new Validator().validate({ ...broken, components: 1 })).valid).toBe(false);
});

test('every reference resolves, and every operation has its own id', () => {
  const text = JSON.stringify(description);
  const references = new Set([...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path));
  expect(references.size).toBeGreaterThan(20);
  for (const path of references) {
    const found = path.split('/').reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], description);
    expect(found, path).toBeDefined();
  }
  const ids = [...text.matchAll(/"operationId":"([^"]+)"/g)].map(([, id]) => id);
  expect(ids).toHaveLength(routes.length);
  expect(new Set(ids).size).toBe(ids.length);
});

test('the server has the described routes, and no other methods on them', async () => {
  const { client } = await serve();
  const paths = Map.groupBy(documented, (route) => route.split(' ')[1] as string);
  expect([documented.length, paths.size]).toEqual([routes.length, 66]);
  for (const [path, its] of paths) {
    // The router takes these last segments for an id, too.
    const likeId = /\/(?:ping|resolve)$/.exec(path)?.[0];
    const others = [...paths].filter(
      ([each]) => likeId && each.replace(/\/\{\w+\}$/, likeId) === path && each !== path,
    );
    const methods = [...its, ...others.flatMap(([, routes]) => routes)].map((route) => route.split(' ')[0]);
    const { status, headers } = await client('OPTIONS', path.replace(/\{\w+\}/g, 'a'.repeat(24)));
    const allowed = headers.get('allow')?.split(', ').sort();
    expect([status, allowed], path).toEqual([405, [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].sort()]);
  }
});

test('every operation says which scopes of access tokens may call it, unless it needs none', () => {
  for (const { method, path, scope } of routes) {
    const paths = description.paths as Record<string, Record<string, Record<string, unknown>>>;
    const operation = paths[path]?.[method];
    const expected = scope === 'none' ? [[], undefined] : [undefined, scopes[scope]];
    expect([operation?.security, operation?.['x-token-scopes']], `${method} ${path}`).toEqual(expected);
  }
});

test('docs/api.md has the same routes in its table', async () => {
  const text = await readFile(new URL('../../docs/api.md', import.meta.url), 'utf8');
  const table = text.slice(text.indexOf('## Routes'), text.indexOf('## Tokens'));
  const rows = table.split('\n').filter((line) => line.startsWith('| `'));
  const listed = rows.flatMap((row) => {
    const [methods = '', path = ''] = (/^\| `([^`]+)`/.exec(row)?.[1] ?? '').split(' /');
    const [, before, names, after] = /^(.*?)\{(\w+(?:,\w+)+)\}(.*)$/.exec(path) ?? [];
    const paths = names === undefined ? [path] : names.split(',').map((name) => before + name + after);
    return methods.split(' ').flatMap((method) => paths.map((each) => `${method} /${each}`));
  });
  expect(listed.map(anonymous).sort()).toEqual(documented.map(anonymous).sort());
});

test('is served without a token, with the public URL', async () => {
  const { runtime } = await serve({}, { publicUrl: 'https://bulkhead.example/base/' });
  const { port } = (await runtime.listen()).address() as { port: number };
  const anyone = createClient(`http://127.0.0.1:${port}`, undefined);
  const { status, body } = await anyone('GET', '/openapi.json');
  expect(status).toBe(200);
  expect(body.servers).toEqual([{ url: 'https://bulkhead.example/base/v1' }]);
  expect(body.paths).toEqual(description.paths);
  expect(body.info.version).toMatch(/^\d+\.\d+\.\d+/);
});

test('the page shows every operation, without scripts and outside resources', async () => {
  const { client, runtime } = await serve();
  const { text, headers, status } = await createClient(runtime.url, undefined)('GET', '/docs');
  expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  for (const { method, path } of routes) {
    expect(text).toContain(`<b>${method.toUpperCase()}</b> <code>${path}</code>`);
  }
  expect(text).not.toMatch(/<script|<link|<img|src=|@import|\son\w+=|javascript:/i);
  expect(text.match(/href="[^"#]*/g)?.filter((href) => href !== 'href="' && href !== 'href="openapi.json')).toEqual([]);
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/]+=*';/);
  expect((await client('GET', '/v1/docs')).text).toBe(text);
  expect((await client('POST', '/docs')).headers.get('allow')).toBe('GET, HEAD');
});

test('the types of the code and the schemas of the description agree', () => {
  // Input and answer are stored as text; the tests of payloads read them.
  expectTypeOf<Omit<RunRecord, 'input' | 'answer'>>().toExtend<DeepReadonly<Static<typeof Run>>>();
  expectTypeOf<ConnectorRow>().toExtend<DeepReadonly<Static<typeof Connector>>>();
  expectTypeOf<Static<typeof Tile>>().toHaveProperty('offlineConnections');
});

type DeepReadonly<T> = T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;

test('the check of replies against the description finds deviations', () => {
  const reply = (status: number, body: unknown, more: Record<string, string> = {}) => ({
    status,
    body,
    text: JSON.stringify(body),
    headers: new Headers({ 'content-type': 'application/json', 'x-request-id': 'x', ...more }),
  });
  const now = '2026-01-01T00:00:00.000Z';
  const one = { _id: 'a'.repeat(24), createdAt: now, lastModified: now, name: 'n' };
  assertDescribed('GET', '/v1/integrations?limit=1', reply(200, [one]));
  assertDescribed('GET', '/integrations?include=name', reply(200, [{ _id: one._id, name: 'n' }]));
  const wrong: [string, string, ReturnType<typeof reply>][] = [
    ['GET', '/integrations', reply(200, [{ ...one, name: 1 }])],
    ['GET', '/integrations', reply(200, [{ _id: one._id }])],
    ['GET', '/integrations', reply(201, [one])],
    ['GET', '/integrations', reply(404, { errors: [{ code: 'c' }] })],
    ['GET', '/integrations', reply(200, [one], { 'content-type': 'text/html' })],
    ['GET', '/integrations', reply(200, [one], { location: 'x' })],
    ['GET', '/nowhere', reply(200, {})],
    ['DELETE', `/integrations/${one._id}`, reply(204, 'x')],
  ];
  for (const [method, path, given] of wrong) expect(() => assertDescribed(method, path, given), path).toThrow();
});
