/** The encodings of a credential that a response may contain: plain, JSON, HTML, percent, base64, hex. Pure. */
import type { Pattern } from './aho-corasick.ts';
import { normalize } from './normalized-bytes.ts';

/** Shorter values occur by chance too often. */
export const SECRET_CHARS_MIN = 6;
/** All patterns together. Only rare spellings of very long credentials exceed this and are left out. */
const PATTERN_BYTES = 512 * 1024;

/** Normalized patterns to search for. */
export function patternsOf(secrets: Iterable<string>): Pattern[] {
  // Surrounding blanks are usually dropped before sending.
  const trimmed = [...secrets].map((secret) => secret.trim());
  const texts = [...new Set(trimmed)].filter(({ length }) => length >= SECRET_CHARS_MIN).map(textsOf);
  const plain = texts.flatMap(([first]) => (first ? [first] : []));
  const escaped = texts.flatMap(([, ...others]) => others);
  const patterns = new Map<string, Pattern>();
  let bytesLeft = PATTERN_BYTES;
  // The likely ones first, in case not all fit.
  for (const { bytes, ...shares } of [
    ...plain.map(verbatim),
    ...plain.flatMap(binaryEncodings),
    ...escaped.map(verbatim),
    ...escaped.flatMap(binaryEncodings),
  ]) {
    const seen = normalize(bytes);
    const key = Buffer.from(seen).toString('latin1');
    if (seen.length < SECRET_CHARS_MIN || seen.length > bytesLeft || patterns.has(key)) continue;
    bytesLeft -= seen.length;
    patterns.set(key, { bytes: seen, ...shares });
  }
  return [...patterns.values()];
}

const verbatim = (bytes: Uint8Array): Pattern => ({ bytes });

/** The first is the plain text. */
function textsOf(secret: string): Uint8Array[] {
  const wellFormed = secret.toWellFormed();
  const spelled = [secret, ...jsonSpellings(secret), ...percentSpellings(wellFormed), ...htmlSpellings(wellFormed)];
  const latin1 = Buffer.from(secret, 'latin1');
  // Header values are sent in Latin-1.
  const isLatin1 = latin1.toString('latin1') === secret;
  return [...[...new Set(spelled)].map((text) => Buffer.from(text)), ...(isLatin1 ? [latin1] : [])];
}

function jsonSpellings(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const ascii = json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return [json, ascii].flatMap((text) => [text, text.replaceAll('/', '\\/')]);
}

const percentSpellings = (text: string): string[] => [
  encodeURIComponent(text),
  encodeURI(text),
  new URLSearchParams([['', text]]).toString().slice(1),
  // `encodeURIComponent`, plus the other characters that RFC 3986 reserves.
  encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`),
];

function htmlSpellings(text: string): string[] {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return ['&#39;', '&#x27;', '&apos;', "'"].map((quote) => text.replace(/[&<>"']/g, (mark) => names[mark] ?? quote));
}

/** Hex, and base64 at each offset within other bytes, without the characters that also hold bits of those. */
function binaryEncodings(bytes: Uint8Array): Pattern[] {
  const base64 = [0, 1, 2].map((offset): Pattern => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64url');
    const shares = { sharesFirst: offset > 0, sharesLast: (offset + bytes.length) % 3 !== 0 };
    const own = text.slice(offset === 0 ? 0 : offset + 1, shares.sharesLast ? -1 : undefined);
    return { bytes: Buffer.from(own), ...shares };
  });
  return [...base64, { bytes: Buffer.from(Buffer.from(bytes).toString('hex')) }];
}
