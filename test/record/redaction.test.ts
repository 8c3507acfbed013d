/** Credentials in what an application answers, in the spellings that answers have. */
import { expect, test } from 'vitest';
import { Redaction } from '../../src/record/redaction.ts';

const SECRET = `pä"ss/w<&>'ö rd+%\\🔑`;
const redacted = (secrets: string[], answer: string | Buffer): string =>
  new Redaction(secrets).bytes(Buffer.from(answer as string)).toString();

const hex = (text: string): string => Buffer.from(text).toString('hex');
const html = (text: string, quote = '&#39;'): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", quote);
const ascii = (json: string): string =>
  json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

test.each<[string, string]>([
  ['as it is', SECRET],
  ['as JSON', JSON.stringify(SECRET).slice(1, -1)],
  ['as JSON with escaped slashes', JSON.stringify(SECRET).slice(1, -1).replaceAll('/', '\\/')],
  ['as JSON in ASCII', ascii(JSON.stringify(SECRET).slice(1, -1))],
  [
    'as JSON in ASCII, large hex digits',
    ascii(JSON.stringify(SECRET).slice(1, -1)).replace(
      /\\u[0-9a-f]{4}/g,
      (code) => `\\u${code.slice(2).toUpperCase()}`,
    ),
  ],
  ['as part of an address', encodeURIComponent(SECRET)],
  ['as part of an address, small hex digits', encodeURIComponent(SECRET).replace(/%../g, (code) => code.toLowerCase())],
  ['as a whole address', encodeURI(SECRET)],
  ['as a form', new URLSearchParams({ a: SECRET }).toString().slice(2)],
  ['as HTML', html(SECRET)],
  ['as HTML, other quotes', html(SECRET, '&#x27;')],
  ['as base64', Buffer.from(SECRET).toString('base64')],
  ['as base64url', Buffer.from(SECRET).toString('base64url')],
  ['as hex', hex(SECRET)],
  ['as hex, large digits', hex(SECRET).toUpperCase()],
])('%s', (_how, spelling) => {
  expect(redacted([SECRET], `before ${spelling} after ${spelling}`)).toBe('before ****** after ******');
  // The control: another secret leaves it alone.
  expect(redacted(['something else'], `before ${spelling} after`)).toBe(`before ${spelling} after`);
});

test.each(['', 'u', 'us', 'use', 'user:', 'Bearer '])('in base64 behind %j', (before) => {
  for (const after of ['', '\n', '--', ' end']) {
    const answer = Buffer.from(before + SECRET + after).toString('base64');
    const left = redacted([SECRET], answer);
    expect(left).toContain('******');
    // What it shares a digit with is not more than six bits at either end.
    expect(Buffer.from(left.split('******')[0] as string, 'base64').toString()).not.toContain(SECRET.slice(0, 2));
    expect(left.length).toBeLessThan(before.length * 2 + after.length * 2 + 20);
  }
});

test('in bytes that are no text', () => {
  const answer = Buffer.concat([Buffer.from([0xff, 0, 0xfe]), Buffer.from('top-secret'), Buffer.from([0xff])]);
  const left = new Redaction(['top-secret']).bytes(answer);
  expect(left).toEqual(Buffer.concat([Buffer.from([0xff, 0, 0xfe]), Buffer.from('******'), Buffer.from([0xff])]));
  const latin1 = Buffer.from('<p>pässword</p>', 'latin1');
  expect(new Redaction(['pässword']).bytes(latin1).toString('latin1')).toBe('<p>******</p>');
});

test('in header fields, whose characters are bytes', () => {
  const redaction = new Redaction(['pässword']);
  expect(redaction.header(`a ${Buffer.from('pässword').toString('latin1')} b`)).toBe('a ****** b');
  expect(redaction.header('gr\u00f6\u00dfe')).toBe('gr\u00f6\u00dfe');
});

test('at the ends, next to one another, one within the other; short ones are left', () => {
  expect(redacted(['secret-1', 'secret-12'], 'secret-12secret-1 secret-')).toBe('************ secret-');
  expect(redacted(['secret'], 'secret')).toBe('******');
  expect(redacted(['a', 'basic', ''], 'a basic case')).toBe('a basic case');
  expect(redacted(['secret'], '')).toBe('');
  expect(redacted(['secret'], 'abc')).toBe('abc');
  expect(redacted([], 'abcdefgh')).toBe('abcdefgh');
  expect(redacted(['\ud800\ud800\ud800lone'], 'a \\ud800\\ud800\\ud800lone b')).toBe('a ****** b');
});

test('ten megabytes and two hundred credentials take a moment', () => {
  const secrets = Array.from({ length: 200 }, (_, i) => `${i}-credential-${i * 7919}`);
  const answer = Buffer.from(`{"text":"nothing to see here, credential-free"} ${secrets[199]} `.repeat(150_000));
  const redaction = new Redaction(secrets);
  const startedAt = performance.now();
  const left = redaction.bytes(answer);
  expect(performance.now() - startedAt).toBeLessThan(3_000);
  expect(left.includes(String(secrets[199]))).toBe(false);
});

test('an answer that is made of beginnings is refused, and not searched for ever', () => {
  const secrets = Array.from({ length: 200 }, (_, i) => `${'a'.repeat(1_000)}${i}`);
  const redaction = new Redaction(secrets);
  const startedAt = performance.now();
  expect(() => redaction.bytes(Buffer.alloc(10_000_000, 'a'))).toThrow(
    expect.objectContaining({ code: 'connection_failed' }),
  );
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});
