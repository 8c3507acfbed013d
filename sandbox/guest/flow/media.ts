/** Bodies as values: JSON, CSV and plain text. */
import { csvFormat, csvParseRows } from 'd3-dsv';
import type { ApplicationAnswer } from './application.ts';
import { PageError, shorten } from './errors.ts';
import { asText, isObject, type JsonObject, setOwn } from './json.ts';

/**
 * @param mediaType as in `http.successMediaType`; default: the answer's `Content-Type`
 * @throws PageError `response_invalid`, `unsupported`
 */
export function parseBody({ headers, text, status }: ApplicationAnswer, mediaType: string | undefined): unknown {
  const isCsv = /\bcsv\b/i.test(headers.get('content-type') ?? '');
  switch (mediaType ?? (isCsv ? 'csv' : 'json')) {
    case 'json':
      try {
        return text.trim() === '' ? undefined : (JSON.parse(text.replace(/^\uFEFF/, '')) as unknown);
      } catch {
        throw new PageError('response_invalid', `the answer with status ${status} is not JSON: ${shorten(text, 100)}`);
      }
    case 'csv':
      return parseCsv(text);
    case 'plaintext':
      return text;
    default:
      throw new PageError(
        'unsupported',
        `answers of the media type ${shorten(String(mediaType), 50)} are not supported yet`,
      );
  }
}

/** The parsed body, or its text if it cannot be parsed. */
export function looseBody(answer: ApplicationAnswer): unknown {
  try {
    return parseBody(answer, undefined);
  } catch {
    return answer.text;
  }
}

/** The first row has the names. All values are texts. */
export function parseCsv(text: string): JsonObject[] {
  const [names = [], ...rows] = csvParseRows(text.replace(/^\uFEFF/, ''));
  const isBlank = (row: readonly string[]): boolean => row.length === 1 && row[0] === '';
  return rows
    .filter((row) => !isBlank(row))
    .map((row) => {
      const record = {};
      names.forEach((name, i) => {
        setOwn(record, name, row[i] ?? '');
      });
      return record;
    });
}

/** @throws PageError `unsupported` */
export function writeBody(records: unknown, mediaType: string): string {
  switch (mediaType) {
    case 'json':
      return JSON.stringify(records);
    case 'urlencoded':
      return formOf(records);
    case 'csv':
      return csvFormat([records].flat().map(cellsOf));
    default:
      throw new PageError('unsupported', `requests of the media type ${shorten(mediaType, 50)} need a body template`);
  }
}

const cellsOf = (record: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries(isObject(record) ? record : { value: record }).map(([k, v]) => [k, asText(v)]));

function formOf(record: unknown): string {
  const pairs = Object.entries(cellsOf(record));
  return pairs.map((pair) => pair.map((part) => encodeURIComponent(part.toWellFormed())).join('=')).join('&');
}
