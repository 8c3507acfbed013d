/** Mappings, paths, filters and CSV: the parts of the flow engine that only compute. */
import { describe, expect, test } from 'vitest';
import { isKept } from '../../../sandbox/guest/flow/expression.ts';
import { Pauses } from '../../../sandbox/guest/flow/flow-run.ts';
import type { FlowRecord } from '../../../sandbox/guest/flow/interface.ts';
import { Lookups } from '../../../sandbox/guest/flow/lookups.ts';
import { applyMapping, compileMapping, type Operation } from '../../../sandbox/guest/flow/mapping.ts';
import { parseCsv, writeBody } from '../../../sandbox/guest/flow/media.ts';
import { parsePath, readPath, writePath } from '../../../sandbox/guest/flow/path.ts';
import { limits } from './rig.ts';

const record = {
  name: 'Ann',
  price: '12.50',
  paid: 'yes',
  day: '26/03/2025 23:30',
  'a.b': 'dotted',
  empty: '',
  state: 'Texas',
  order: { no: 7, lines: [{ sku: 'A', qty: 1, tags: ['x', 'y'] }, { sku: 'B' }] },
};

describe('a path', () => {
  test.each([
    ['name', 'Ann'],
    ['order.lines[1].sku', 'B'],
    ['order.lines.0.sku', 'A'],
    ["['a.b']", 'dotted'],
    ['["a.b"]', 'dotted'],
    ["order['lines'][0].sku", 'A'],
    ['order.lines[*].sku', ['A', 'B']],
    ['order.lines[*].qty', [1]],
    ['order.lines[*].tags[*]', ['x', 'y']],
    ['order.lines.length', 2],
    ['$.name', 'Ann'],
    ['order.none.deeper', undefined],
    ['name[*].x', undefined],
    ['constructor', undefined],
    ['__proto__.toString', undefined],
  ])('%s reads %j', (path, value) => {
    expect(readPath(record, parsePath(path))).toEqual(value);
  });

  test.each(['a[', 'a]', 'a..b', "['a", 'x'.repeat(1_001), 'a.'.repeat(60)])('%.20s is none', (path) => {
    expect(() => parsePath(path)).toThrow(expect.objectContaining({ code: 'mapping_invalid' }));
  });

  test('writes objects and lists on its way', () => {
    const target = {};
    for (const [path, value] of [
      ['a.b', 1],
      ['c[1].d', 2],
      ["['x.y']", 3],
      ['c[0]', 4],
    ] as const)
      writePath(target, parsePath(path), value);
    expect(target).toEqual({ a: { b: 1 }, c: [4, { d: 2 }], 'x.y': 3 });
  });

  test.each(['a[*].b', 'list[5000]', 'list.x'])('%s cannot be written', (path) => {
    expect(() => writePath({ list: [] }, parsePath(path), 1)).toThrow(
      expect.objectContaining({ code: 'mapping_invalid' }),
    );
  });

  test('writes no prototype', () => {
    const target = {};
    writePath(target, parsePath('__proto__.polluted'), 1);
    writePath(target, parsePath('constructor.prototype.polluted'), 1);
    expect([Object.getPrototypeOf(target), ({} as { polluted?: number }).polluted]).toEqual([
      Object.prototype,
      undefined,
    ]);
    expect(JSON.stringify(target)).toBe('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
  });
});

const states = { name: 'states', map: { Texas: 'TX' } };
const owner = {
  _id: 'm1',
  lookups: [states, { ...states, name: 'lenient', allowFailures: true }, { ...states, name: 'other', default: '??' }],
};

function mapped(mapping: object, source: unknown = record, operation: Operation = 'create'): object {
  const run = {
    context: { _integrationId: 'i', bearerToken: 't', connections: {}, limits },
    connector: { call: () => Promise.reject(new Error('not here')) },
    pauses: new Pauses(0, () => Promise.resolve()),
  };
  const lookups = new Lookups(run, owner as FlowRecord);
  const compiled = compileMapping(mapping, lookups);
  const target = {};
  const context = { record: source, staticLookups: lookups.maps };
  if (compiled) applyMapping(compiled, { record: source, context, operation }, target);
  return target;
}
const field = (config: object, source: unknown = record, operation: Operation = 'create'): unknown =>
  (mapped({ fields: [{ generate: 'x', ...config }] }, source, operation) as { x?: unknown }).x;

describe('a field', () => {
  test.each([
    [{ extract: 'name' }, 'Ann'],
    [{ extract: '{{record.name}}-{{order.no}}' }, 'Ann-7'],
    [{ extract: 'name', hardCodedValue: 'fixed' }, 'fixed'],
    [{ hardCodedValue: '' }, ''],
    [{ extract: 'none' }, undefined],
    [{ extract: 'none', default: 'd' }, 'd'],
    [{ extract: 'empty' }, ''],
    [{ extract: 'empty', default: 'd' }, 'd'],
    [{ extract: 'empty', discardIfEmpty: true }, undefined],
    [{ extract: 'state', lookupName: 'states' }, 'TX'],
    [{ extract: 'name', lookupName: 'other' }, '??'],
    [{ extract: 'name', lookupName: 'lenient' }, null],
    [{ extract: 'name', lookupName: 'lenient', default: 'd' }, 'd'],
    [{ extract: '{{lookup "states" record.state}}' }, 'TX'],
    [{ extract: 'price', dataType: 'number' }, 12.5],
    [{ extract: 'paid', dataType: 'boolean' }, true],
    [{ extract: 'order.no', dataType: 'string' }, '7'],
    [{ extract: 'empty', dataType: 'number' }, ''],
    [{ extract: 'order.lines[*].sku', dataType: 'stringarray' }, ['A', 'B']],
    [{ extract: 'price', dataType: 'numberarray' }, [12.5]],
    [{ extract: 'order', dataType: 'object' }, record.order],
    [{ hardCodedValue: '{"a":1}', dataType: 'object' }, { a: 1 }],
    [
      {
        extract: 'day',
        dataType: 'date',
        extractDateFormat: 'DD/MM/YYYY HH:mm',
        extractDateTimezone: 'America/New_York',
        generateDateFormat: 'YYYY-MM-DD HH:mm',
        generateDateTimezone: 'Europe/Berlin',
      },
      '2025-03-27 04:30',
    ],
    [{ extract: 'day', extractDateFormat: 'DD/MM/YYYY HH:mm' }, '2025-03-26T23:30:00.000Z'],
    [{ hardCodedValue: 1_742_992_496_000, dataType: 'date' }, '2025-03-26T12:34:56.000Z'],
    [{ hardCodedValue: '1742992496', dataType: 'date', generateDateFormat: 'x' }, '1742992496000'],
    [{ extract: 'name', conditional: { when: 'extract_not_empty' } }, 'Ann'],
    [{ extract: 'empty', default: 'd', conditional: { when: 'extract_not_empty' } }, undefined],
    [{ extract: 'name', conditional: { when: 'record_updated' } }, undefined],
    [{ extract: 'state', conditional: { when: 'lookup_not_empty', lookupName: 'states' } }, 'Texas'],
    [{ extract: 'name', conditional: { when: 'lookup_empty', lookupName: 'lenient' } }, 'Ann'],
  ])('%j is %j', (config, value) => {
    expect(field(config)).toEqual(value);
  });

  test('of an update', () => {
    expect(field({ extract: 'name', immutable: true }, record, 'update')).toBeUndefined();
    expect(field({ extract: 'name', conditional: { when: 'record_created' } }, record, 'update')).toBeUndefined();
    expect(field({ extract: 'name', conditional: { when: 'record_updated' } }, record, 'update')).toBe('Ann');
  });

  test.each([
    [{ extract: 'name', dataType: 'number' }, 'mapping_invalid', /^x: "Ann" is not a number$/],
    [{ extract: 'name', dataType: 'boolean' }, 'mapping_invalid', /neither true nor false/],
    [{ extract: 'name', dataType: 'date' }, 'mapping_invalid', /not a date/],
    [{ extract: 'day', generateDateTimezone: 'Mars/Base' }, 'mapping_invalid', /date|Mars/],
    [{ extract: 'name', lookupName: 'states' }, 'lookup_found_nothing', /no entry for Ann/],
    [{ extract: '{{add record.name 1}}' }, 'template_invalid', /not a number/],
  ])('%j is a problem of the record', (config, code, message) => {
    expect(() => field(config)).toThrow(
      expect.objectContaining({ name: 'RecordProblem', code, message: expect.stringMatching(message) }),
    );
  });

  test.each([
    [{ fields: [{ extract: 'a' }] }, /no generate/],
    [{ fields: [7] }, /no generate/],
    [{ fields: [{ generate: 'a', dataType: 'colour' }] }, /data type colour/],
    [{ fields: [{ generate: 'a', conditional: { when: 'full_moon' } }] }, /full_moon/],
    [{ fields: [{ generate: 'a', extract: 'b', lookupName: 'none' }] }, /no lookup none/],
    [7, /object with fields/],
  ])('%j is a problem of the mapping', (mapping, message) => {
    expect(() => mapped(mapping as object)).toThrow(
      expect.objectContaining({ name: 'PageError', message: expect.stringMatching(message) }),
    );
  });
});

test.each([
  [
    [
      { extract: 'order.lines[*].sku', generate: 'item' },
      { extract: 'order.no', generate: 'no' },
    ],
    [
      { item: 'A', no: 7 },
      { item: 'B', no: 7 },
    ],
  ],
  [[{ extract: 'order.lines[*].qty', generate: 'n', default: 0 }], [{ n: 1 }, { n: 0 }]],
  [[{ extract: 'name', generate: 'n' }], [{ n: 'Ann' }]],
  [[{ extract: 'none[*].sku', generate: 'n' }], []],
])('a list of %j is %j', (fields, list) => {
  expect(mapped({ fields: [], lists: [{ generate: 'to.lines', fields }] })).toEqual({ to: { lines: list } });
});

test.each([
  [['equals', ['string', ['extract', 'name']], 'Ann'], true],
  [['notequals', ['string', ['extract', 'name']], 'Ann'], false],
  [['and', ['notempty', ['extract', 'name']], ['empty', ['extract', 'empty']]], true],
  [['or', ['empty', ['extract', 'name']], ['startswith', ['extract', 'name'], 'A']], true],
  [['not', ['endswith', ['extract', 'name'], 'n']], false],
  [['greaterthan', ['number', ['extract', 'price']], 9], true],
  [['greaterthan', ['extract', 'price'], '9'], false],
  [['lessthanequals', ['number', ['extract', 'price']], ['add', 12, 0.5]], true],
  [['contains', ['extract', 'order.lines[*].sku'], 'B'], true],
  [['doesnotcontain', ['extract', 'name'], 'n'], false],
  [['matches', ['extract', 'price'], '^[0-9.]+$'], true],
  [['equals', ['boolean', ['extract', 'paid']], true], true],
  [['greaterthan', ['epochtime', ['context', 'lastExportDateTime']], ['epochtime', '2026-01-01']], true],
  [['equals', ['settings', 'flow.speed'], 2], true],
  [
    [
      ['notempty', ['extract', 'name']],
      ['notempty', ['extract', 'price']],
    ],
    true,
  ],
  [[], true],
  [undefined, true],
])('the filter %j keeps a record: %j', (rules, kept) => {
  const context = { lastExportDateTime: '2026-02-01T00:00:00.000Z' };
  expect(isKept(rules, { record, settings: { flow: { speed: 2 } }, context })).toBe(kept);
});

test.each([
  [['guess', 1]],
  [['matches', ['extract', 'name'], '(']],
  [JSON.parse(`${'["not",'.repeat(60)}1${']'.repeat(60)}`)],
])('the filter %j is invalid', (rules) => {
  expect(() => isKept(rules, { record })).toThrow(expect.objectContaining({ code: 'mapping_invalid' }));
});

test('CSV is read and written', () => {
  expect(parseCsv('\uFEFFa,b,__proto__\r\n1,"x ""y""\nz",p\r\n2\r\n')).toEqual([
    Object.fromEntries([
      ['a', '1'],
      ['b', 'x "y"\nz'],
      ['__proto__', 'p'],
    ]),
    Object.fromEntries([
      ['a', '2'],
      ['b', ''],
      ['__proto__', ''],
    ]),
  ]);
  expect(
    writeBody(
      [
        { a: 1, b: 'x,y' },
        { a: null, b: '"' },
      ],
      'csv',
    ),
  ).toBe('a,b\n1,"x,y"\n,""""');
  expect(() => writeBody([{}], 'xml')).toThrow(expect.objectContaining({ code: 'unsupported' }));
});
