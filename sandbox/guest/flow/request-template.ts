/** Builds a request of an export, import or lookup from its templates. */
import type { ApplicationRequest } from './application.ts';
import { PageError, shorten } from './errors.ts';
import type { FlowRecord } from './interface.ts';
import { asText, at, listAt, objectAt, textAt } from './json.ts';
import { writeBody } from './media.ts';
import { relativeTo } from './origin.ts';
import { mediaTypes, withoutBraces } from './placement.ts';
import { namesConnection, render, type TemplateContext } from './template.ts';

export interface RequestTemplate {
  readonly relativeURI: string;
  readonly method: string;
  readonly headers: readonly unknown[];
  /** A text, or JSON with templates in its texts. */
  readonly body?: unknown;
  /** As in `http.requestMediaType`. */
  readonly mediaType: string;
  /** The runtime fills in `{{connection.…}}`, even if these templates have none. */
  readonly isFilled?: boolean | undefined;
}

export interface RequestValues {
  /** For the address and the headers. */
  readonly address: TemplateContext;
  readonly body: TemplateContext;
  /** Sent if there is no body template. */
  readonly records?: unknown;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const BODILESS = ['GET', 'HEAD'];
const HEADERS = 50;
const URI_CHARS = 8_000;

/** The media type of requests over a connection. */
export const requestMediaType = (record: FlowRecord, connection: FlowRecord): string =>
  textAt(record, 'http.requestMediaType') ?? textAt(connection, 'http.mediaType') ?? 'json';

/** @param at index of the operation if the value is a list */
export function pick(value: unknown, at: number): unknown {
  return Array.isArray(value) ? (value[at] ?? value[0]) : value;
}

/** @throws PageError */
export function buildRequest(
  connection: FlowRecord,
  template: RequestTemplate,
  { address, body, records }: RequestValues,
): ApplicationRequest {
  const method = template.method.toUpperCase();
  if (!METHODS.includes(method)) throw new PageError('unsupported', `${shorten(method, 50)} is not an HTTP method`);
  const bodyTemplate = templateText(template.body);
  const { isFilled = namesConnection(template.relativeURI) || namesConnection(bodyTemplate ?? '') } = template;
  const relativeURI = addressOf(render(template.relativeURI, address, 'address', isFilled), connection);
  const { type, place } = mediaTypes[template.mediaType] ?? { type: template.mediaType, place: 'text' as const };
  const headers = headersOf(template.headers, address);
  const request = { connectionId: connection._id, method, relativeURI, headers, isFilled };
  if (BODILESS.includes(method)) return request;
  let text: string | undefined;
  if (bodyTemplate !== undefined) text = render(bodyTemplate, body, place, isFilled);
  else if (records !== undefined) {
    const written = writeBody(records, template.mediaType);
    text = isFilled ? withoutBraces(written, place) : written;
  }
  if (text === undefined) return request;
  const hasType = headers.some(([name]) => name.toLowerCase() === 'content-type');
  return { ...request, body: text, headers: hasType ? headers : [...headers, ['content-type', type]] };
}

/** The body as text. JSON is serialized first, so that templates in it are rendered. */
function templateText(body: unknown): string | undefined {
  if (body === undefined || body === null || body === '') return undefined;
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function headersOf(headers: readonly unknown[], context: TemplateContext): (readonly [string, string])[] {
  if (headers.length > HEADERS) throw new PageError('unsupported', `more than ${HEADERS} headers`);
  return headers.flatMap((header): (readonly [string, string])[] => {
    const name = textAt(header, 'name');
    if (name === undefined) return [];
    const value = render(asText(at(header, 'value')), context, 'header').trim();
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value) || !/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
      throw new PageError('template_invalid', `the header ${shorten(name, 50)} has an invalid character`);
    }
    return [[name, value]];
  });
}

/** Encodes an address for a header. An absolute address must have the connection's origin. */
function addressOf(text: string, connection: FlowRecord): string {
  const address = /^https?:\/\//i.test(text) ? relativeTo(connection, text) : text;
  if (address.length > URI_CHARS) {
    throw new PageError('request_failed', `an address is longer than ${URI_CHARS} characters`);
  }
  return address.replace(/[^\x21-\x7e]+/g, (chars) => encodeURIComponent(chars.toWellFormed()));
}

/** The request template in the `http` section of an export, import or lookup. */
export function templateOf(record: FlowRecord, connection: FlowRecord, operation = 0): RequestTemplate {
  const http = objectAt(record, 'http');
  return {
    relativeURI: asText(pick(http.relativeURI, operation)),
    method: asText(pick(http.method, operation)) || 'GET',
    headers: listAt(http, 'headers'),
    body: pick(http.body, operation),
    mediaType: requestMediaType(record, connection),
  };
}
