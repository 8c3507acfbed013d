/** Requests from a run are limited before they are parsed, and validated before they are used. */
import { expect, test } from 'vitest';
import { hasMoreStructure } from '../../sandbox/index.ts';
import { parseFetchRequest } from '../../src/broker/fetch-request.ts';
import { parseProgress } from '../../src/broker/progress.ts';
import { LARGE_BYTES } from '../../src/json.ts';
import { installed, serveForAll } from '../support/runtime.ts';
import { ENOUGH_MS, timed } from '../support/timed.ts';

const request = { url: '/a', method: 'PUT', headers: [['a', 'b']], body: 'x' };
const many = (count: number, each: unknown): unknown[] => Array(count).fill(each);
const header = (chars: number) => ['n', 'v'.repeat(chars)];

function denial(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return (error as { code: string }).code;
  }
}

test('the largest valid requests are accepted', () => {
  for (const wanted of [
    request,
    { ...request, headers: many(100, header(600)), body: '{"a":"b\\\\\\""}'.repeat(300_000) },
    { ...request, body: '"'.repeat(LARGE_BYTES / 3) },
    { ...request, headers: many(4, header(16_000)), body: null, redirect: 'manual' },
  ]) {
    const text = JSON.stringify(wanted);
    const { result, ms } = timed(() => parseFetchRequest(text));
    expect(result.headers).toEqual(wanted.headers);
    // What is larger is read in the pool, and holds nobody up.
    if (text.length <= LARGE_BYTES) expect(ms).toBeLessThan(ENOUGH_MS);
  }
  expect(parseProgress('{"fraction":1,"message":"m"}')).toEqual({ fraction: 1, message: 'm' });
  expect(parseProgress(JSON.stringify({ fraction: 0, message: '\u0001'.repeat(1_000) })).message).toHaveLength(1_000);
});

test.each<[string, unknown]>([
  ['a million headers', { ...request, headers: many(1_000_000, []) }],
  ['a million numbers', { ...request, headers: [many(1_000_000, 0)] }],
  ['a million texts', { ...request, headers: many(1_000_000, 'a') }],
  ['a million names', Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [i, 1]))],
  ['headers that are too many', { ...request, headers: many(101, ['a', 'b']) }],
  ['headers of 16 KB, one hundred times', { ...request, headers: many(100, header(16_000)) }],
  ['nothing of the kind', 1],
])('%s are refused before they are parsed', (_, wanted) => {
  const text = JSON.stringify(wanted);
  // To parse the largest of these takes half of it.
  const enoughMs = ENOUGH_MS / 5;
  const { result, ms } = timed(() => denial(() => parseFetchRequest(text)), enoughMs);
  expect(result).toBe('invalid_request');
  expect(ms).toBeLessThan(enoughMs);
});

test('a progress report is short', () => {
  for (const wanted of [
    { fraction: 0, message: 'm'.repeat(1_001) },
    { fraction: 0, message: 'm'.repeat(8_000_000) },
  ]) {
    expect(denial(() => parseProgress(JSON.stringify(wanted)))).toBe('invalid_request');
  }
  expect(denial(() => parseProgress(`{"fraction":0,"message":"","more":${'['.repeat(9_000)}`))).toBe('invalid_request');
});

test.each<[text: string, structure: number]>([
  ['', 0],
  ['[1,2]', 5],
  ['{"a":"b, c"}', 3],
  ['["\\"[[[[\\\\"]', 2],
  ['"unended [[[[', 0],
])('%j has %i characters outside of its strings', (text, structure) => {
  expect(hasMoreStructure(text, structure)).toBe(false);
  if (structure > 0) expect(hasMoreStructure(text, structure - 1)).toBe(true);
});

const CODE = `exports.utilities = {
  async flood() {
    const { stringify } = JSON;
    JSON.stringify = (value, ...rest) =>
      value && value.headers ? stringify(value, ...rest).replace(/"headers":\\[[^]*?\\],"body"/, '"headers":[' + '[],'.repeat(999999) + '[]],"body"') : stringify(value, ...rest);
    Array.prototype.filter = () => Array(1e6).fill([]);
    Array.prototype.map = () => Array(1e6).fill([]);
    const codes = [];
    for (let i = 0; i < 3; i++) codes.push(await fetch('/v1/tokenInfo').then((r) => r.status, (error) => error.code));
    return codes;
  },
  ask: async () => (await fetch('/v1/tokenInfo', { headers: { a: 'b' } })).status,
};`;
const served = serveForAll({ flooding: { code: CODE } });

test('connector code that tampers with its own requests gets an error, and others get answers', async () => {
  const { client } = served();
  const id = await installed(client, 'flooding');
  expect((await client('PUT', `/integrations/${id}/utilities/ask`, {})).body).toBe(200);
  let longest = 0;
  let isOver = false;
  const watch = (async () => {
    while (!isOver) {
      const from = performance.now();
      await client('GET', '/healthz');
      longest = Math.max(longest, performance.now() - from);
    }
  })();
  const reply = await client('PUT', `/integrations/${id}/utilities/flood`, {});
  isOver = true;
  await watch;
  expect([200, 422]).toContain(reply.status);
  expect(longest).toBeLessThan(500);
});
