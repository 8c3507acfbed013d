/** Credentials in responses, in the spellings that responses use. */
import { describe, expect, test } from 'vitest';
import { Redaction } from '../../src/record/redaction.ts';

const SECRET = `pä"ss/w<&>'ö rd+%\\🔑`;
const redacted = (secrets: string[], answer: string | Buffer): string =>
  new Redaction(secrets).bytes(Buffer.from(answer as string)).toString();

const hex = (text: string): string => Buffer.from(text).toString('hex');
const hex2 = (byte: number): string => byte.toString(16).padStart(2, '0');
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

test.each(['', 'u', 'us', 'use', 'user:', 'Bearer '])('in base64 after %j', (before) => {
  for (const after of ['', '\n', '--', ' end']) {
    const answer = Buffer.from(before + SECRET + after).toString('base64');
    const left = redacted([SECRET], answer);
    expect(left).toContain('******');
    // What it shares a digit with is not more than six bits at either end.
    expect(Buffer.from(left.split('******')[0] as string, 'base64').toString()).not.toContain(SECRET.slice(0, 2));
    expect(left.length).toBeLessThan(before.length * 2 + after.length * 2 + 20);
  }
});

test('in binary data', () => {
  const answer = Buffer.concat([Buffer.from([0xff, 0, 0xfe]), Buffer.from('top-secret'), Buffer.from([0xff])]);
  const left = new Redaction(['top-secret']).bytes(answer);
  expect(left).toEqual(Buffer.concat([Buffer.from([0xff, 0, 0xfe]), Buffer.from('******'), Buffer.from([0xff])]));
  const latin1 = Buffer.from('<p>pässword</p>', 'latin1');
  expect(new Redaction(['pässword']).bytes(latin1).toString('latin1')).toBe('<p>******</p>');
});

test('in header values, as Latin-1', () => {
  const redaction = new Redaction(['pässword']);
  expect(redaction.header(`a ${Buffer.from('pässword').toString('latin1')} b`)).toBe('a ****** b');
  expect(redaction.header('gr\u00f6\u00dfe')).toBe('gr\u00f6\u00dfe');
});

test('at the ends, adjacent, nested; short ones stay', () => {
  expect(redacted(['secret-1', 'secret-12'], 'secret-12secret-1 secret-')).toBe('************ secret-');
  expect(redacted(['secret'], 'secret')).toBe('******');
  expect(redacted(['a', 'basic', ''], 'a basic case')).toBe('a basic case');
  expect(redacted(['secret'], '')).toBe('');
  expect(redacted(['secret'], 'abc')).toBe('abc');
  expect(redacted([], 'abcdefgh')).toBe('abcdefgh');
  expect(redacted(['\ud800\ud800\ud800lone'], 'a \\ud800\\ud800\\ud800lone b')).toBe('a ****** b');
});

test('ten megabytes and two hundred credentials are fast', () => {
  const secrets = Array.from({ length: 200 }, (_, i) => `${i}-credential-${i * 7919}`);
  const answer = Buffer.from(`{"text":"nothing to see here, credential-free"} ${secrets[199]} `.repeat(150_000));
  const redaction = new Redaction(secrets);
  const startedAt = performance.now();
  const left = redaction.bytes(answer);
  expect(performance.now() - startedAt).toBeLessThan(3_000);
  expect(left.includes(String(secrets[199]))).toBe(false);
});

/** A byte takes some nanoseconds at least. The bound allows for busy machines. */
const MOMENT_MS = 10_000;
const ANSWER_BYTES = 2_000_000;

test.each<[string, string[], Buffer]>([
  ['beginnings', Array.from({ length: 200 }, (_, i) => `${'a'.repeat(300)}${i}`), Buffer.alloc(ANSWER_BYTES, 'a')],
  ['one letter', Array.from({ length: 200 }, (_, i) => 'a'.repeat(6 + i)), Buffer.alloc(ANSWER_BYTES, 'a')],
  ['a long one, over and over', ['a'.repeat(60_000), 'aaaaaa'], Buffer.alloc(ANSWER_BYTES, 'aaaaaa-')],
  ['escapes without an end', ['secret-%3'], Buffer.alloc(ANSWER_BYTES, '%3')],
  ['escapes that end all at once', ['secret-%3'], Buffer.concat([Buffer.alloc(ANSWER_BYTES, '%3'), Buffer.from('4')])],
  ['marks of entities', ['secret-&'], Buffer.alloc(ANSWER_BYTES, '&;')],
  ['line ends', ['secret-'], Buffer.from(`x${'\n'.repeat(ANSWER_BYTES / 2)}s${'\n'.repeat(ANSWER_BYTES / 2)}`)],
  ['blanks', ['secret-'], Buffer.from(`x${' '.repeat(ANSWER_BYTES / 2)}s${' '.repeat(ANSWER_BYTES / 2)}`)],
  ['backslashes', ['secret-\\'], Buffer.alloc(ANSWER_BYTES, '\\u\\')],
  ['every byte', ['x'.repeat(64 * 1024)], Buffer.from(Array.from({ length: ANSWER_BYTES }, (_, i) => (i * 7919) >> 3))],
])('a response made of %s takes no longer than another', (_what, secrets, answer) => {
  const startedAt = performance.now();
  const left = new Redaction(secrets, secrets).bytes(answer);
  expect(performance.now() - startedAt).toBeLessThan(MOMENT_MS);
  expect(left.length).toBeLessThanOrEqual(answer.length);
});

describe('overlapping credentials are cut completely', () => {
  test.each<[string, string[], string, string]>([
    ['one that begins in another', ['Bearer s', 'sekret-token'], 'a Bearer sekret-token b', 'a ****** b'],
    ['one that ends in another', ['sekret-token', 'token, b'], 'a sekret-token, b c', 'a ****** c'],
    ['one within another', ['ekret-', 'sekret-token'], 'a sekret-token b', 'a ****** b'],
    ['a prefix', ['sekret', 'sekret-token'], 'a sekret-token sekret-tok', 'a ****** ******-tok'],
    ['a suffix', ['-token', 'sekret-token'], 'a sekret-token b', 'a ****** b'],
    ['a chain', ['abcdefgh', 'ghijklmn', 'mnopqrst'], '-abcdefghijklmnopqrst-', '-******-'],
    ['itself', ['abcabcabc'], '-abcabcabcabcabc-', '-******-'],
    ['a spelling of another', ['a"b"c"', 'xyza\\"b'], '-xyza\\"b\\"c\\"-', '-******-'],
  ])('%s', (_what, secrets, answer, expected) => {
    expect(redacted(secrets, answer)).toBe(expected);
    expect(redacted(secrets.toReversed(), answer)).toBe(expected);
  });

  test('each as if it were the only one', () => {
    // Of two letters, everything overlaps.
    let seed = 1;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    const text = (chars: number): string => Array.from({ length: chars }, () => 'ab'[random(2)]).join('');
    for (let round = 0; round < 300; round++) {
      const secrets = Array.from({ length: 1 + random(5) }, () => text(6 + random(6)));
      const answer = text(200);
      const cut = Array.from({ length: answer.length }, () => false);
      for (const secret of secrets) {
        for (let at = answer.indexOf(secret); at >= 0; at = answer.indexOf(secret, at + 1))
          cut.fill(true, at, at + secret.length);
      }
      const kept = [...answer].filter((_, at) => !cut[at]).join('');
      expect(redacted(secrets, answer).replaceAll('*', ''), JSON.stringify({ secrets, answer })).toBe(kept);
    }
  });
});

describe('credentials written by a run', () => {
  const TOKEN = 'sk-Live4711';
  const answerWith = (token: string): string =>
    `{"authorization":"Bearer ${token}","x-key":"${token}","path":"/${token}/x","own":"a-value-of-mine"}`;
  const shownTo = (own: string[], token = TOKEN): string =>
    new Redaction([token], own).bytes(Buffer.from(answerWith(token))).toString();
  const ALPHABET = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
  const shown = '{"authorization":"Bearer ******","x-key":"******","path":"/******/x","own":"a-value-of-mine"}';

  test('do not influence other cuts: a right guess looks like a wrong one', () => {
    expect(shownTo([])).toBe(shown);
    for (const [before, after] of [
      ['"authorization":"Bearer ', ''],
      ['Bearer ', ''],
      ['"authorization":"Bearer sk-Live', ''],
      ['', '","x-key"'],
      ['', '1/x","own"'],
      ['"x-key":"', ''],
    ]) {
      for (const guess of ALPHABET) {
        const own = [before + guess + after];
        // Whatever the credential is, right or wrong.
        for (const other of ['Xk-Live471X', `${guess}other-one${guess}`.trim()]) {
          expect(shownTo(own, other), own[0]).toBe(shownTo(own));
        }
        if (/\w/.test(guess)) expect(shownTo(own), own[0]).toBe(shown);
      }
    }
    expect(shownTo(ALPHABET.filter((guess) => /\w/.test(guess)).map((guess) => `Bearer ${guess}`))).toBe(shown);
    expect(shownTo([`"authorization":"Bearer ${TOKEN}","x-key"`, TOKEN, TOKEN.slice(0, 8), TOKEN.slice(3)])).toBe(
      shown,
    );
  });

  test('are cut themselves, with and without others', () => {
    expect(shownTo(['a-value-of-mine'])).toBe(shown.replace('a-value-of-mine', '******'));
    expect(new Redaction([], ['a-value-of-mine']).bytes(Buffer.from(answerWith(TOKEN))).toString()).toContain(TOKEN);
    // Up to the others, and no further.
    expect(shownTo(['"authorization":"', '","x-key":"'])).toContain(`{******Bearer ${'******'.repeat(3)}","path"`);
  });

  test('reveal nothing in base64 either, where characters are shared', () => {
    const packed = Buffer.from(`Bearer ${TOKEN}`).toString('base64');
    const shown = new Redaction([TOKEN]).bytes(Buffer.from(packed)).toString();
    expect(shown).toMatch(/^[A-Za-z0-9]{1,9}\*{6}$/);
    for (const guess of ALPHABET) {
      const own = Buffer.from(`Bearer ${guess}`).toString('base64').replace(/=+$/, '');
      expect(new Redaction([TOKEN], [own, own.slice(0, -1)]).bytes(Buffer.from(packed)).toString(), guess).toMatch(
        /^(?:[A-Za-z0-9]{1,9}|\*{6})\*{6}$/,
      );
    }
  });
});

describe('mixed spellings', () => {
  const TOKEN = `4e"a+/<b>&'ü 9`;
  const each =
    (how: (char: string) => string) =>
    (text: string): string =>
      [...text].map(how).join('');
  const unit = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`;
  const json = (text: string): string => JSON.stringify(text).slice(1, -1);
  const base64 = (text: string): string => Buffer.from(text).toString('base64');

  test.each<[string, (text: string) => string]>([
    ['every character of it as JSON', each(unit)],
    ['some characters of it as JSON', each((char) => (/[<>&'+]/.test(char) ? unit(char) : json(char)))],
    ['every byte with percent signs', (text) => [...Buffer.from(text)].map((byte) => `%${hex2(byte)}`).join('')],
    ['with percent signs twice', (text) => encodeURIComponent(encodeURIComponent(text))],
    ['as HTML in JSON', (text) => json(html(text))],
    ['as HTML twice', (text) => html(html(text))],
    ['as JSON in JSON', (text) => json(json(text))],
    ['as JSON in an address', (text) => encodeURIComponent(json(text))],
    ['as numbers of HTML', each((char) => `&#${char.charCodeAt(0)};`)],
    ['in capitals', (text) => text.replace(/[a-z]/g, (letter) => letter.toUpperCase())],
    ['with other blanks', (text) => text.replace(' ', ' \t ')],
    ['with a line end', (text) => text.replace('/<', '/\r\n<')],
    ['as base64 in JSON', (text) => base64(text).replaceAll('/', '\\/')],
    ['as base64 with percent signs', (text) => encodeURIComponent(base64(text))],
    ['as base64 in two lines', (text) => base64(text).replace(/^.{8}/, '$&\r\n')],
    ['as base64 of JSON', (text) => base64(json(text))],
  ])('%s', (how, spell) => {
    expect(redacted([TOKEN], `a ${spell(TOKEN)} b`)).toMatch(/^a \*{6} b$/);
    // What stands in front of it or behind, and may look like part of an escape, is escaped with it.
    for (const before of ['x', '%', '%4', '\\', '\\u00', '&', '&#', '"']) {
      for (const after of ['', '"', '41', ';', '\\', 'amp;']) {
        const left = redacted([TOKEN], `a${spell(before + TOKEN + after)}b`);
        expect(left, before).toContain('******');
        const room = spell(`${before}${after}`).length + (how.includes('base64') ? 6 : 3);
        expect(left.length - '******'.length, `${before} ${after}: ${left}`).toBeLessThanOrEqual(room);
      }
    }
  });

  test.each(['as it is', 'as JSON', 'with percent signs'])(
    'nothing before or behind it hides one that is %s',
    (how) => {
      const secret = '41"ab%4';
      const spell: Record<string, (text: string) => string> = {
        'as it is': (text) => text,
        'as JSON': (text) => JSON.stringify(text).slice(1, -1),
        'with percent signs': encodeURIComponent,
      };
      const spelling = (spell[how] as (text: string) => string)(secret);
      for (const before of ['', '%', '%%', '%4', '\\', '\\u', '\\u00', '&', '&#']) {
        for (const after of ['', '1', '41', ';', '%', '\\', 'amp;']) {
          const left = redacted([secret], `<${before}${spelling}${after}>`);
          expect(left.includes('******'), `${before} ${after}`).toBe(true);
          expect(left).not.toContain('ab');
        }
      }
    },
  );

  test('trimmed, as sent', () => {
    for (const secret of [' sekret-token\n', '\tsekret-token', 'sekret-token\r\n', '\u00a0sekret-token ']) {
      expect(redacted([secret], '{"a":"Bearer sekret-token"}'), JSON.stringify(secret)).toBe('{"a":"Bearer ******"}');
    }
    expect(redacted(['sekret\n token'], 'a sekret token b')).toBe('a ****** b');
  });
});

test('credentials are cut anywhere in a large response, also across windows', () => {
  const secret = 'p\u00e4ss"word-0123456789';
  const spelled = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];
  for (const spelling of spelled) {
    for (const offset of [65_500, 65_530, 65_536, 131_060, 131_072, 196_600]) {
      for (const filler of ['x', '%41', '\n']) {
        const before = filler.repeat(Math.ceil(offset / filler.length)).slice(0, offset - (offset % filler.length));
        const left = redacted([secret], `${before}${spelling}${filler.repeat(1_000)}`);
        expect(left.includes('******') && !left.includes('0123456789'), `${spelling} ${offset}`).toBe(true);
      }
    }
  }
});
