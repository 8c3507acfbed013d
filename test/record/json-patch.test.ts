/** JSON Patch: RFC 6902, and limits against hostile patches. */
import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/json.ts';
import { applyPatch, parsePatch } from '../../src/record/json-patch.ts';
import { ENOUGH_MS, timed } from '../support/timed.ts';

const apply = (document: JsonObject, patch: Json): JsonObject => applyPatch(document, parsePatch(patch));
/** Code and field of the error. */
function refusal(document: JsonObject, patch: Json): unknown {
  try {
    return apply(document, patch);
  } catch (error) {
    const { errors } = error as { errors: { code: string; field?: string }[] };
    return [errors[0]?.code, errors[0]?.field];
  }
}

test.each<[string, JsonObject, Json, JsonObject]>([
  ['add a member', { a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
  ['add over a member', { a: 1 }, [{ op: 'add', path: '/a', value: null }], { a: null }],
  ['add to a list', { a: [1, 3] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2, 3] }],
  ['add to the end', { a: [1] }, [{ op: 'add', path: '/a/-', value: 2 }], { a: [1, 2] }],
  ['add at the end', { a: [1] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2] }],
  ['remove', { a: 1, b: 2 }, [{ op: 'remove', path: '/a' }], { b: 2 }],
  ['remove from a list', { a: [1, 2, 3] }, [{ op: 'remove', path: '/a/1' }], { a: [1, 3] }],
  ['replace', { a: { b: 1 } }, [{ op: 'replace', path: '/a/b', value: [] }], { a: { b: [] } }],
  ['replace everything', { a: 1 }, [{ op: 'replace', path: '', value: { b: 2 } }], { b: 2 }],
  ['move', { a: { b: 1 }, c: {} }, [{ op: 'move', from: '/a/b', path: '/c/b' }], { a: {}, c: { b: 1 } }],
  ['move in a list', { a: [1, 2, 3] }, [{ op: 'move', from: '/a/0', path: '/a/2' }], { a: [2, 3, 1] }],
  ['move onto itself', { a: 1 }, [{ op: 'move', from: '/a', path: '/a' }], { a: 1 }],
  ['copy', { a: { b: 1 } }, [{ op: 'copy', from: '/a', path: '/c' }], { a: { b: 1 }, c: { b: 1 } }],
  ['copy everything', { a: 1 }, [{ op: 'copy', from: '', path: '/b' }], { a: 1, b: { a: 1 } }],
  [
    'test',
    { a: { b: [1, 'x'], c: 2 } },
    [{ op: 'test', path: '/a', value: { c: 2, b: [1, 'x'] } }],
    { a: { b: [1, 'x'], c: 2 } },
  ],
  [
    'escapes',
    { 'a/b': 1, 'm~n': 2, '': 3 },
    [
      { op: 'remove', path: '/a~1b' },
      { op: 'remove', path: '/m~0n' },
      { op: 'remove', path: '/' },
    ],
    {},
  ],
  ['~01 is ~1', { '~1': 1 }, [{ op: 'replace', path: '/~01', value: 2 }], { '~1': 2 }],
  [
    'names of any language',
    { größe: { '😀': 1 } },
    [{ op: 'replace', path: '/größe/😀', value: '\ud800' }],
    { größe: { '😀': '\ud800' } },
  ],
])('%s', (_what, document, patch, expected) => {
  const before = structuredClone(document);
  expect(apply(document, patch)).toEqual(expected);
  expect(document).toEqual(before);
});

test('a copy changes independently', () => {
  const patch = [
    { op: 'copy', from: '/a', path: '/b' },
    { op: 'add', path: '/b/-', value: 2 },
  ];
  expect(apply({ a: [1] }, patch)).toEqual({ a: [1], b: [1, 2] });
});

test.each<[string, Json]>([
  ['remove what is not there', [{ op: 'remove', path: '/x' }]],
  ['replace what is not there', [{ op: 'replace', path: '/x', value: 1 }]],
  ['move what is not there', [{ op: 'move', from: '/x', path: '/y' }]],
  ['copy what is not there', [{ op: 'copy', from: '/x', path: '/y' }]],
  ['add below what is not there', [{ op: 'add', path: '/x/y', value: 1 }]],
  ['add below a text', [{ op: 'add', path: '/text/0', value: 1 }]],
  ['add behind the end', [{ op: 'add', path: '/list/9', value: 1 }]],
  ['a list index with a zero in front', [{ op: 'remove', path: '/list/00' }]],
  ['a negative list index', [{ op: 'remove', path: '/list/-1' }]],
  ['a list index that is none', [{ op: 'replace', path: '/list/length', value: 9 }]],
  ['the end of a list, which has nothing', [{ op: 'remove', path: '/list/-' }]],
  ['move into itself', [{ op: 'move', from: '/map', path: '/map/a' }]],
  ['everything into itself', [{ op: 'move', from: '', path: '/map/a' }]],
  ['a test that fails', [{ op: 'test', path: '/text', value: 'other' }]],
  ['a test of a part', [{ op: 'test', path: '/map', value: {} }]],
  ['a test of nothing', [{ op: 'test', path: '/x', value: null }]],
])('%s does not apply', (_what, patch) => {
  expect(refusal({ text: 'abc', list: [1, 2], map: { a: 1 } }, patch)).toEqual(['invalid_field', '0.path']);
});

test.each<[string, Json]>([
  ['an object', {}],
  ['null', null],
  ['another operation', [{ op: 'eval', path: '/a' }]],
  ['no value', [{ op: 'add', path: '/a' }]],
  ['no source', [{ op: 'move', path: '/a' }]],
  ['a path without a slash', [{ op: 'remove', path: 'a' }]],
  ['an escape that is none', [{ op: 'remove', path: '/a~2' }]],
  ['a path of another type', [{ op: 'remove', path: ['a'] }]],
  ['too many operations', Array(1_001).fill({ op: 'test', path: '', value: {} })],
])('%s is not a patch', (_what, patch) => {
  expect(refusal({}, patch)).toEqual(['invalid_field', '']);
});

describe('prototypes shared by the process are out of reach', () => {
  const document = JSON.parse('{"name":"n","list":[1],"text":"t","__proto__":{"own":1},"constructor":{"own":1}}');
  const paths = ['toString', 'hasOwnProperty', 'valueOf', 'list/map', 'list/push', 'text/at', 'text/replace'];

  test.each(paths.flatMap((path) => ['call', 'polluted'].map((name) => `/${path}/${name}`)))('%s', (path) => {
    for (const operation of [
      { op: 'add', path, value: 'taken' },
      { op: 'replace', path, value: 'taken' },
      { op: 'copy', from: '/text', path },
      { op: 'move', from: '/text', path },
      { op: 'remove', path },
    ]) {
      expect(refusal(document, [operation])).toEqual(['invalid_field', '0.path']);
    }
    expect(Object.hasOwn(Object.prototype.toString, 'call')).toBe(false);
    expect(Object.hasOwn(Array.prototype.map, 'polluted')).toBe(false);
  });

  test.each(['__proto__', 'constructor'])('%s is an ordinary name', (name) => {
    const added = apply({}, [{ op: 'add', path: `/${name}`, value: { polluted: 1 } }]);
    expect(JSON.stringify(added)).toBe(`{"${name}":{"polluted":1}}`);
    expect((added as { polluted?: number }).polluted).toBeUndefined();
    const changed = apply(document, [
      { op: 'add', path: `/${name}/name`, value: 'below' },
      { op: 'copy', from: `/${name}`, path: '/copy' },
      { op: 'remove', path: `/${name}` },
    ]);
    expect(Object.hasOwn(changed, name)).toBe(false);
    expect(changed).toMatchObject({ name: 'n', copy: { own: 1, name: 'below' } });
    expect(refusal({ name: 'n' }, [{ op: 'replace', path: `/${name}/name`, value: 'taken' }])).toEqual([
      'invalid_field',
      '0.path',
    ]);
  });
});

describe('a bomb is refused before it costs anything:', () => {
  test.each<[string, JsonObject, Json, string]>([
    [
      'copies that double',
      { a: ['x'.repeat(1_000)] },
      Array(100).fill({ op: 'copy', from: '/a', path: '/a/-' }),
      'request_too_large',
    ],
    [
      'copies of next to nothing that double',
      { a: [[]] },
      Array(18).fill({ op: 'copy', from: '/a', path: '/a/-' }),
      'request_too_large',
    ],
    [
      'copies of everything',
      { a: 'x'.repeat(1_000) },
      Array.from({ length: 100 }, (_, i) => ({ op: 'copy', from: '', path: `/b${i}` })),
      'request_too_large',
    ],
    [
      'lists that are pushed along',
      { a: Array(100_000).fill(0) },
      Array(1_000).fill({ op: 'add', path: '/a/0', value: 0 }),
      'request_too_large',
    ],
    [
      'depth',
      { a: [] },
      [{ op: 'add', path: '/a/-', value: JSON.parse('['.repeat(101) + ']'.repeat(101)) }],
      'invalid_field',
    ],
    [
      'depth, step by step',
      { a: { b: 1 } },
      Array.from({ length: 200 }, (_, i) => [
        { op: 'add', path: '/w', value: [] },
        { op: 'move', from: '/a', path: '/w/0' },
        { op: 'move', from: '/w', path: '/a' },
        { op: 'copy', from: '/a', path: `/c${i}` },
      ]).flat(),
      'invalid_field',
    ],
  ])('%s', (_what, document, patch, code) => {
    const startedAt = performance.now();
    expect(refusal(document, patch)).toEqual([code, code === 'invalid_field' ? expect.any(String) : undefined]);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  test('testing long lists takes linear time', () => {
    const list = Array.from({ length: 200_000 }, (_, i) => i);
    const startedAt = performance.now();
    expect(refusal({ list }, [{ op: 'test', path: '/list', value: list.map((i) => i + 0.5) }])).toEqual([
      'invalid_field',
      '0.path',
    ]);
    expect(apply({ list }, [{ op: 'test', path: '/list', value: list }])).toEqual({ list });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

describe('a patch of a thousand operations is fast', () => {
  const thousand = (operation: Json): Json => Array(1_000).fill(operation);
  const wide: JsonObject = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`k${i}`, 1]));
  const many: JsonObject = { list: Array(400_000).fill(1) };

  test.each<[string, JsonObject, Json, unknown]>([
    [
      'tests of many names against none',
      wide,
      thousand({ op: 'test', path: '', value: {} }),
      ['invalid_field', '0.path'],
    ],
    [
      'tests of many names that are the same',
      { a: wide },
      Array(2).fill({ op: 'test', path: '/a', value: wide }),
      ['request_too_large', undefined],
    ],
    [
      'tests of a long list',
      many,
      Array(4).fill({ op: 'test', path: '/list', value: many.list as Json }),
      ['request_too_large', undefined],
    ],
    [
      'tests of a long text',
      { text: 't'.repeat(1_000_000) },
      thousand({ op: 'test', path: '/text', value: 't'.repeat(1_000_000) }),
      { text: 't'.repeat(1_000_000) },
    ],
    [
      'paths of a thousand names',
      {},
      thousand({ op: 'move', from: '/~1'.repeat(660), path: '/a'.repeat(1_000) }),
      ['invalid_field', '0.path'],
    ],
    [
      'paths of a thousand names, all through',
      { a: 1 },
      [...(thousand({ op: 'test', path: `/${'~0'.repeat(990)}`, value: 1 }) as Json[])],
      ['invalid_field', '0.path'],
    ],
    [
      'values that go deeper and deeper',
      { a: 1 },
      Array.from({ length: 1_000 }, (_, i): Json => ({ op: 'add', path: '/a'.repeat(i + 1), value: { a: {} } })),
      ['invalid_field', '101.path'],
    ],
  ])('%s', (_what, document, patch, expected) => {
    const { result, ms } = timed(() => refusal(document, patch));
    expect(result).toEqual(expected);
    expect(ms).toBeLessThan(ENOUGH_MS);
  });

  test('numbers are compared as numbers', () => {
    expect(refusal({ a: 0 }, [{ op: 'test', path: '/a', value: -0 }])).toEqual({ a: 0 });
    expect(refusal({ a: [1] }, [{ op: 'test', path: '/a', value: { 0: 1 } }])).toEqual(['invalid_field', '0.path']);
    expect(refusal({ a: { b: 1 } }, [{ op: 'test', path: '/a', value: { toString: 1 } }])).toEqual([
      'invalid_field',
      '0.path',
    ]);
  });
});

test('neither the document nor the patch changes, and untouched parts are shared', () => {
  const document: JsonObject = { a: { b: [{ c: 1 }] }, big: { list: [1, 2, 3] }, d: { e: 1 } };
  const patch: Json = [
    { op: 'add', path: '/a/b/0/x', value: { y: [] } },
    { op: 'add', path: '/a/b/0/x/y/-', value: 1 },
    { op: 'move', from: '/a/b/0', path: '/a/b/-' },
    { op: 'copy', from: '/d', path: '/f' },
    { op: 'replace', path: '/f/e', value: 2 },
    { op: 'remove', path: '/d/e' },
  ];
  const [before, wanted] = [structuredClone(document), structuredClone(patch)];
  const result = apply(document, patch);
  expect(result).toEqual({ a: { b: [{ c: 1, x: { y: [1] } }] }, big: { list: [1, 2, 3] }, d: {}, f: { e: 2 } });
  expect([document, patch]).toEqual([before, wanted]);
  expect(result.big).toBe(document.big);
});

test('a small change of a large record is cheap', () => {
  const large = Array.from({ length: 100_000 }, (_, i) => ({ i, text: 'text' }));
  const document: JsonObject = { name: 'n', large };
  const { result, ms } = timed(() => apply(document, [{ op: 'replace', path: '/name', value: 'm' }]), ENOUGH_MS / 10);
  expect(result).toMatchObject({ name: 'm' });
  expect(ms).toBeLessThan(ENOUGH_MS / 10);
});
