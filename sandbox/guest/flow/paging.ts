/** Finds an export's next page. */
import LinkHeader from 'http-link-header';
import type { ApplicationAnswer } from './application.ts';
import { PageError, shorten } from './errors.ts';
import type { FlowRecord } from './interface.ts';
import { asText, isEmpty, listAt, numberAt, objectAt, textAt } from './json.ts';
import { relativeTo } from './origin.ts';
import { parsePath, readPath } from './path.ts';
import { withoutBraces } from './placement.ts';
import { namesConnection, render, type TemplateContext } from './template.ts';

/** Part of the export's state: determines the request for a page. */
export interface Position {
  /** Values of `{{export.http.paging.…}}`. */
  readonly page?: number;
  readonly skip?: number;
  readonly token?: string;
  /** Rendered in advance from the previous answer, which is gone by then. */
  readonly relativeURI?: string;
  readonly body?: string;
  /** The rendered texts still contain `{{connection.…}}`. */
  readonly isFilled?: boolean;
  /** Records and pages read before. */
  readonly records: number;
  readonly pages: number;
}

export const methods = ['page', 'skip', 'token', 'url', 'relativeuri', 'linkheader', 'body'] as const;
type Method = (typeof methods)[number];

/** The request and answer of a page. */
export interface ReadPage {
  readonly answer: ApplicationAnswer;
  readonly body: unknown;
  readonly records: readonly unknown[];
  /** The request's relative URI. */
  readonly relativeURI: string;
  readonly context: TemplateContext;
}

const LAST_PAGE_STATUS = 404;

/** @throws PageError `unsupported` */
export function methodOf(record: FlowRecord): Method | undefined {
  const method = textAt(record, 'http.paging.method');
  if (method === undefined) return undefined;
  if (!methods.includes(method as Method)) {
    throw new PageError('unsupported', `unknown paging method ${shorten(method, 50)}`);
  }
  return method as Method;
}

export function firstPosition(record: FlowRecord): Position {
  const paging = objectAt(record, 'http.paging');
  const token = textAt(paging, 'token');
  return {
    records: 0,
    pages: 0,
    ...(paging.method === 'page' ? { page: numberAt(paging, 'page') ?? 1 } : {}),
    ...(paging.method === 'skip' ? { skip: numberAt(paging, 'skip') ?? 0 } : {}),
    ...(token === undefined ? {} : { token }),
  };
}

/** Parses a position from JSON. */
export function parsePosition(value: unknown): Position {
  const { isFilled } = objectAt({ value }, 'value');
  const numbers = { page: numberAt(value, 'page'), skip: numberAt(value, 'skip') };
  const texts = {
    token: textAt(value, 'token'),
    relativeURI: textAt(value, 'relativeURI'),
    body: textAt(value, 'body'),
  };
  const given = Object.entries({ ...numbers, ...texts }).filter(([, part]) => part !== undefined);
  return {
    ...Object.fromEntries(given),
    records: numberAt(value, 'records') ?? 0,
    pages: numberAt(value, 'pages') ?? 0,
    ...(isFilled === true ? { isFilled } : {}),
  };
}

/** Whether the status means that the previous page was the last. */
export const isPastTheEnd = (record: FlowRecord, status: number, { pages }: Position): boolean =>
  pages > 0 &&
  methodOf(record) !== undefined &&
  status === (numberAt(record, 'http.paging.lastPageStatusCode') ?? LAST_PAGE_STATUS);

/** The next page's position; undefined after the last page. @throws PageError */
export function nextPosition(
  record: FlowRecord,
  connection: FlowRecord,
  position: Position,
  read: ReadPage,
): Position | undefined {
  const method = methodOf(record);
  const paging = objectAt(record, 'http.paging');
  const { records, body } = read;
  if (method === undefined || records.length === 0) return undefined;
  const next = { ...position, records: position.records + records.length, pages: position.pages + 1 };
  if (isLast(paging, position, next, body)) return undefined;
  switch (method) {
    case 'page':
      return { ...next, page: (position.page ?? 1) + 1 };
    case 'skip':
      return { ...next, skip: (position.skip ?? 0) + records.length };
    case 'token': {
      const token = tokenIn(paging, read);
      return token === '' ? undefined : { ...next, token };
    }
    case 'url':
    case 'linkheader': {
      const address = method === 'url' ? valueAt(paging, 'path', body) : linkIn(paging, read.answer);
      if (address === '') return undefined;
      return { ...next, relativeURI: withoutBraces(relativeTo(connection, address, read.relativeURI), 'address') };
    }
    case 'relativeuri':
    case 'body':
      return rendered(method, paging, next, read);
  }
}

function isLast(paging: object, position: Position, next: Position, body: unknown): boolean {
  const lastPath = textAt(paging, 'lastPagePath');
  if (lastPath !== undefined) {
    const value = readPath(body, parsePath(lastPath));
    const values = listAt(paging, 'lastPageValues').map(asText);
    const isSo = values.length === 0 ? Boolean(value) && value !== 'false' : values.includes(asText(value));
    if (isSo) return true;
  }
  const lastPage = numberAtPath(paging, 'maxPagePath', body);
  if (lastPage !== undefined && (position.page ?? next.pages) >= lastPage) return true;
  const total = numberAtPath(paging, 'maxCountPath', body);
  return total !== undefined && next.records >= total;
}

function numberAtPath(paging: object, name: string, body: unknown): number | undefined {
  const text = valueAt(paging, name, body);
  const number = Number(text);
  return text === '' || Number.isNaN(number) ? undefined : number;
}

/** The text in the answer at a path from the paging settings. */
function valueAt(paging: object, name: string, body: unknown): string {
  const path = textAt(paging, name);
  return path === undefined ? '' : asText(readPath(body, parsePath(path)));
}

function tokenIn(paging: object, { answer, body }: ReadPage): string {
  const isInHeader = textAt(paging, 'pathLocation') === 'header';
  if (!isInHeader) return valueAt(paging, 'path', body);
  return answer.headers.get((textAt(paging, 'path') ?? '').toLowerCase()) ?? '';
}

function linkIn(paging: object, { headers }: ApplicationAnswer): string {
  const header = headers.get('link');
  if (header === undefined) return '';
  try {
    const links = LinkHeader.parse(header).rel(textAt(paging, 'linkHeaderRelation') ?? 'next');
    return links[0]?.uri ?? '';
  } catch {
    throw new PageError('response_invalid', `the header Link cannot be read: ${shorten(header, 100)}`);
  }
}

/** Renders templates from this answer, because the next call does not have it. */
function rendered(
  method: 'relativeuri' | 'body',
  paging: object,
  next: Position,
  { context, answer, body, records }: ReadPage,
): Position | undefined {
  const template = textAt(paging, method === 'body' ? 'body' : 'relativeURI');
  if (template === undefined) throw new PageError('unsupported', `paging by ${method} needs a template`);
  const previous_page = {
    full_response: body,
    last_record: records.at(-1),
    headers: Object.fromEntries(answer.headers),
  };
  const isFilled = namesConnection(template);
  const values = { ...context, previous_page };
  // Always escape braces in data: another part of the request may contain `{{connection.…}}`.
  const text = render(template, values, method === 'body' ? 'json' : 'address', true).trim();
  if (isEmpty(text)) return undefined;
  return { ...next, [method === 'body' ? 'body' : 'relativeURI']: text, ...(isFilled ? { isFilled } : {}) };
}
