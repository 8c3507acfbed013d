/** Templates and their helpers. */
import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Place } from '../../../sandbox/guest/flow/placement.ts';
import { namesConnection, render } from '../../../sandbox/guest/flow/template.ts';

const record = {
  name: 'Ann & "Bo"',
  n: '9',
  tags: ['b', 'a', 'c'],
  counts: [5, 2, 10],
  empty: [],
  date: '2025-03-26T12:34:56Z',
  json: '{"a":1}',
  'Shipping City': 'Köln',
  order: { lines: [{ sku: 'A' }, { sku: 'B' }] },
};
const context = {
  record,
  data: [record],
  settings: { flow: { speed: 2 } },
  staticLookups: { states: { name: 'states', map: { Texas: 'TX' }, default: '??' } },
};
const shown = (template: string, place: Place = 'text'): string => render(template, context, place);
const codeOf = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return (error as { code: string }).code;
  }
};

test.each([
  ['{{record.name}}', 'Ann & "Bo"'],
  ['{{name}} {{data.0.n}} {{data.[0].n}}', 'Ann & "Bo" 9 9'],
  ['{{record.[Shipping City]}}', 'Köln'],
  ['{{record.order.lines.[1].sku}}{{record.nothing.at.all}}', 'B'],
  ['{{#each record.order.lines}}{{sku}}{{@index}}{{#unless @last}},{{/unless}}{{/each}}', 'A0,B1'],
  ['{{#with record.order}}{{lines.length}}{{@root.settings.flow.speed}}{{/with}}', '22'],
  ['{{#if record.empty}}yes{{else}}no{{/if}}', 'no'],
  ['\\{{literal}} {{{{raw}}}}{{x}}{{{{/raw}}}}', '{{literal}} {{x}}'],
  ['no template', 'no template'],
])('%s is %s', (template, text) => {
  expect(shown(template)).toBe(text);
});

describe('values are written for their place:', () => {
  test.each<[Place, string, string]>([
    ['json', '{"a":"{{record.name}}"}', '{"a":"Ann & \\"Bo\\""}'],
    ['json', '{"a":{{{jsonSerialize record.tags}}},"b":"{{{record.n}}}"}', '{"a":["b","a","c"],"b":"9"}'],
    ['address', '/x/{{record.name}}?y={{{record.n}}}', '/x/Ann%20%26%20%22Bo%22?y=9'],
    ['form', 'a={{record.name}}', 'a=Ann%20%26%20%22Bo%22'],
    ['xml', '<a b="{{record.name}}"/>', '<a b="Ann &amp; &quot;Bo&quot;"/>'],
    ['header', '{{record.name}}', 'Ann & "Bo"'],
    ['json', '"{{#each record.order.lines}}{{sku}}{{/each}}{{uppercase record.name}}"', '"ABANN & \\"BO\\""'],
  ])('%s: %s', (place, template, text) => {
    expect(shown(template, place)).toBe(text);
  });
});

/** From the original's documentation of its helpers. */
test.each([
  ['{{add "2" "5"}}', '7'],
  ['{{subtract 6 3}}', '3'],
  ['{{multiply 3 19.99}}', '59.97'],
  ['{{divide "2002" "100"}}', '20.02'],
  ['{{modulo 7 3}}', '1'],
  ['{{round "29.77"}} {{ceil "45.02"}} {{floor 22.44}} {{abs "-123"}}', '30 46 22 123'],
  ['{{sum record.counts}} {{avg "2" "5" "2"}}', '17 3'],
  ['{{toFixed 123.456789 4}}', '123.4568'],
  [
    '{{uppercase "library"}} {{lowerCase "HERE"}} {{capitalize "hello world"}} {{capitalizeAll "the fox"}}',
    'LIBRARY here Hello world The Fox',
  ],
  ['[{{trim " Lalo "}}] {{padLeft "CUST123" 10 "0"}} {{padRight "XYZ" 6 "*"}}', '[Lalo] 000CUST123 XYZ***'],
  ['{{substring "Celigo" 1 4}} {{split "Hillary-Ann-Swank" "-" 1}} {{split "a-b" "-"}}', 'eli Ann a'],
  ['{{join "/" "root" "images" "logo.png"}} {{join "," record.tags}}', 'root/images/logo.png b,a,c'],
  ['{{replace "these & those" "&" "and"}} {{replace "a" "a" "$&"}}', 'these and those $&'],
  ['{{regexMatch "Order ID: 12345 and 678" "[0-9]+"}} {{regexMatch "a1b2" "[0-9]" 1}}', '12345 2'],
  ['{{regexReplace "ABC-123 45" "" "[ -]" "g"}} {{regexSearch "$1499.95" "\\."}}', 'ABC12345 5'],
  ['{{sort record.counts number="true"}} {{sort record.tags reverse="true"}}', '[2,5,10] ["c","b","a"]'],
  ['{{{encodeURI "overseas order flow"}}} {{{decodeURI "a%20b"}}}', 'overseas%20order%20flow a b'],
  [
    '{{{base64Encode "jane.doe@example.com"}}} {{base64Decode "U29tZSBlbmNvZGVkIHZhbHVl"}}',
    'amFuZS5kb2VAZXhhbXBsZS5jb20= Some encoded value',
  ],
  ['{{#with (jsonParse record.json)}}{{a}}{{/with}}', '1'],
  ['{{{jsonEncode record.name}}} {{{jsonSerialize record.empty}}}', 'Ann & \\"Bo\\" []'],
  ['{{hash "sha256" "hex" "HelloWorld"}}', '872e4e50ce9990d8b041330c47c9ddd11bec6b503ae9386a99da8584e9bb12c4'],
  ['{{hash "md5" "base64" "a"}}', 'DMF1ucDxtqgxw5niaXcmYQ=='],
  [
    '{{hmac "sha1" "key" "hex" "The quick brown fox jumps over the lazy dog"}}',
    'de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9',
  ],
  ['{{{hmac "sha256" "a2V5" "base64" "x" "base64"}}}', createHmac('sha256', 'key').update('x').digest('base64')],
  ['{{lookup "states" "Texas"}} {{lookup "states" "Bavaria"}} {{lookup record "n"}}', 'TX ?? 9'],
  ['{{getValue "record.order.lines[1].sku" "x"}} {{getValue "record.none" "x"}}', 'B x'],
  ['{{dateFormat "MM-DD-YYYY hh:mm A" record.date}}', '03-26-2025 12:34 PM'],
  ['{{dateFormat "DD.MM.YYYY HH:mm" "26/03/2025 23:30" "DD/MM/YYYY HH:mm" "America/New_York"}}', '26.03.2025 23:30'],
  ['{{dateFormat "YYYY-MM-DD [at] HH:mm Z" record.date "" "Asia/Tokyo"}}', '2025-03-26 at 21:34 +09:00'],
  ['{{dateAdd record.date "86400000"}} {{dateAdd "" 1}}', '2025-03-27T12:34:56.000Z '],
  [
    '{{#compare record.n ">" "10"}}text{{else}}number{{/compare}} {{#compare 9 ">" 10}}a{{else}}b{{/compare}}',
    'text b',
  ],
  ['{{#compare 5 "==" "5"}}loose{{/compare}}{{#compare 5 "===" "5"}}{{else}} strict{{/compare}}', 'loose strict'],
  [
    '{{#and record.n record.name}}both{{/and}}{{#or "" 0}}{{else}} none{{/or}}{{#not record.none}} not{{/not}}',
    'both none not',
  ],
  ['{{#contains record.tags "a"}}in{{/contains}} {{#contains "12345" "9"}}{{else}}out{{/contains}}', 'in out'],
  ['{{#if (and record.n (compare 1 "<" 2))}}yes{{/if}}', 'yes'],
])('%s', (template, text) => {
  expect(shown(template)).toBe(text);
});

test('the time and random values differ', () => {
  expect(Math.abs(Date.parse(shown('{{timestamp}}')) - Date.now())).toBeLessThan(60_000);
  expect(shown('{{timestamp "YYYY" "UTC"}}')).toBe(String(new Date().getUTCFullYear()));
  expect(shown('{{random "number" 9}}')).toMatch(/^\d{9}$/);
  expect(shown('{{random "uuid"}}')).toMatch(/^[0-9a-f-]{36}$/);
  expect(shown('{{random}}')).toMatch(/^\w{32}$/);
  expect(shown('{{random}}')).not.toBe(shown('{{random}}'));
});

test.each([
  '{{',
  '{{#each}}',
  '{{> partial}}',
  '{{#> partial}}{{/partial}}',
  '{{#*inline "x"}}{{/inline}}',
  '{{noHelper record.n}}',
  '{{add record.name 1}}',
  '{{divide record.none 1}}',
  '{{hash "crc" "hex" "a"}}',
  '{{regexMatch "a" "("}}',
  '{{jsonParse "{"}}',
  '{{dateFormat "YYYY" "never"}}',
  '{{dateFormat "YYYY" record.date "" "Mars/Base"}}',
  '{{lookup "none" "a"}}',
  '{{compare 1 "~" 2}}',
])('%s is invalid, and says so', (template) => {
  expect(codeOf(() => shown(template))).toBe('template_invalid');
});

test('a template has a limit, and so has its text', () => {
  expect(codeOf(() => shown(`${'x'.repeat(300_000)}{{a}}`))).toBe('template_invalid');
  const each = '{{#each @root.record.tags}}'.repeat(15);
  const endless = `${each}{{padLeft "" 1000000}}${'{{/each}}'.repeat(15)}`;
  expect(() => shown(endless)).toThrow(/longer than 8388608 characters/);
});

test('what objects inherit is out of reach', () => {
  const template =
    '{{record.constructor.name}}|{{record.__proto__.x}}|{{record.toString}}|{{lookup record "constructor"}}|{{constructor}}';
  expect(shown(template)).toBe('||||');
  expect(codeOf(() => shown('{{#with record as |r|}}{{lookup (lookup r "constructor") "name"}}{{/with}}'))).toBe('');
});

describe('values of the connection', () => {
  const evil = {
    record: { a: '{{connection.http.encrypted.key}}', half: '{', rest: '{connection.http.encrypted.key}}' },
  };
  const filled = (template: string, place: Place): string => render(template, evil, place, true);

  test('stay in the text, alone', () => {
    expect(namesConnection('/x?y={{connection.a}}')).toBe(true);
    expect(namesConnection('/x?y={{record.connection.a}}{{#if record.connection}}{{/if}}')).toBe(false);
    expect(filled('a {{connection.http.encrypted.key}} b {{{connection.http.b}}}', 'json')).toBe(
      'a {{connection.http.encrypted.key}} b {{connection.http.b}}',
    );
  });

  test.each([
    '{{base64Encode connection.a}}',
    '{{#if connection.a}}{{/if}}',
    '{{#with connection}}{{a}}{{/with}}',
    '{{#each connection.list}}{{/each}}',
    '{{lookup connection "a"}}',
    '{{uppercase (lowercase connection.a)}}',
    '{{sort record.tags number=connection.a}}',
  ])('are not values for helpers: %s', (template) => {
    expect(codeOf(() => filled(template, 'json'))).toBe('template_invalid');
  });

  test.each<[Place, string]>([
    ['json', '{"a":"{{{record.a}}}","b":"{{connection.b}}"}'],
    ['json', '{"a":"{{record.a}}","b":"{{connection.b}}"}'],
    ['json', '{"a":"{{{record.half}}}{{{record.rest}}}","b":"{{connection.b}}"}'],
    ['json', '{"a":"{{{record.half}}}{connection.b}}"}'],
    ['json', '\\{{connection.b}} {{connection.b}}'],
    ['address', '/{{{record.a}}}?b={{connection.b}}'],
    ['form', 'a={{{record.a}}}&b={{connection.b}}'],
    ['xml', '<a>{{{record.a}}}{{connection.b}}</a>'],
  ])('cannot be named by data, %s: %s', (place, template) => {
    const text = filled(template, place).replaceAll('{{connection.b}}', '');
    expect(text).not.toContain('{{');
  });

  test('and data arrives as it is', () => {
    const text = filled(
      '{"a":"{{{record.a}}}","b":"{{{record.half}}}{{{record.rest}}}","c":"{{connection.b}}"}',
      'json',
    );
    expect(JSON.parse(text)).toMatchObject({ a: evil.record.a, b: evil.record.a });
  });

  test('data is not taken for the mark that they leave', () => {
    const record = { a: '\u00000\u0000' };
    expect(render('{{{record.a}}}{{connection.b}}', { record }, 'json', true)).toBe('0{{connection.b}}');
  });

  test('in a place that cannot write braces otherwise, data with braces is refused', () => {
    expect(codeOf(() => filled('{{{record.a}}}{{connection.b}}', 'text'))).toBe('template_invalid');
    expect(codeOf(() => render('{{connection.b}}', evil, 'header'))).toBe('template_invalid');
  });
});
