/** `include` and `exclude`: which fields are shown, and how many may be listed. */
import { expect, test } from 'vitest';
import { RequestError } from '../../src/errors.ts';
import type { JsonObject } from '../../src/json.ts';
import { project, projection } from '../../src/projection.ts';
import { serveForAll } from '../support/runtime.ts';
import { ENOUGH_MS, timed } from '../support/timed.ts';

const record: JsonObject = { _id: '1', name: 'n', a: { b: { c: 1, d: 2 }, e: 3 }, list: [{ x: 1 }] };
const path = (levels: number, end = 'z'): string => [...Array(levels - 1).fill('a'), end].join('.');

test.each<[string, string, unknown]>([
  ['include', 'name', { _id: '1', name: 'n' }],
  ['include', ' a.b.c , _id.x ', { _id: '1', a: { b: { c: 1 } } }],
  ['include', 'a.b.c,a,a.e', { _id: '1', a: record.a }],
  ['include', 'list.x,', { _id: '1' }],
  ['exclude', 'a.b,name,_id', { _id: '1', a: { e: 3 }, list: [{ x: 1 }] }],
  ['exclude', '', record],
])('%s=%s', (kind, list, expected) => {
  const [include, exclude] = kind === 'include' ? [list, undefined] : [undefined, list];
  expect(project(record, projection(include, exclude))).toEqual(expected);
});

test.each([
  ['too many levels', path(51)],
  ['very many levels', path(4_000)],
  ['nothing but dots', '.'.repeat(8_000)],
  ['too many fields', Array(2_001).fill('a').join(',')],
  ['nothing but commas', ','.repeat(8_000)],
])('%s are refused', (_, list) => {
  for (const [include, exclude] of [
    [list, undefined],
    [undefined, list],
  ]) {
    const { result, ms } = timed(() => {
      try {
        return projection(include, exclude);
      } catch (error) {
        return error;
      }
    });
    expect(result).toBeInstanceOf(RequestError);
    expect((result as RequestError).code).toBe('invalid_query_params');
    expect(ms).toBeLessThan(ENOUGH_MS);
  }
});

test('the maximum of fields takes no time', () => {
  const list = Array.from({ length: 300 }, (_, i) => path(50, `z${i}`)).join(',');
  let deep: JsonObject = { z7: 1 };
  for (let level = 1; level < 50; level++) deep = { a: deep, b: 1 };
  const { result, ms } = timed(() => project({ _id: '1', ...deep }, projection(list, undefined)));
  expect(JSON.stringify(result)).toContain('{"z7":1}');
  expect(ms).toBeLessThan(ENOUGH_MS);
});

const served = serveForAll({});

test('queries and paths of eight thousand characters are answered at once, never with 500', async () => {
  const { client } = served();
  const long = 8_000;
  const asked: [target: string, status: number][] = [
    [`/integrations?include=${'a.'.repeat(3_900)}a`, 400],
    [`/integrations?exclude=${'.'.repeat(long)}`, 400],
    [`/integrations?include=a`, 200],
    [`/integrations?${'tag=a&'.repeat(1_300)}`, 400],
    [`/integrations?${'&'.repeat(long)}`, 200],
    [`/integrations?limit=${'1'.repeat(long)}`, 400],
    [`/integrations?cursor=${'W1tb'.repeat(2_000)}`, 400],
    [`/integrations?cursor=${Buffer.from(JSON.stringify(['a'.repeat(5_000), 'b'])).toString('base64url')}`, 200],
    [`/integrations?tag=${'%25'.repeat(2_600)}`, 200],
    [`/integrations?tag=${'%'.repeat(long)}`, 200],
    [`/integrations/${'%2525'.repeat(1_600)}`, 404],
    [`/integrations/${'%'.repeat(long)}`, 404],
    [`/${'a/'.repeat(4_000)}`, 404],
    [`/${'/'.repeat(long)}`, 404],
  ];
  for (const [target, status] of asked) {
    const from = performance.now();
    const reply = await client('GET', target);
    expect([target.slice(0, 40), reply.status]).toEqual([target.slice(0, 40), status]);
    expect(performance.now() - from, target.slice(0, 40)).toBeLessThan(1_000);
  }
});
