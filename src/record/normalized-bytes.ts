/**
 * Normalizes bytes so that different spellings of a text become equal: ignores letter case, line ends and repeated
 * blanks, maps the base64url alphabet to base64's, and `+` (a blank in forms) to a blank. Optionally decodes JSON,
 * percent or HTML escapes. Pure.
 *
 * Escapes are decoded once, from left to right. Text in front of a credential cannot change how the credential is
 * decoded, as long as both were escaped together.
 */

const code = (char: string): number => char.charCodeAt(0);
const [BLANK, TAB, SLASH] = [code(' '), code('\t'), code('/')];
const [LINE_FEED, CARRIAGE_RETURN] = [code('\n'), code('\r')];

const FOLDED = Uint8Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte);
  if (/[A-Z]/.test(char)) return code(char.toLowerCase());
  if ('+-\t'.includes(char)) return BLANK;
  return char === '_' ? SLASH : byte;
});

/** Bytes that normalizing may drop. */
export const droppedBytes: readonly number[] = [LINE_FEED, CARRIAGE_RETURN, BLANK, TAB];

export const isLineEnd = (byte: number | undefined): boolean => byte === LINE_FEED || byte === CARRIAGE_RETURN;

const SPELLINGS = Array.from({ length: 256 }, (_, folded) =>
  [...FOLDED.keys()].filter((byte) => FOLDED[byte] === folded),
);

/** The bytes that become this one. */
export const spellingsOf = (normalized: number): readonly number[] => SPELLINGS[normalized] ?? [];

export class NormalizedBytes {
  readonly bytes: Uint8Array;
  /** Start and end of each byte in the source. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  length = 0;

  readonly #capacity: number;
  #endsInBlank = false;

  constructor(capacity: number) {
    this.#capacity = capacity;
    // The last escape may decode to several bytes.
    this.bytes = new Uint8Array(capacity + CHAR_BYTES);
    this.from = new Int32Array(capacity + CHAR_BYTES);
    this.to = new Int32Array(capacity + CHAR_BYTES);
  }

  get isFull(): boolean {
    return this.length >= this.#capacity;
  }

  add(byte: number, from: number, to: number): void {
    if (isLineEnd(byte)) return;
    const isBlank = byte === BLANK || byte === TAB;
    if (isBlank && this.#endsInBlank) return;
    this.#endsInBlank = isBlank;
    this.bytes[this.length] = FOLDED[byte] as number;
    this.from[this.length] = from;
    this.to[this.length++] = to;
  }

  clear(): void {
    this.length = 0;
    this.#endsInBlank = false;
  }

  keepLast(count: number): void {
    for (const list of [this.bytes, this.from, this.to]) list.copyWithin(0, this.length - count, this.length);
    this.length = count;
  }
}

/** The longest character in UTF-8. */
const CHAR_BYTES = 4;

export interface EscapeDecoder {
  /** The byte that every escape begins with. */
  readonly marker: number;
  /** Decodes the escape at a marker into `output`. @returns its length in the source, or 0 if it is not an escape */
  decode(source: Uint8Array, at: number, output: NormalizedBytes): number;
}

const NOT_HEX = 16;
const HEX = Uint8Array.from({ length: 256 }, (_, byte) => {
  const value = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(value) ? NOT_HEX : value;
});

/** The value of hexadecimal digits, or -1. */
function hexAt(source: Uint8Array, at: number, digits: number): number {
  if (at + digits > source.length) return -1;
  let value = 0;
  for (let i = at; i < at + digits; i++) {
    const digit = HEX[source[i] as number] as number;
    if (digit === NOT_HEX) return -1;
    value = value * 16 + digit;
  }
  return value;
}

function addChar(output: NormalizedBytes, char: number, from: number, to: number): number {
  for (const byte of utf8(char)) output.add(byte, from, to);
  return to - from;
}

/** Also encodes a lone surrogate, as its three bytes. */
function utf8(char: number): number[] {
  const tail = (shift: number): number => 0x80 | ((char >> shift) & 0x3f);
  if (char < 0x80) return [char];
  if (char < 0x800) return [0xc0 | (char >> 6), tail(0)];
  if (char < 0x10000) return [0xe0 | (char >> 12), tail(6), tail(0)];
  return [0xf0 | (char >> 18), tail(12), tail(6), tail(0)];
}

const percent: EscapeDecoder = {
  marker: code('%'),
  decode(source, at, output) {
    const byte = hexAt(source, at + 1, 2);
    if (byte < 0) return 0;
    output.add(byte, at, at + 3);
    return 3;
  },
};

const SHORT_JSON: ReadonlyMap<number, number> = new Map(
  ['""', '\\\\', '//', "''", 'b\b', 'f\f', 'n\n', 'r\r', 't\t'].map((pair) => [code(pair), pair.charCodeAt(1)]),
);
const SMALL_U = code('u');

/** The code unit of a `\uXXXX`, or -1. */
const unitAt = (source: Uint8Array, at: number): number =>
  source[at] === json.marker && source[at + 1] === SMALL_U ? hexAt(source, at + 2, 4) : -1;

const json: EscapeDecoder = {
  marker: code('\\'),
  decode(source, at, output) {
    const unit = unitAt(source, at);
    if (unit < 0) {
      const short = SHORT_JSON.get(source[at + 1] ?? -1);
      return short === undefined ? 0 : addChar(output, short, at, at + 2);
    }
    const low = unit >= 0xd800 && unit < 0xdc00 ? unitAt(source, at + 6) - 0xdc00 : -1;
    if (low < 0 || low >= 0x400) return addChar(output, unit, at, at + 6);
    return addChar(output, 0x10000 + (unit - 0xd800) * 0x400 + low, at, at + 12);
  },
};

const NAMED: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);
/** From `&` to `;`. */
const ENTITY_BYTES = 12;
const MIN_ENTITY_BYTES = 3;
const SEMICOLON = code(';');

const html: EscapeDecoder = {
  marker: code('&'),
  decode(source, at, output) {
    const end = source.subarray(at, at + ENTITY_BYTES).indexOf(SEMICOLON);
    if (end < MIN_ENTITY_BYTES) return 0;
    const text = String.fromCharCode(...source.subarray(at, at + end + 1));
    const [entity = '', name = '', decimal, hex] = /^&(?:([a-z]{2,4})|#(\d{1,7})|#x([0-9a-f]{1,6}));/i.exec(text) ?? [];
    const number = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    const char = NAMED.get(name.toLowerCase())?.charCodeAt(0) ?? number;
    return char <= 0x10ffff ? addChar(output, char, at, at + entity.length) : 0;
  },
};

export const escapeDecoders: readonly EscapeDecoder[] = [percent, json, html];

export function normalize(text: Uint8Array): Uint8Array {
  const output = new NormalizedBytes(text.length);
  for (let at = 0; at < text.length; at++) output.add(text[at] as number, at, at + 1);
  return output.bytes.slice(0, output.length);
}
