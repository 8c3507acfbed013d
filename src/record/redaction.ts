/**
 * Takes credentials out of what an application answers, which may be what it was sent: as they are, and in
 * the spellings that answers have (JSON, HTML, percent signs, base64, hex). It looks at the bytes, whatever
 * they are, once, however many credentials there are. What an application does to them beyond that is its own.
 */
import { requestError } from '../errors.ts';

const REPLACEMENT = Buffer.from('******');
/** Short values are part of too much else. */
const FROM_CHARS = 6;
/** Spellings are looked up by their first bytes. */
const KEY_BYTES = 4;
/** Bytes that are compared at the most: an answer that is made of beginnings of credentials is not shown. */
const WORK_BYTES = 50_000_000;

export class Redaction {
  /** By their first bytes, longest first. */
  readonly #spellings = new Map<number, Buffer[]>();
  /** Whether there is one with such a hash of its first bytes; looked at for every byte. */
  readonly #mayBegin = new Uint8Array(0x10000);

  constructor(secrets: Iterable<string>) {
    const all = new Set([...secrets].filter(({ length }) => length >= FROM_CHARS).flatMap(spellingsOf));
    for (const text of [...all].sort((a, b) => b.length - a.length)) {
      const bytes = Buffer.from(text, 'latin1');
      if (bytes.length < FROM_CHARS) continue;
      const key = bytes.readUInt32BE(0);
      this.#spellings.set(key, [...(this.#spellings.get(key) ?? []), bytes]);
      this.#mayBegin[hashOf(key)] = 1;
    }
  }

  /** @throws RequestError if it takes too long to tell */
  bytes(answer: Buffer): Buffer {
    if (this.#spellings.size === 0 || answer.length < FROM_CHARS) return answer;
    const pieces: Buffer[] = [];
    const left = { work: WORK_BYTES };
    let [from, key] = [0, answer.readUIntBE(0, KEY_BYTES - 1)];
    for (let at = 0; at + KEY_BYTES <= answer.length; at++) {
      key = ((key << 8) | (answer[at + KEY_BYTES - 1] as number)) >>> 0;
      if (this.#mayBegin[hashOf(key)] === 0 || at < from) continue;
      const found = this.#spellings.get(key)?.find((spelling) => isAt(answer, at, spelling, left));
      if (!found) continue;
      pieces.push(answer.subarray(from, at), REPLACEMENT);
      from = at + found.length;
    }
    return pieces.length === 0 ? answer : Buffer.concat([...pieces, answer.subarray(from)]);
  }

  /** Of a text whose characters are bytes, as those of header fields are. */
  header(value: string): string {
    return this.bytes(Buffer.from(value, 'latin1')).toString('latin1');
  }
}

const hashOf = (key: number): number => Math.imul(key, 0x9e3779b1) >>> 16;

function isAt(answer: Buffer, at: number, spelling: Buffer, left: { work: number }): boolean {
  if (at + spelling.length > answer.length) return false;
  let same = 0;
  while (same < spelling.length && answer[at + same] === spelling[same]) same++;
  left.work -= same;
  if (left.work < 0) {
    throw requestError('connection_failed', { message: 'The answer holds too much that resembles the credentials.' });
  }
  return same === spelling.length;
}

// --- spellings, as texts whose characters are bytes -------------------------------------------------

const utf8 = (text: string): string => Buffer.from(text).toString('latin1');
const upperHex = (text: string): string =>
  text.replace(/%[0-9a-f]{2}|\\u[0-9a-f]{4}/gi, (code) =>
    code[0] === '%' ? code.toUpperCase() : `\\u${code.slice(2).toUpperCase()}`,
  );
const lowerHex = (text: string): string => text.replace(/%[0-9a-f]{2}/gi, (code) => code.toLowerCase());

/** Each as it is, and packed. */
function spellingsOf(secret: string): string[] {
  const wellFormed = secret.toWellFormed();
  const texts = [
    utf8(secret),
    // In the bytes of its characters, where each is one.
    ...(Buffer.from(secret, 'latin1').toString('latin1') === secret ? [secret] : []),
    ...jsonSpellings(secret),
    ...percentSpellings(wellFormed).flatMap((text) => [text, lowerHex(text)]),
    ...htmlSpellings(wellFormed).map(utf8),
  ];
  return [...new Set(texts)].flatMap((text) => [text, ...packed(Buffer.from(text, 'latin1'))]);
}

function packed(bytes: Buffer): string[] {
  const hex = bytes.toString('hex');
  return [...base64Spellings(bytes), hex, hex.toUpperCase()];
}

function jsonSpellings(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const ascii = json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return [json, ascii, upperHex(ascii)].flatMap((text) => [utf8(text), utf8(text.replaceAll('/', '\\/'))]);
}

const percentSpellings = (text: string): string[] => [
  encodeURIComponent(text),
  encodeURI(text),
  new URLSearchParams([['', text]]).toString().slice(1),
  // As `encodeURIComponent`, and with what RFC 3986 reserves beyond that.
  encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`),
];

function htmlSpellings(text: string): string[] {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return ['&#39;', '&#x27;', '&apos;', "'"].map((quote) => text.replace(/[&<>"']/g, (mark) => names[mark] ?? quote));
}

/** Whole, and wherever it begins among other bytes; what it shares with its neighbours is left out then. */
function base64Spellings(bytes: Buffer): string[] {
  const within = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64url');
    const isShared = (offset + bytes.length) % 3 !== 0;
    return text.slice(offset === 0 ? 0 : offset + 1, isShared ? -1 : undefined);
  });
  const url = [bytes.toString('base64url'), ...within];
  return [bytes.toString('base64'), ...url.map((text) => text.replaceAll('-', '+').replaceAll('_', '/')), ...url];
}
