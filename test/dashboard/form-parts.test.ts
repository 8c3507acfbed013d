import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/dashboard/api/json.ts';
import { filterOptions } from '../../src/dashboard/form/filter-options.ts';
import { optionsFromReply, parseOptions, unlistedOption, valueForOption } from '../../src/dashboard/form/options.ts';
import { formatTextSize } from '../../src/dashboard/form/plain-text.ts';
import { readForm } from '../../src/dashboard/form/read-form.ts';
import { safeLink } from '../../src/dashboard/form/safe-link.ts';
import { isSameJson } from '../../src/dashboard/form/same-json.ts';
import { assignErrors } from '../../src/dashboard/form/server-errors.ts';
import { MAX_FILE_BYTES, readTextFile } from '../../src/dashboard/form/text-file.ts';
import { ledgerSettings, mirrorSettings } from './form-forms.ts';

describe('options', () => {
  test('are values, pairs, objects, or a list of {id, text}; entries without a value are omitted', () => {
    const options = [
      'a',
      ['b', 'B'],
      ['c'],
      { value: 'd', label: 'D' },
      { id: 'e', text: 'E' },
      5,
      true,
      null,
      {},
      [],
      ['', 'none'],
      [{ x: 1 }, 'odd'],
    ];
    expect(parseOptions(options as never)).toEqual([
      { value: 'a', label: 'a' },
      { value: 'b', label: 'B' },
      { value: 'c', label: 'c' },
      { value: 'd', label: 'D' },
      { value: 'e', label: 'E' },
      { value: 5, label: '5' },
      { value: true, label: 'true' },
    ]);
    expect([parseOptions(null), parseOptions('abc'), parseOptions(undefined)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
  test('a label of 5 MB is shortened, its value is not', () => {
    const text = 'x'.repeat(5_000_000);
    const [option] = parseOptions([text]) ?? [];
    expect(option?.value).toBe(text);
    expect(option?.label.length).toBeLessThan(1000);
  });
  test('a field that yields value and label gets both', () => {
    const option = { value: '1', label: 'One' };
    expect(valueForOption({ properties: { yieldValueAndLabel: true } }, option)).toEqual({ id: '1', label: 'One' });
    expect(valueForOption({ properties: null }, option)).toBe('1');
  });
  test('are found in the reply to a refresh: a list, its options, or the whole field', () => {
    expect(optionsFromReply(['a'])).toEqual(['a']);
    expect(optionsFromReply({ fieldName: 'x', options: ['a'] })).toEqual(['a']);
    expect(optionsFromReply({ generates: ['g'], options: ['a'] }, 'generates')).toEqual(['g']);
    expect(optionsFromReply({ optionsMap: [{ id: 'c', options: ['m'] }] }, 'c')).toEqual(['m']);
    expect(optionsFromReply({ options: ['a'] }, 'generates')).toEqual(['a']);
    expect([
      optionsFromReply({}),
      optionsFromReply(null),
      optionsFromReply('x'),
      optionsFromReply(undefined, 'extracts'),
    ]).toEqual(Array(4).fill(undefined));
  });
  test('a chosen value that is no longer offered stays visible', () => {
    const options = parseOptions(['a']) ?? [];
    expect(unlistedOption('z', options)).toEqual({ value: 'z', label: 'z (no longer offered)' });
    expect(unlistedOption('z', [])).toEqual({ value: 'z', label: 'z' });
    expect(unlistedOption({ id: 'z', label: 'Zed' }, options)).toEqual({
      value: 'z',
      label: 'Zed (no longer offered)',
    });
    expect([unlistedOption('a', options), unlistedOption('', options), unlistedOption(null, options)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
  test('ten thousand are searched by label and value, and a hundred shown', () => {
    const options = Array.from({ length: 10_000 }, (_, i) => ({ value: `v${i}`, label: `Item ${i}` }));
    expect(filterOptions(options, '', 100)).toMatchObject({ count: 10_000, shown: { length: 100 } });
    expect(filterOptions(options, ' item 77 ', 100).shown[0]).toEqual({ value: 'v77', label: 'Item 77' });
    expect(filterOptions(options, 'v9999', 100)).toEqual({ count: 1, shown: [{ value: 'v9999', label: 'Item 9999' }] });
    expect(filterOptions(options, 'nothing', 100).count).toBe(0);
    const within = [
      { value: 'b', label: 'The item' },
      { value: 'a', label: 'Item' },
    ];
    expect(filterOptions(within, 'item', 1)).toEqual({ count: 2, shown: [{ value: 'a', label: 'Item' }] });
  });
});

test.each([
  [{ a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1 }, true],
  [{ a: 1 }, { a: 1, b: 2 }, false],
  [{ a: 1, b: 2 }, { a: 1 }, false],
  [[1, 2], [2, 1], false],
  [[1], [1, 2], false],
  [{}, [], false],
  [null, {}, false],
  [{ toString: 1 }, {}, false],
])('%j and %j are the same JSON: %j', (a, b, isSame) => {
  expect(isSameJson(a, b)).toBe(isSame);
});

test.each([
  ['https://a.example/x', 'https://a.example/x'],
  ['http://a.example', 'http://a.example/'],
  ['javascript:alert(1)', undefined],
  [' javascript:alert(1)', undefined],
  ['JaVaScRiPt:alert(1)', undefined],
  ['java\nscript:alert(1)', undefined],
  ['data:text/html,x', undefined],
  ['blob:https://a.example/1', undefined],
  ['vbscript:x', undefined],
  ['//a.example', undefined],
  ['/relative', undefined],
  ['', undefined],
  [5, undefined],
  [{ toString: 'x' }, undefined],
])('a link to %j leads to %j', (address, href) => {
  expect(safeLink(address)).toBe(href);
});

describe('errors of the server', () => {
  const error = (field: string | undefined, message = 'wrong') => ({
    code: 'invalid_field',
    message,
    ...(field === undefined ? {} : { field }),
  });
  const found = (settings: JsonObject, ...errors: ReturnType<typeof error>[]) => {
    const form = readForm(settings);
    const { fields, otherErrors } = assignErrors(form, errors);
    return [
      [...fields.keys()]
        .map((id) => form.fields.find((field) => field.id === id))
        .map((field) => `${field?.store ?? ''}:${field?.name}`),
      otherErrors.length,
    ];
  };
  test.each([
    [ledgerSettings, 'salesAccount', [[':salesAccount'], 0]],
    [ledgerSettings, 'pending.salesAccount', [[':salesAccount'], 0]],
    [ledgerSettings, 'nothing', [[], 1]],
    [ledgerSettings, '__proto__', [[], 1]],
    [mirrorSettings, 'us.packages', [['us:packages'], 0]],
    [mirrorSettings, 'packages', [['eu:packages', 'us:packages'], 0]],
    [mirrorSettings, 'us', [[], 1]],
  ])('%# %s', (settings, field, expected) => {
    expect(found(settings, error(field))).toEqual(expected);
  });
  test('a message that starts with a field name is shown at the field', () => {
    expect(found(ledgerSettings, error(undefined, 'salesAccount: there is no account 1'))).toEqual([
      [':salesAccount'],
      0,
    ]);
    expect(found(ledgerSettings, error(undefined, 'Oh no: something'))).toEqual([[], 1]);
  });
  test('all errors of a field are shown', () => {
    const { fields } = assignErrors(readForm(ledgerSettings), [error('paused', 'one'), error('paused', 'two')]);
    expect([...fields.values()]).toEqual(['one\ntwo']);
  });
});

describe('a file', () => {
  test('is read as text', async () => {
    expect(await readTextFile(new File(['Grüße\r\n'], 'a.txt'))).toEqual({ text: 'Grüße\r\n' });
  });
  test('that is too large or not text is refused', async () => {
    expect(await readTextFile(new File([new Uint8Array(MAX_FILE_BYTES + 1)], 'big.txt'))).toEqual({
      problem: 'big.txt is larger than 1 MB',
    });
    expect(await readTextFile(new File([new Uint8Array([0xff, 0xfe, 0x00])], 'a.png'))).toEqual({
      problem: 'a.png is not a UTF-8 text file',
    });
  });
});

test.each([
  ['', '0 bytes'],
  ['a', '1 byte'],
  ['ü', '2 bytes'],
  ['x'.repeat(2048), '2.0 KB'],
  ['x'.repeat(20_480), '20 KB'],
  ['x'.repeat(3_145_728), '3.0 MB'],
])('the size of a text is formatted: %#', (text, size) => {
  expect(formatTextSize(text)).toBe(size);
});
