import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/dashboard/api/json.ts';
import { readMap, type StaticMap, validateMap, writeMap } from '../../src/dashboard/form/static-map.ts';

const read = (raw: object): StaticMap => {
  const map = readMap(raw as JsonObject);
  if (!map) throw new Error('no map');
  return map;
};
const cellsOf = ({ rows }: StaticMap) => rows.map(({ cells }) => cells);
const columns = [
  { id: 'a', name: 'A' },
  { id: 'b', name: 'B' },
  { id: 'c', name: 'C' },
];

describe('is written back unchanged', () => {
  test.each([
    [{ value: { FedEx: '5', UPS: '6' } }],
    [{ value: {} }],
    [{ value: { map: { a: 'b' }, default: 'z', allowFailures: true, own: 1 } }],
    [{ value: { map: { a: 'b' }, default: null, allowFailures: true } }],
    [{ value: { map: { a: 'b' }, default: '', allowFailures: true } }],
    [{ value: { map: { a: 'b' }, allowFailures: false } }],
    [{ value: JSON.parse('{"__proto__":"x","constructor":"y"}') }],
    [{ optionsMap: columns, value: [{ a: '1', b: 2, c: true, more: { x: 1 } }] }],
    [{ optionsMap: columns, value: { map: [{ a: '1', b: '2', c: '3' }], own: 1 } }],
    [{ value: { '1': 5, '2': true } }],
  ])('%j', (raw) => {
    const value = raw.value as Json;
    expect(writeMap(raw as JsonObject, read(raw), value)).toEqual(value);
  });
});

test('a map in the field itself becomes its value', () => {
  const raw = {
    map: { a: 'b' },
    default: 'z',
    allowFailures: true,
    extractFieldHeader: 'Shop',
    generates: [{ id: 'b', text: 'Bee' }, null],
  };
  const map = read(raw);
  expect(map.columns.map(({ label, options }) => [label, options])).toEqual([
    ['Shop', undefined],
    ['Import value', [{ value: 'b', label: 'Bee' }]],
  ]);
  const rows = [...map.rows, { cells: ['c', 'd'] }];
  expect(writeMap(raw as JsonObject, { ...map, rows }, null)).toEqual({
    map: { a: 'b', c: 'd' },
    default: 'z',
    allowFailures: true,
  });
});

test('an unlisted value may fail, or become a value, an empty string or null', () => {
  const raw = { map: {} };
  const map = read(raw);
  expect(map.unmatched).toBe('fail');
  const write = (unmatched: StaticMap['unmatched'], defaultValue = '') =>
    writeMap(raw, { ...map, unmatched, defaultValue }, null);
  expect(write('default', 'z')).toEqual({ map: {}, default: 'z', allowFailures: true });
  expect(write('empty')).toEqual({ map: {}, default: '', allowFailures: true });
  expect(write('null')).toEqual({ map: {}, default: null, allowFailures: true });
  expect(write('fail')).toEqual({ map: {}, allowFailures: false });
  expect(read({ value: { map: {}, default: 'z' } }).unmatched).toBe('default');
  expect(read({ hideLookupAllowFailures: true, map: {} }).unmatched).toBeUndefined();
});

test('empty rows are omitted; incomplete rows and duplicate values are errors', () => {
  const map = read({ value: { a: 'b' } });
  const withRows = (...cells: Json[][]): StaticMap => ({ ...map, rows: cells.map((row) => ({ cells: row })) });
  expect(writeMap({}, withRows(['a', 'b'], ['', '']), null)).toEqual({ a: 'b' });
  expect(validateMap(withRows(['a', 'b'], ['', '']))).toBeUndefined();
  expect(validateMap(withRows(['a', 'b'], ['c', '']))).toBe('Row 2: Import value is missing');
  expect(validateMap(withRows(['a', 'b'], ['a', 'c']))).toBe('Rows 1 and 2 map the same value');
  expect(validateMap({ ...read({ map: {} }), unmatched: 'default', defaultValue: '' })).toMatch(/missing/);
});

test('two columns of optionsMap hold a map, three a list of rows', () => {
  expect(cellsOf(read({ optionsMap: columns.slice(0, 2), value: { x: 'y' } }))).toEqual([['x', 'y']]);
  expect(read({ optionsMap: columns }).hasRowObjects).toBe(true);
  expect(writeMap({}, { ...read({ optionsMap: columns }), rows: [{ cells: ['1', '2', '3'] }] }, null)).toEqual([
    { a: '1', b: '2', c: '3' },
  ]);
});

test.each([
  [{ value: { a: { b: 1 } } }],
  [{ value: 'text' }],
  [{ value: [1] }],
  [{ optionsMap: [] }],
  [{ value: { map: 5 } }],
  [{ optionsMap: columns, value: { a: 'b' } }],
])('%j is not a map', (raw) => {
  expect(readMap(raw as JsonObject)).toBeUndefined();
});
