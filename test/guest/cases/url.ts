/** `URL` and `URLSearchParams`: the Web Platform Tests' inputs from an npm package, and combinations of parts. */
import { readFileSync } from 'node:fs';
import type { Suite } from '../evaluate.ts';
import { expressions } from './expressions.ts';

const parts = [
  'href',
  'origin',
  'protocol',
  'username',
  'password',
  'host',
  'hostname',
  'port',
  'pathname',
  'search',
  'hash',
];
const parse = `(input, base) => {
  const url = base === undefined ? new URL(input) : new URL(input, base);
  return ${JSON.stringify(parts)}.map((part) => url[part]);
}`;

const fixture = new URL('../../../node_modules/@wordpress/url/src/test/fixtures/wpt-data.json', import.meta.url);
const wptInputs = (JSON.parse(readFileSync(fixture, 'utf8')) as { input: string }[]).map(({ input }) => input);

const hosts = [
  'example.com',
  'EXAMPLE.com',
  'a.b-c.d',
  'a_b',
  'a..b',
  'a.',
  '.',
  '',
  'xn--bcher-kva',
  'xn--a',
  'xn--',
  'bücher.de',
  'BÜCHER.de',
  'faß.de',
  '日本語。jp',
  'a\u00adb',
  '☃',
  '☃.☃',
  'ⓐ.com',
  '\uff05\uff14\uff11',
  '%41',
  '%zz',
  '%00',
  'a b',
  'a%20b',
  'a<b',
  'a^b',
  'a|b',
  'a[b',
  '127.0.0.1',
  '127.1',
  '0x7f.1',
  '0x7f000001',
  '2130706433',
  '0177.0.0.1',
  '256.0.0.1',
  '1.2.3.4.5',
  '1.2.3',
  '1.2.3.',
  '1..2',
  '0x',
  '0xg.1',
  '09.1',
  '4294967296',
  '1.2.3.08',
  'foo.0x4',
  'foo.09..',
  '999999999999',
  '[::1]',
  '[::]',
  '[1:2:3:4:5:6:7:8]',
  '[1::8]',
  '[::127.0.0.1]',
  '[::1.2.3.256]',
  '[1:2]',
  '[::g]',
  '[:1]',
  '[1:::2]',
  '[::1',
  '::1',
  '[0:0:0:1:0:0:0:1]',
  '[fe80::1%25eth0]',
  '[2001:DB8::A]',
  '[::ffff:1.2.3.4]',
  '[::1.2.3]',
  '[1:2:3:4:5:6:7:1.2.3.4]',
  'ＧＯ.com',
  'a\tb',
  '\u0301a',
  'a\u200db',
  'a\u200cb',
  '\u05d0a',
  '1\u05d0',
  'ab--c',
  '-a',
  'a-',
  `${'a'.repeat(64)}.com`,
  'example.com:',
  'user@',
  '@',
  'ö%',
];
const schemes = [
  'http',
  'https',
  'HTTP',
  'ws',
  'wss',
  'ftp',
  'file',
  'foo',
  'foo-bar',
  'javascript',
  'data',
  'blob',
  '1http',
  '',
];
const paths = [
  '',
  '/',
  '/a/b',
  '/a/../b',
  '/../..',
  '/./a/.',
  '/a/..',
  '/%2e/%2E%2e/b',
  '//a',
  '/a//b',
  '/a b',
  '/a"<>`{}|^',
  '/ä',
  '/%zz',
  '\\a\\b',
  '/a\\..\\b',
  '/C:/x',
  '/C|/x',
  '/C:/../x',
  '?',
  '?q',
  "?a'b",
  '?a"<>',
  '?ä#ö',
  '#',
  '#f',
  '#a b"<>`',
  '/p?q#f',
  '/p;x=1',
  '/\u{1f4a9}',
  '/\ud800',
  '/a\tb\nc',
  '/a:b@c',
  '/..%2f',
  '/.%2e/..',
  '/a/%2e',
  ' ',
  '/ ',
  '?\u0000',
  '/\u0000',
  '#\u0000',
  '/%',
  '/\x7f',
  '?%zz',
  '/[x]',
  "/'",
];
const authorities = [
  'u@h',
  'u:p@h',
  ':p@h',
  ':@h',
  '@h',
  'u:p:q@h',
  'ü:ö@h',
  'a@b@h',
  'u%20:p/@h',
  'h:80',
  'h:443',
  'h:0',
  'h:65535',
  'h:65536',
  'h:08',
  'h:x',
  'h:8 0',
  'h:',
  ':80',
  'u@:80',
  'u@/x',
];
const bases = [
  'http://h/a/b?q#f',
  'https://u:p@h:8/a/',
  'file:///C:/a/b',
  'file://h/a',
  'foo:opaque',
  'foo://h/a/b',
  'foo:/a/b',
  'mailto:x',
  'about:blank',
  'blob:http://h/x',
  'nonsense',
];
const references = [
  '',
  '.',
  '..',
  '../c',
  'c',
  'c/',
  '/c',
  '//c',
  '//c:9/d',
  '///c',
  '////c',
  '?x',
  '#x',
  'http:c',
  'http:/c',
  'https:c',
  'HTTP:c',
  'http:\\\\x\\y',
  'foo:c',
  'foo:',
  ':',
  ':c',
  ':/',
  '::',
  '1:c',
  'a:b',
  'C|/x',
  'C:/x',
  '/C|/x',
  '\\x',
  '\\\\x\\y',
  '/\\x',
  'file:x',
  'file:/x',
  'file://x/y',
  'file:C|/y',
  'file:..',
  'file:?q',
  'file:#f',
  ' x ',
  '\tx',
  'x\u0000',
  'non-special://h:1/',
  'javascript:alert(1)',
  '././x/..',
  'x/../../../y',
  '%2e%2e/x',
  'a%2fb',
  'ftp://h:21/',
  '@',
  '@x',
  'x@y',
  '//@/',
  '//:@/',
  '//u@/',
  './/x',
  '/..//x',
  '/.//x',
  '..//x',
];

const combined: (readonly string[])[] = [
  ...schemes.flatMap((scheme) => [...hosts, ...authorities].map((host) => [`${scheme}://${host}/x`])),
  ...schemes.flatMap((scheme) => paths.flatMap((path) => [[`${scheme}://h${path}`], [`${scheme}:${path}`]])),
  ...bases.flatMap((base) => references.map((reference) => [reference, base])),
];

const settable = ['href', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'hash'];
const subjects = [
  'http://u:p@h:8/p?q#f',
  'https://h/',
  'file:///C:/x',
  'file://h/x',
  'mailto:x',
  'foo://h/p',
  'foo:/p',
  'foo://',
  'javascript:x ?q',
];
const values = [
  '',
  'x',
  'x y',
  'ä',
  'https',
  'https:',
  'foo:',
  'http:x',
  'file',
  'ws://y',
  'x:9',
  'x:',
  ':9',
  '9',
  '09',
  '65536',
  '8a',
  'a8',
  '443',
  '80',
  '/a/../b',
  'a\\b',
  '?z',
  '#z',
  '??',
  '##',
  '//y',
  '..',
  '%zz',
  '\u0000',
  'a\tb',
  '[::1]',
  '1.2',
  'x@y',
  '@',
  'x/y',
  'x?y',
  'x#y',
  'http://z/',
  ' ',
  '/.//p',
  'C|/y',
  "'",
  '"<>`{}',
];
const set = `(start, part, value) => {
  const url = new URL(start);
  url[part] = value;
  return ${JSON.stringify(parts)}.map((part) => url[part]);
}`;

const queries = [
  '',
  '?',
  'a=b',
  '?a=b',
  'a=b&a=c',
  'a',
  'a=',
  '=b',
  '=',
  '&',
  '&&a&&',
  'a=b=c',
  'a+b=c+d',
  'a%20b=%2B',
  '%zz=%',
  'ä=ö',
  '%C3%A4=%F0%9F',
  'a%00=b',
  '\ud800=x',
  'a=b&c=d&a=e',
  '??a',
  '#a',
  'a;b',
  'a\r\nb=c',
  "*-._~!()'=x",
  '%EF%BB%BF=x',
  '%FE%FF',
  'a=%e2%98%83&\u2603',
];
const query = `(text) => {
  const params = new URLSearchParams(text);
  const before = [...params];
  params.append('n', 'ü 1');
  params.set('a', 'set');
  params.sort();
  return [before, params.toString(), params.size, params.getAll('a'), params.get('none'), params.has('n', 'ü 1'), params.has('n', 'x')];
}`;

export const urlSuites: readonly Suite[] = [
  { api: "URL, the inputs of WPT's urltestdata", subject: parse, cases: wptInputs.map((input) => [input]) },
  { api: 'URL, parts in combination', subject: parse, cases: combined },
  {
    api: 'URL, setters',
    subject: set,
    cases: subjects.flatMap((start) => settable.flatMap((part) => values.map((value) => [start, part, value]))),
  },
  { api: 'URLSearchParams, texts', subject: query, cases: queries.map((text) => [text]) },
  expressions(
    'URL and URLSearchParams, behaviour',
    String.raw`
    URL.canParse('x:'), URL.canParse('x'), URL.canParse('x', 'http://h'), URL.parse('x'), URL.parse('x', 'http://h').href
    URL()
    new URL()
    new URL(undefined, 'http://h/').href
    new URL('http://h', undefined).href
    new URL({ toString: () => 'http://h/x' }).href
    Object.prototype.toString.call(new URL('http://h')) + Object.prototype.toString.call(new URLSearchParams())
    JSON.stringify({ url: new URL('http://h') })
    (() => { const url = new URL('http://h?a=1'); const { searchParams } = url; searchParams.append('b', '2'); url.search = '?c'; return [url.href, searchParams === url.searchParams, [...searchParams]] })()
    (() => { const url = new URL('http://h?a'); url.searchParams.delete('a'); return url.href })()
    (() => { const url = new URL('http://h/p?a=~'); url.searchParams.append('x', "'"); return url.href })()
    (() => { const url = new URL('data:space ?x'); url.searchParams.delete('x'); return url.href })()
    (() => { 'use strict'; const url = new URL('http://h'); url.origin = 'x'; return url.origin })()
    (() => { 'use strict'; const url = new URL('http://h'); url.href = 'x'; return url.href })()
    [...new URLSearchParams({ a: 1, b: null })]
    [...new URLSearchParams([['a', 'b'], ['a', 'c']])]
    new URLSearchParams([['a']])
    new URLSearchParams([['a', 'b', 'c']])
    [...new URLSearchParams(new URLSearchParams('a=b'))]
    [...new URLSearchParams(new Map([['a', 'b']]))]
    new URLSearchParams(null).toString()
    new URLSearchParams(undefined).toString()
    new URLSearchParams(5).toString()
    new URLSearchParams('a=b').get()
    (() => { const p = new URLSearchParams('a=1&b=2&a=3'); p.delete('a', '1'); return p.toString() })()
    (() => { const p = new URLSearchParams('b=1&a=2&b=0'); const seen = []; p.forEach((value, name, all) => seen.push(value, name, all === p)); return seen })()
    [[...new URLSearchParams('a=b').keys()], [...new URLSearchParams('a=b').values()], [...new URLSearchParams('a=b').entries()]]
    (() => { const p = new URLSearchParams('a=1&b=2&c=3'); const seen = []; for (const [name] of p) { seen.push(name); p.delete(name) } return seen })()
    (() => { const p = new URLSearchParams('\uffff=x&\u{1f308}=y&z=1'); p.sort(); return p.toString() })()
    new URLSearchParams({ a: '\ud83d' }).toString()
    URLSearchParams.prototype.entries === URLSearchParams.prototype[Symbol.iterator]
    Object.keys(URL.prototype).sort()
    Object.keys(URLSearchParams.prototype).sort()
    URL.prototype.href
    Object.getOwnPropertyNames(Object.getOwnPropertyDescriptor(URL.prototype, 'origin')).sort()
    new URL('blob:https://h/id').origin
    new URL('file:///x').origin
    new (class Sub extends URL { extra() { return this.host } })('http://h').extra()
  `,
  ),
];
