/** Finds the references in records, in time and memory linear in the record's size. */
import { expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/json.ts';
import { assertReferenceLimit, factsOf } from '../../src/record/record-tasks.ts';
import { putDraft } from '../../src/record/records.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { referencesIn } from '../../src/store/references.ts';
import type { Stored } from '../../src/store/stored.ts';
import { UnitOfWork } from '../../src/store/unit-of-work.ts';
import { documentOf } from '../support/documents.ts';
import { ENOUGH_MS, refused, timed } from '../support/timed.ts';

const [a, b, c] = ['a', 'b', 'c'].map((digit) => digit.repeat(24)) as [string, string, string];

test('finds references at any depth, each once', () => {
  const record = {
    _connectionId: a,
    list: [0, [{ _exportId: b }], { _importId: null, deeper: { _exportId: b, _connectionId: c } }],
    _exportId: a,
    other: { _integrationId: a, __proto__: 1 },
  };
  const found = referencesIn(record as JsonObject).map(({ kind, id, field }) => [field, kind, id]);
  expect(found.sort()).toEqual([
    ['_connectionId', 'connections', a],
    ['_exportId', 'exports', a],
    ['list.1.0._exportId', 'exports', b],
    ['list.2.deeper._connectionId', 'connections', c],
  ]);
});

test('stops at the limit', () => {
  const record: JsonObject = { list: Array.from({ length: 100 }, (_, i) => ({ _exportId: `x${i}` })) };
  expect(referencesIn(record, 7)).toHaveLength(7);
});

test('a missing record is reported with the path of the reference', async () => {
  const unit = await UnitOfWork.open(createMemoryStore(), a);
  const { integration } = documentOf();
  unit.putIntegration({ ...integration, _id: a });
  const [exported] = [{ ...integration, _id: b }];
  putDraft(unit, 'exports', factsOf(exported));
  const record = { ...integration, _id: c, list: [{ _exportId: b }, { _exportId: a }], _importId: { odd: 1 } };
  expect(refused(() => putDraft(unit, 'flows', factsOf(record as Stored))).errors).toMatchObject([
    { code: 'invalid_ref', field: '_importId' },
    { code: 'invalid_ref', field: 'list.1._exportId' },
  ]);
  // The control.
  putDraft(unit, 'flows', factsOf({ ...integration, _id: c, list: [{ _exportId: b }] } as Stored));
  expect(unit.record('flows', c)?.references).toMatchObject([{ kind: 'exports', id: b }]);
});

test('a record may refer to at most a thousand others', () => {
  const of = (count: number) =>
    ({ list: Array.from({ length: count }, (_, i) => ({ _exportId: String(i) })) }) as unknown as Stored;
  expect(() => assertReferenceLimit(factsOf(of(1_000)))).not.toThrow();
  expect(refused(() => assertReferenceLimit(factsOf(of(1_001)))).errors).toMatchObject([
    { code: 'invalid_field', field: 'list.1000._exportId' },
  ]);
  // Records stored before there was a limit still work.
  expect(referencesIn(of(5_000) as JsonObject)).toHaveLength(5_000);
});

test.each<[string, () => Json]>([
  ['a name of a megabyte above thousands of references', () => ({ ['k'.repeat(1_000_000)]: many(50_000) })],
  ['many names of a hundred kilobytes, one in the other', () => nested(100, 'k'.repeat(100_000), many(5_000))],
  ['lists in lists', () => nested(20_000, 'l', many(1_000))],
  ['a list of a million numbers', () => ({ list: Array(1_000_000).fill(0) })],
])('%s take no more than their size', (_what, make) => {
  const record = make();
  const { result, ms } = timed(() => referencesIn(record, 1_001));
  expect(ms).toBeLessThan(ENOUGH_MS);
  for (const { field } of result) expect(field.length).toBeLessThanOrEqual(200);
});

const many = (count: number): Json => Array.from({ length: count }, (_, i) => ({ _exportId: `x${i}` }));

function nested(levels: number, key: string, inner: Json): Json {
  let value = inner;
  for (let level = 0; level < levels; level++) value = { [key]: value };
  return value;
}
