/** `TextEncoder`, `TextDecoder`, `atob` and `btoa`. */
import type { Suite } from '../evaluate.ts';
import { expressions } from './expressions.ts';

/** Labels from the table of the Encoding standard, and some invalid ones. */
const labels =
  `unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8 866 cp866 csibm866 ibm866 csisolatin2 iso-8859-2 iso-ir-101
  iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2 csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3
  csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4 csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5
  iso88595 iso_8859-5 iso_8859-5:1988 arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e iso-8859-6-i iso-ir-127
  iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987 csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 iso_8859-7
  iso_8859-7:1987 sun_eu_greek csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988
  visual csiso88598i iso-8859-8-i logical csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6 iso-8859-13 iso8859-13 iso885913 iso-8859-14
  iso8859-14 iso885914 csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9 iso-8859-16 cskoi8r koi koi8 koi8-r koi8_r koi8-ru koi8-u csmacintosh mac
  macintosh x-mac-roman dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874 cp1250 windows-1250 x-cp1250 cp1251 windows-1251 x-cp1251
  ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii
  windows-1252 x-cp1252 cp1253 windows-1253 x-cp1253 cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5
  windows-1254 x-cp1254 cp1255 windows-1255 x-cp1255 cp1256 windows-1256 x-cp1256 cp1257 windows-1257 x-cp1257 cp1258 windows-1258 x-cp1258
  x-mac-cyrillic x-mac-ukrainian chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk gb18030 big5 big5-hkscs cn-big5 csbig5
  x-x-big5 cseucpkdfmtjapanese euc-jp x-euc-jp csiso2022jp iso-2022-jp csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis cseuckr
  csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949 unicodefffe utf-16be csunicode iso-10646-ucs-2 ucs-2
  unicode unicodefeff utf-16 utf-16le UTF-8 Latin1 utf-7 utf-32 cesu-8 iso-8859-12 none`
    .split(/\s+/)
    .concat([
      '',
      ' utf-8\t',
      '\u00a0utf-8',
      'utf\u20118',
      'replacement',
      'iso-2022-kr',
      'hz-gb-2312',
      'x-user-defined',
    ]);

const bytes = Array.from({ length: 256 }, (_, byte) => byte);
const singleByte = [
  'ibm866',
  'iso-8859-2',
  'iso-8859-5',
  'iso-8859-7',
  'iso-8859-15',
  'koi8-r',
  'koi8-u',
  'macintosh',
  'windows-1250',
  'windows-1251',
  'windows-1252',
  'windows-1254',
  'x-mac-cyrillic',
];
const sequences: readonly (readonly number[])[] = [
  [],
  [0x61],
  [0xc3, 0xa4],
  [0xe2, 0x82, 0xac],
  [0xf0, 0x9f, 0x98, 0x80],
  [0xef, 0xbb, 0xbf, 0x61],
  [0xef, 0xbb],
  [0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf],
  [0xff],
  [0xc0, 0x80],
  [0xc1, 0xbf],
  [0xc3],
  [0xc3, 0x28],
  [0xe2, 0x82],
  [0xe2, 0x28, 0xa1],
  [0xe0, 0x80, 0x80],
  [0xe0, 0x9f, 0xbf],
  [0xed, 0xa0, 0x80],
  [0xed, 0x9f, 0xbf],
  [0xed, 0xbf, 0xbf],
  [0xf0, 0x80, 0x80, 0x80],
  [0xf0, 0x8f, 0xbf, 0xbf],
  [0xf0, 0x90, 0x80, 0x80],
  [0xf4, 0x8f, 0xbf, 0xbf],
  [0xf4, 0x90, 0x80, 0x80],
  [0xf5, 0x80, 0x80, 0x80],
  [0xf0, 0x9f, 0x98],
  [0xf0, 0x9f],
  [0xf0],
  [0x80],
  [0xbf, 0xbf],
  [0x61, 0xf0, 0x9f, 0x61],
  [0xe2, 0x82, 0xe2, 0x82, 0xac],
  [0xf8, 0x88, 0x80, 0x80, 0x80],
  [0xfe, 0xff],
  [0x61, 0x00, 0x62],
];
const decode = `(label, options, bytes) => new TextDecoder(label, options).decode(new Uint8Array(bytes))`;
const stream = `(label, bytes) => {
  const decoder = new TextDecoder(label);
  return bytes.map((byte) => decoder.decode(new Uint8Array([byte]), { stream: true })).concat(decoder.decode());
}`;
const wide = [
  [0x61, 0],
  [0xff, 0xfe, 0x61, 0],
  [0xfe, 0xff, 0, 0x61],
  [0x3d, 0xd8, 0, 0xde],
  [0x3d, 0xd8],
  [0, 0xdc, 0x61, 0],
  [0x61],
  [0x3d, 0xd8, 0x61, 0],
  [0, 0x61],
  [0xd8, 0x3d, 0xde, 0],
];
const asian: readonly (readonly [string, readonly number[]])[] = [
  ['shift_jis', [0x82, 0xa0, 0x83, 0x41, 0xb1, 0x5c, 0x7e]],
  ['euc-jp', [0xa4, 0xa2, 0xa5, 0xa2, 0x8e, 0xb1]],
  ['iso-2022-jp', [0x1b, 0x24, 0x42, 0x24, 0x22, 0x1b, 0x28, 0x42, 0x61]],
  ['euc-kr', [0xb0, 0xa1, 0xc8, 0xfe]],
  ['big5', [0xa4, 0x40, 0xa4, 0xa4]],
  ['gbk', [0xd6, 0xd0, 0xce, 0xc4]],
  ['gb18030', [0x81, 0x30, 0x81, 0x30, 0xd6, 0xd0]],
  ['gb18030', [0x94, 0x39, 0xda, 0x33]],
];

const base64 = [
  '',
  'YQ==',
  'YQ=',
  'YQ',
  'YWI=',
  'YWJj',
  'YWJjZA==',
  ' Y W J j ',
  'YW\tJj\n',
  'YW\fJ\rj',
  'YQ===',
  '=',
  '==',
  '===',
  '====',
  'a',
  'ab',
  'abc',
  'abcd',
  'abcde',
  'ab=',
  'abc=',
  'abcd=',
  'abcd==',
  'abcde=',
  'ab==c',
  'a=b',
  '=a',
  'ab=c',
  '-_',
  '+/',
  '//8=',
  'YR==',
  'YWF=',
  'Y\u00a0Q',
  'ä',
  '\u0000',
  'YQ\u000b==',
  '/A',
  '/A==',
  '//',
  '///',
  '////',
  'AA/',
  'nonsense!',
  '12',
  '123',
  '1 2',
  'ab\u200b',
];
const binary = ['', 'a', 'ab', 'abc', '\u0000', '\u00ff\u00fe', '\u0100', '😀', '\ud800', 'ä', '\u0080\u0081'];

export const encodingSuites: readonly Suite[] = [
  {
    api: 'TextDecoder, labels',
    subject: '(label) => new TextDecoder(label).encoding',
    cases: labels.map((label) => [label]),
  },
  {
    api: 'TextDecoder, UTF-8',
    subject: decode,
    cases: sequences.flatMap((sequence) =>
      [{}, { fatal: true }, { ignoreBOM: true }].map((options) => ['utf-8', options, sequence]),
    ),
  },
  { api: 'TextDecoder, UTF-8 in pieces', subject: stream, cases: sequences.map((sequence) => ['utf-8', sequence]) },
  {
    api: 'TextDecoder, UTF-16',
    subject: decode,
    cases: wide.flatMap((sequence) => ['utf-16le', 'utf-16be'].map((label) => [label, {}, sequence])),
  },
  {
    api: 'TextDecoder, single-byte encodings',
    subject: decode,
    cases: singleByte.flatMap((label) => bytes.map((byte) => [label, {}, [byte]])),
  },
  {
    api: 'TextDecoder, Asian encodings',
    subject: decode,
    cases: asian.map(([label, sequence]) => [label, {}, sequence]),
  },
  expressions(
    'TextEncoder and TextDecoder, behaviour',
    String.raw`
    new TextEncoder().encode('aä€😀')
    new TextEncoder().encode('\ud800x\udc00')
    new TextEncoder().encode()
    new TextEncoder().encode(undefined)
    new TextEncoder().encode(null)
    new TextEncoder('utf-16').encoding
    (() => { const into = new Uint8Array(4); return [new TextEncoder().encodeInto('a€b', into), into] })()
    (() => { const into = new Uint8Array(3); return [new TextEncoder().encodeInto('a€b', into), into] })()
    (() => { const into = new Uint8Array(3); return [new TextEncoder().encodeInto('😀', into), into] })()
    (() => { const into = new Uint8Array(9); return [new TextEncoder().encodeInto('\ud800a', into), into] })()
    new TextEncoder().encodeInto('a', new ArrayBuffer(2))
    new TextDecoder().encoding + new TextDecoder().fatal + new TextDecoder().ignoreBOM
    new TextDecoder('utf-8', { fatal: 1 }).fatal
    new TextDecoder().decode()
    new TextDecoder().decode(undefined)
    new TextDecoder().decode(new ArrayBuffer(2))
    new TextDecoder().decode(new DataView(new Uint8Array([97, 98, 99]).buffer, 1))
    new TextDecoder().decode(new Uint16Array([0x6161]))
    new TextDecoder().decode('text')
    new TextDecoder().decode([97])
    TextDecoder()
    TextEncoder()
    (() => { const d = new TextDecoder(); return [d.decode(new Uint8Array([0xe2]), { stream: true }), d.decode(new Uint8Array([0x82, 0xac])), d.decode(new Uint8Array([0xac]))] })()
    (() => { const d = new TextDecoder('utf-8', { fatal: true }); try { d.decode(new Uint8Array([0xff])) } catch {} return d.decode(new Uint8Array([97])) })()
    (() => { const d = new TextDecoder('utf-16le'); return [d.decode(new Uint8Array([0x3d]), { stream: true }), d.decode(new Uint8Array([0xd8, 0, 0xde]))] })()
    Object.prototype.toString.call(new TextDecoder()) + Object.prototype.toString.call(new TextEncoder())
    Object.keys(TextDecoder.prototype).sort()
    Object.keys(TextEncoder.prototype).sort()
  `,
    {
      'Object.keys(TextDecoder.prototype).sort()': '@exodus/bytes has three members on each decoder',
      'Object.keys(TextEncoder.prototype).sort()': '@exodus/bytes has one member on each encoder',
    },
  ),
  { api: 'atob', subject: '(text) => atob(text)', cases: base64.map((text) => [text]) },
  { api: 'btoa', subject: '(text) => btoa(text)', cases: binary.map((text) => [text]) },
  expressions(
    'atob and btoa, behaviour',
    `
    atob()
    btoa()
    atob(undefined)
    atob(null)
    btoa(undefined)
    btoa(null)
    btoa(NaN)
    atob(12)
    btoa({ toString: () => 'x' })
    atob({ toString() { throw new RangeError() } })
    atob(btoa(String.fromCharCode(...Array(256).keys()))).length
  `,
  ),
];
