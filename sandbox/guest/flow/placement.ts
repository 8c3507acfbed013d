/** Escapes a rendered value for its place in a request. */
import { PageError } from './errors.ts';

/** `text` is for mappings, where no syntax surrounds the value. */
export type Place = 'address' | 'header' | 'json' | 'form' | 'xml' | 'text';

const XML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** For `{{…}}`. Values in three braces are not escaped. */
export const escapes: Readonly<Record<Place, (text: string) => string>> = {
  address: encode,
  form: encode,
  json: (text) => JSON.stringify(text).slice(1, -1),
  xml: (text) => text.replace(/[&<>"']/g, (char) => XML[char] as string),
  header: (text) => text,
  text: (text) => text,
};

function encode(text: string): string {
  // A lone surrogate has no UTF-8 encoding.
  return encodeURIComponent(text.toWellFormed());
}

/** Escaped double braces: the application reads them as braces, the runtime ignores them. */
const literalBraces: Readonly<Partial<Record<Place, string>>> = {
  address: '%7B%7B',
  form: '%7B%7B',
  json: '\\u007b\\u007b',
  xml: '&#123;&#123;',
};

/**
 * Escapes double braces in data, so that the runtime does not fill in credentials.
 *
 * @throws PageError if the place has no escape for them
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

/** Media types of requests, by their names in records. */
export const mediaTypes: Readonly<Record<string, { readonly type: string; readonly place: Place }>> = {
  json: { type: 'application/json', place: 'json' },
  urlencoded: { type: 'application/x-www-form-urlencoded', place: 'form' },
  xml: { type: 'application/xml', place: 'xml' },
  csv: { type: 'text/csv', place: 'text' },
  plaintext: { type: 'text/plain', place: 'text' },
};
