/** How a rendered value is written, depending on where in a request it stands. */
import { PageError } from './errors.ts';

/** `text` is for mappings, where a value is no part of a larger syntax. */
export type Place = 'address' | 'header' | 'json' | 'form' | 'xml' | 'text';

const XML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** For `{{…}}`. What is in three braces is written as it is. */
export const escapes: Readonly<Record<Place, (text: string) => string>> = {
  address: encode,
  form: encode,
  json: (text) => JSON.stringify(text).slice(1, -1),
  xml: (text) => text.replace(/[&<>"']/g, (char) => XML[char] as string),
  header: (text) => text,
  text: (text) => text,
};

function encode(text: string): string {
  // A surrogate alone has no UTF-8 bytes.
  return encodeURIComponent(text.toWellFormed());
}

/** Double braces that mean the same to the application, and nothing to the runtime. */
const literalBraces: Readonly<Partial<Record<Place, string>>> = {
  address: '%7B%7B',
  form: '%7B%7B',
  json: '\\u007b\\u007b',
  xml: '&#123;&#123;',
};

/**
 * Writes double braces so that the runtime does not take them for a credential to fill in: they come from data.
 *
 * @throws PageError if the place has no other way to write them
 */
export function withoutBraces(text: string, place: Place): string {
  if (!text.includes('{{')) return text;
  const literal = literalBraces[place];
  if (literal === undefined) {
    throw new PageError('template_invalid', 'a text with double braces cannot be sent together with {{connection.…}}');
  }
  // Three braces in a row contain two pairs.
  return text.replace(/\{\{+/g, (braces) => literal.slice(0, literal.length / 2).repeat(braces.length));
}

/** Media types that requests are written in, by their names in records. */
export const mediaTypes: Readonly<Record<string, { readonly type: string; readonly place: Place }>> = {
  json: { type: 'application/json', place: 'json' },
  urlencoded: { type: 'application/x-www-form-urlencoded', place: 'form' },
  xml: { type: 'application/xml', place: 'xml' },
  csv: { type: 'text/csv', place: 'text' },
  plaintext: { type: 'text/plain', place: 'text' },
};
