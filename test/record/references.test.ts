/** What records refer to, and that to find it costs no more than the record's size. */
import { expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/json.ts';
import { References, referencesIn } from '../../src/record/references.ts';
import type { RecordKind, Stored } from '../../src/store/store.ts';
import { ENOUGH_MS, refused, timed } from '../support/timed.ts';

const [a, b, c] = ['a', 'b', 'c'].map((digit) => digit.repeat(24)) as [string, string, string];
const nothing = (): undefined => undefined;
const everything = (): Stored => ({}) as Stored;

test('finds references at any depth, each once, in the order in which they stand', () => {
  const record = {
    _connectionId: a,
    list: [0, [{ _exportId: b }], { _importId: null, deeper: { _exportId: b, _connectionId: c } }],
    _exportId: a,
    other: { _integrationId: a, __proto__: 1 },
  };
  expect(referencesIn(record as JsonObject)).toEqual([
    { kind: 'connections', id: a },
    { kind: 'connections', id: c },
    { kind: 'exports', id: b },
    { kind: 'exports', id: a },
  ]);
  const references = new References();
  expect(references.assertPresent(record as JsonObject, everything).sort()).toEqual([a, a, b, c].sort());
  expect(references.isBetween(record as unknown as Stored, 'exports', b)).toBe(true);
  expect(references.isBetween(record as unknown as Stored, 'imports', b)).toBe(false);
});

test('names what is not there by its path', () => {
  const record: JsonObject = { list: [{ _exportId: a }, { _exportId: b }], _importId: { odd: 1 }, _connectionId: 'x' };
  const find = (_kind: RecordKind, id: string) => (id === a ? everything() : undefined);
  expect(refused(() => new References().assertPresent(record, find)).errors).toMatchObject([
    { code: 'invalid_ref', field: 'list.1._exportId' },
    { code: 'invalid_ref', field: '_importId' },
    { code: 'invalid_ref', field: '_connectionId' },
  ]);
});

test('each record is looked up once', () => {
  const asked: string[] = [];
  const find = (_kind: RecordKind, id: string) => {
    asked.push(id);
    return everything();
  };
  const record: JsonObject = { list: Array(900).fill({ _exportId: a }), _importId: a };
  expect(new References().assertPresent(record, find)).toEqual([a, a]);
  expect(asked).toEqual([a, a]);
});

test('a record refers to a thousand others at the most', () => {
  const of = (count: number): JsonObject => ({ list: Array(count).fill({ _exportId: a }) });
  expect(new References().assertPresent(of(1_000), everything)).toEqual([a]);
  expect(refused(() => new References().assertPresent(of(1_001), everything)).errors).toMatchObject([
    { code: 'invalid_field', field: 'list.1000._exportId' },
  ]);
  // What was stored before there was a limit is still known.
  expect(referencesIn(of(5_000))).toHaveLength(1);
});

test.each<[string, JsonObject, code: string]>([
  ['a key of a megabyte', { ['k'.repeat(1_000_000)]: Array(1_000).fill({ _exportId: 'a' }) }, 'invalid_ref'],
  ['three times as many', { ['k'.repeat(1_000_000)]: Array(3_000).fill({ _exportId: 'a' }) }, 'invalid_field'],
  ['an id of a megabyte', { list: Array(1_000).fill({ _exportId: 'i'.repeat(1_000_000) }) }, 'invalid_ref'],
  ['long keys one in the other', nested(90, 'k'.repeat(20_000), { _flow: 1, _importId: 'x' }), 'invalid_ref'],
])('paths cost nothing until they are shown: %s', (_, record, code) => {
  const { result, ms } = timed(() => refused(() => new References().assertPresent(record, nothing)));
  expect(result.errors[0]?.code).toBe(code);
  expect(result.errors.length).toBeLessThanOrEqual(100);
  expect(JSON.stringify(result.errors).length).toBeLessThan(100_000);
  expect(result.errors[0]?.field).toMatch(/_(?:ex|im)portId$/);
  expect(ms).toBeLessThan(ENOUGH_MS);
});

test('the search is as long as the record, however that is made', () => {
  expect(timed(() => referencesIn(nested(200_000, 'a', { _exportId: a }))).result).toHaveLength(1);
  for (const record of [{ list: Array(2_000_000).fill(0) }, { list: Array(100_000).fill({}) }]) {
    expect(timed(() => referencesIn(record)).ms).toBeLessThan(ENOUGH_MS);
  }
});

function nested(levels: number, key: string, innermost: Json): JsonObject {
  let value = innermost;
  for (let level = 0; level < levels; level++) value = { [key]: value };
  return value as JsonObject;
}
