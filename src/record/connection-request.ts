/** Builds a request to a connection's application, with the credentials filled in. Pure. */
import type { Json, JsonObject } from '../json.ts';
import { type Fields, fieldsOf, originOf, textAt } from './connection-fields.ts';
import { type FilledText, fillBody, fillTemplate, invalid, tooLong } from './connection-templates.ts';
import { assertSecretLimits, type OpenRecord } from './credentials.ts';
import type { Author } from './destination.ts';
import { at } from './record.ts';
import type { SecretTexts } from './redaction-task.ts';
import { SECRET_CHARS_MIN } from './secret-spellings.ts';
import type { IssuedTokens } from './token-set.ts';

export interface ConnectionRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer | null;
  /** To be removed from the response, which may repeat them. */
  readonly secrets: SecretTexts;
}

export interface RequestTarget {
  readonly method: string;
  /** Appended to the connection's base URI. */
  readonly relativeURI: string;
  /** The field that errors about it name. */
  readonly relativeURIField?: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: Buffer | undefined;
  /** Fill `{{connection.…}}` in the relative URI and the body. */
  readonly fillsTemplates?: boolean;
  /** The connection itself says what to ask. */
  readonly isPing?: boolean;
}

const URL_CHARS = 8_000;
const HEADERS = 100;
/** Of one header with its name. */
const HEADER_CHARS = 16_000;
/** All headers that a connection adds. */
const HEADERS_CHARS = 32 * 1024;

/**
 * @param tokens of a connection that signs in with OAuth 2
 * @throws RequestError if the connection, or the target, is not valid
 */
export function connectionRequest(open: OpenRecord, target: RequestTarget, tokens?: IssuedTokens): ConnectionRequest {
  const { record } = open;
  const fields = fieldsOf(record);
  assertSecretLimits('connections', record);
  const base = textAt(record, fields.baseURI) ?? '';
  if (base.length > URL_CHARS) throw tooLong(fields.baseURI, URL_CHARS);
  const origin = originOf(record);
  if (origin === undefined) throw invalid(fields.baseURI, `${fields.baseURI} must be an http or https address`);
  const relative = relativeUriOf(record, target);
  const address = joinUri(base, relative.text);
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const { relativeURIField = RELATIVE_URI } = target;
  if (url?.origin !== origin) throw invalid(relativeURIField, 'the relative URI leads to another origin');
  const token = tokenOf(record, fields, tokens);
  const filledHeaders = [...configuredHeaders(record, fields), ...authentication(record, fields, token)];
  const headers = new Map(target.headers.map(([name, value]) => [name.toLowerCase(), value]));
  for (const [name, { text }] of filledHeaders) headers.set(name.toLowerCase(), text);
  const query = tokenInQuery(record, fields, token);
  if (query) url.searchParams.set(query.name, query.token);
  if (url.href.length > URL_CHARS) throw invalid(fields.baseURI, `the address is longer than ${URL_CHARS} characters`);
  const inQuery = query ? [{ text: `${query.name}=${query.token}`, from: [fields.token.split('.')] }] : [];
  const sent = [relative, ...filledHeaders.map(([, value]) => value), basicCredentials(record, fields), ...inQuery];
  return {
    url: url.href,
    method: target.method,
    headers: [...headers],
    body: bodyOf(open, target, headers.get('content-type') ?? ''),
    secrets: secretsOf(open, sent, tokens),
  };
}

const RELATIVE_URI = 'Integrator-Relative-URI';

function relativeUriOf(record: JsonObject, target: RequestTarget): FilledText {
  const { relativeURI, relativeURIField: field = RELATIVE_URI, fillsTemplates } = target;
  if (relativeURI.length > URL_CHARS) throw tooLong(field, URL_CHARS);
  if (!fillsTemplates) return { text: relativeURI, from: [] };
  return fillTemplate(relativeURI, record, { field, chars: URL_CHARS, encode: encodeURIComponent });
}

function bodyOf(open: OpenRecord, { body, fillsTemplates }: RequestTarget, type: string): Buffer | null {
  if (!body || !fillsTemplates) return body ?? null;
  return fillBody(body, open.record, { type, isSecret: (path) => open.authorAt(path) !== undefined });
}

/**
 * The credentials, and the texts that contain short ones: a short credential is recognized only within the text it was
 * sent in. Such a text counts as written by a run unless it contains a user's credential (see redaction.ts).
 */
function secretsOf(open: OpenRecord, sent: readonly FilledText[], tokens: IssuedTokens | undefined): SecretTexts {
  const isOf = (author: Author, { from }: FilledText): boolean => from.some((path) => open.authorAt(path) === author);
  const isShort = (path: readonly string[]): boolean => String(at(open.record, path)).trim().length < SECRET_CHARS_MIN;
  const whole = sent.filter((filled) => filled.from.some((path) => open.authorAt(path) !== undefined && isShort(path)));
  const ofUsers = whole.filter((filled) => isOf('user', filled));
  const ofRuns = whole.filter((filled) => !isOf('user', filled));
  const issued = tokens ? [tokens.accessToken, ...(tokens.refreshToken ? [tokens.refreshToken] : [])] : [];
  const texts = (filled: readonly FilledText[]): string[] => filled.map(({ text }) => text);
  return {
    ofUsers: [...open.secretsOf('user'), ...texts(ofUsers), ...issued],
    ofRuns: [...open.secretsOf('run'), ...texts(ofRuns)],
  };
}

/** Joins with exactly one slash. */
function joinUri(base: string, relativeURI: string): string {
  let end = base.length;
  while (base[end - 1] === '/') end--;
  const relative = relativeURI.replace(/^\/+/, '');
  return base.slice(0, end) + (/^(?:[?#]|$)/.test(relative) ? relative : `/${relative}`);
}

/** A list of `{name, value}`, with templates in the values. */
function configuredHeaders(open: JsonObject, { headers: field }: Fields): [string, FilledText][] {
  const configured = at(open, field.split('.'));
  if (!Array.isArray(configured)) return [];
  if (configured.length > HEADERS) throw invalid(field, `${field} has more than ${HEADERS} entries`);
  let remaining = HEADERS_CHARS;
  return configured.flatMap((header: Json): [string, FilledText][] => {
    const [name, value] = [at(header, ['name']), at(header, ['value'])];
    if (typeof name !== 'string' || typeof value !== 'string') return [];
    if (name.length + value.length > HEADER_CHARS) throw tooLong(field, HEADER_CHARS);
    const sent = fillTemplate(value, open, { field, chars: HEADER_CHARS });
    // A long template costs time even if its result is short.
    remaining -= name.length + Math.max(value.length, sent.text.length);
    if (remaining < 0) throw tooLong(field, HEADERS_CHARS);
    return [[name, sent]];
  });
}

/** `username:password`. Sent in base64. */
const basicCredentials = (open: JsonObject, { username, password }: Fields): FilledText => ({
  text: [username, password].map((path) => textAt(open, path) ?? '').join(':'),
  from: [username, password].map((path) => path.split('.')),
});

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('.'));

const isInQuery = (open: JsonObject, { tokenLocation }: Fields): boolean => textAt(open, tokenLocation) === 'url';

/** The token of a connection of type `token` or `oauth`. */
function tokenOf(open: JsonObject, fields: Fields, tokens: IssuedTokens | undefined): string | undefined {
  if (tokens) return tokens.accessToken;
  return textAt(open, fields.authType) === 'token' ? textAt(open, fields.token) : undefined;
}

/** The header for a connection of type `basic`, `token` or `oauth`. */
function authentication(open: JsonObject, fields: Fields, token: string | undefined): [string, FilledText][] {
  if (textAt(open, fields.authType) === 'basic') {
    const pair = basicCredentials(open, fields);
    if (pair.text.length > HEADER_CHARS / 2) throw tooLong(parentOf(fields.password), HEADER_CHARS / 2);
    const value = `Basic ${Buffer.from(pair.text).toString('base64')}`;
    return [['authorization', { text: value, from: pair.from }]];
  }
  if (token === undefined || isInQuery(open, fields)) return [];
  const scheme = textAt(open, fields.tokenScheme) ?? 'Bearer';
  const name = textAt(open, fields.tokenHeader) ?? 'authorization';
  if (name.length + scheme.length + token.length > HEADER_CHARS) throw tooLong(parentOf(fields.token), HEADER_CHARS);
  return [[name, { text: `${scheme} ${token}`.trim(), from: [fields.token.split('.')] }]];
}

function tokenInQuery(
  open: JsonObject,
  fields: Fields,
  token: string | undefined,
): { readonly name: string; readonly token: string } | undefined {
  if (token === undefined || !isInQuery(open, fields)) return undefined;
  const name = textAt(open, fields.tokenParam) ?? 'access_token';
  if (name.length + token.length > URL_CHARS) throw tooLong(parentOf(fields.token), URL_CHARS);
  return { name, token };
}
