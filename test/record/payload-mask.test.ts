/** What is masked in any JSON by the names it stands under. */
import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/json.ts';
import { collectPasswordFields, NameMask } from '../../src/record/payload-mask.ts';

const mask = (value: Json, passwordFields: readonly string[] = [], found = new Set<string>()): Json =>
  new NameMask(new Set(passwordFields), found).mask(value);

describe('names', () => {
  test.each([
    'password',
    'PASSWORD',
    'Pass-Word2',
    'api_key',
    'X-API-Key',
    'Authorization',
    'Set-Cookie',
    'clientSecret',
    'bearerToken',
    'refresh_tokens',
    'encrypted',
    'Encrypted',
    'privateKey',
    'pin',
    'tokenValue',
    'password_confirmation',
  ])('%s', (name) => {
    for (const value of ['v', 7, ['v'], { deep: [{ v: 1 }] }]) {
      expect(mask({ [name]: value })).toEqual({ [name]: '******' });
      expect(mask([[{ a: { [name]: value } }]])).toEqual([[{ a: { [name]: '******' } }]]);
      for (const by of ['name', 'id', 'key', 'header', 'field', 'label']) {
        expect(mask({ [by]: name, value })).toEqual({ [by]: name, value: '******' });
      }
      expect(mask([[name, value]])).toEqual([[name, '******']]);
    }
    for (const value of [null, true, '']) expect(mask({ [name]: value })).toEqual({ [name]: value });
  });

  test('of settings and other values stay, as the same objects', () => {
    const value = {
      tokenURI: 'https://example.com/token?grant=1#a',
      authType: 'basic',
      auth: 'oauth',
      keyboard: 'qwerty',
      keys: ['a', 'b'],
      fields: [{ name: 'city', value: 'Oslo' }],
      list: ['password', 'token'],
      text: 'Your password must have 8 characters: see "help". [ok] {fine}',
      numbers: [1, 2.5, -3],
      embedded: '{"city":"Oslo"}',
    };
    expect(mask(value)).toBe(value);
  });

  test('that forms declare as passwords', () => {
    const form: Json = {
      sections: [
        { fields: [{ name: 'a', inputType: 'password', value: 'stored' }, { name: 'b' }] },
        { general: { fields: [{ id: 'c', type: 'password' }] } },
      ],
    };
    const [names, values] = [new Set<string>(), new Set<string>()];
    collectPasswordFields(form, names, values);
    expect([[...names], [...values]]).toEqual([['a', 'c'], ['stored']]);
    expect(mask({ pending: { a: 'x', b: 'y', shop: { c: 1 } } }, ['a', 'c'])).toEqual({
      pending: { a: '******', b: 'y', shop: { c: '******' } },
    });
    expect(mask(form)).toMatchObject({ sections: [{ fields: [{ value: '******' }, { name: 'b' }] }, {}] });
  });

  test('below `auth` everything; keys such as `__proto__` are plain keys', () => {
    expect(mask({ http: { auth: { type: 'custom', x: 'y' } } })).toEqual({ http: { auth: '******' } });
    const odd = mask(JSON.parse('{"__proto__":{"password":"p"},"constructor":{"token":1}}'));
    expect(JSON.stringify(odd)).toBe('{"__proto__":{"password":"******"},"constructor":{"token":"******"}}');
  });
});

describe('texts', () => {
  test.each([
    ['Bearer abcdef123456', 'Bearer ******'],
    ['curl -H "Authorization: Basic dXNlcjpwYXNz"', 'curl -H "Authorization: ******"'],
    ['https://user:pass@example.com/a', 'https://******@example.com/a'],
    ['/path?access_token=abc&x=1', '/path?access_token=******&x=1'],
    ['a=1&client_secret=abc', 'a=1&client_secret=******'],
    ['X-Api-Key: abc\r\nAccept: */*', 'X-Api-Key: ******\r\nAccept: */*'],
    ["{'password': 'abc def', x", "{'password': '******', x"],
    ['said {\\"token\\":\\"abc\\"} twice', 'said {\\"token\\":\\"******\\"} twice'],
    [
      '<login><password>abc</password><user a="b">x</user></login>',
      '<login><password>******</password><user a="b">x</user></login>',
    ],
    ['Cookie: session=abc; other=abc\nHost: example.com', 'Cookie: ******\nHost: example.com'],
    ['-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----', '****** PRIVATE KEY-----'],
    ['{"a":[{"password":"abc def"}]}', '{"a":[{"password":"******"}]}'],
    [JSON.stringify(['{"token":"x"}']), JSON.stringify(['{"token":"******"}'])],
  ])('%s', (text, shown) => {
    expect(mask({ text })).toEqual({ text: shown });
    expect(mask(text)).toBe(shown);
    expect(JSON.stringify(mask({ [text]: 1 }))).not.toMatch(/abc|dXNlcjpwYXNz|user:pass/);
  });

  test('JSON in JSON in JSON, and what nests deeper or too deep, is masked unread', () => {
    let text = '{"password":"abc"}';
    for (let level = 0; level < 6; level++) {
      expect(JSON.stringify(mask({ text }))).not.toContain('abc');
      text = JSON.stringify({ text });
    }
    expect(mask({ text: '['.repeat(100_000) })).toEqual({ text: '******' });
  });

  test('what is masked is found: every text and number below it', () => {
    const found = new Set<string>();
    mask({ password: 'a', token: { b: ['c', 4, true, null] }, text: '{"pin":5}' }, [], found);
    expect([...found]).toEqual(['a', 'c', '4', '5']);
  });
});
