/** Builds a request to a connection's application, with the credentials filled in. Pure. */
import mustache from 'mustache';
import { type ErrorCode, fieldErrors } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import { assertSecretLimits, type OpenRecord } from './credentials.ts';
import type { Author } from './destination.ts';
import { at, originOf } from './record.ts';
import type { SecretTexts } from './redaction-task.ts';
import { SECRET_CHARS_MIN } from './secret-spellings.ts';
import type { IssuedTokens } from './token-set.ts';

export interface ConnectionRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** To be removed from the response, which may repeat them. */
  readonly secrets: SecretTexts;
}

/** A text for a request, and the paths of the connection's values in it. */
interface FilledText {
  readonly text: string;
  readonly from: readonly (readonly string[])[];
}

export interface RequestTarget {
  readonly method: string;
  /** Appended to the connection's `http.baseURI`. */
  readonly relativeURI: string;
  /** The field that errors about it name. */
  readonly relativeURIField?: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

const URL_CHARS = 8_000;
const HEADERS = 100;
/** Of one header with its name. */
const HEADER_CHARS = 16_000;
/** All headers that a connection adds. */
const HEADERS_CHARS = 32 * 1024;
/** Templates (`{{…}}`) in one header. */
const TAGS = 100;

const text = (connection: JsonObject, path: string): string | undefined => {
  const value = at(connection, path.split('.'));
  return typeof value === 'string' ? value : undefined;
};

function invalid(field: string, message: string): Error {
  const code: ErrorCode = 'invalid_field';
  return fieldErrors([{ code, field, message }]);
}

/**
 * @param tokens of a connection that signs in with OAuth 2
 * @throws RequestError if the connection, or the target, is not valid
 */
export function connectionRequest(open: OpenRecord, target: RequestTarget, tokens?: IssuedTokens): ConnectionRequest {
  const { record } = open;
  assertSecretLimits('connections', record);
  const base = text(record, 'http.baseURI') ?? '';
  if (base.length > URL_CHARS) throw tooLong('http.baseURI', URL_CHARS);
  const origin = originOf(record);
  if (origin === undefined) throw invalid('http.baseURI', 'http.baseURI must be an http or https address');
  const { relativeURI, relativeURIField = 'Integrator-Relative-URI' } = target;
  if (relativeURI.length > URL_CHARS) throw tooLong(relativeURIField, URL_CHARS);
  const address = joinUri(base, relativeURI);
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.origin !== origin) throw invalid(relativeURIField, 'the relative URI leads to another origin');
  const token = tokenOf(record, tokens);
  const filledHeaders = [...configuredHeaders(record), ...authentication(record, token)];
  const headers = new Map(target.headers.map(([name, value]) => [name.toLowerCase(), value]));
  for (const [name, { text }] of filledHeaders) headers.set(name.toLowerCase(), text);
  const query = tokenInQuery(record, token);
  if (query) url.searchParams.set(query.name, query.token);
  if (url.href.length > URL_CHARS) throw invalid('http.baseURI', `the address is longer than ${URL_CHARS} characters`);
  const inQuery = query ? [{ text: `${query.name}=${query.token}`, from: [TOKEN] }] : [];
  const sent = [...filledHeaders.map(([, value]) => value), basicCredentials(record), ...inQuery];
  return { url: url.href, method: target.method, headers: [...headers], secrets: secretsOf(open, sent, tokens) };
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

/** `http.headers`: a list of `{name, value}`. `{{connection.…}}` in a value stands for a field of the connection. */
function configuredHeaders(open: JsonObject): [string, FilledText][] {
  const configured = at(open, ['http', 'headers']);
  if (!Array.isArray(configured)) return [];
  if (configured.length > HEADERS) throw invalid('http.headers', `http.headers has more than ${HEADERS} entries`);
  let remaining = HEADERS_CHARS;
  return configured.flatMap((header: Json): [string, FilledText][] => {
    const [name, value] = [at(header, ['name']), at(header, ['value'])];
    if (typeof name !== 'string' || typeof value !== 'string') return [];
    if (name.length + value.length > HEADER_CHARS) throw tooLong('http.headers', HEADER_CHARS);
    const sent = fillTemplate(value, open);
    // A long template costs time even if its result is short.
    remaining -= name.length + Math.max(value.length, sent.text.length);
    if (remaining < 0) throw tooLong('http.headers', HEADERS_CHARS);
    return [[name, sent]];
  });
}

const tooLong = (field: string, chars: number): Error => invalid(field, `${field} is longer than ${chars} characters`);

/**
 * Supports only `{{path}}`, not the rest of the template language: with sections and partials a credential could be sent
 * in pieces that redaction does not recognize, or expansion could take forever.
 */
function fillTemplate(template: string, connection: JsonObject): FilledText {
  if (!template.includes('{{')) return { text: template, from: [] };
  const from: string[][] = [];
  let text = '';
  for (const [type, value] of parseTemplate(template)) {
    if (type === 'text') text += value;
    else {
      const path = pathIn(type, String(value));
      const leaf = at(connection, path);
      if (leaf !== undefined && leaf !== null && typeof leaf !== 'object') text += leaf;
      if (from.push(path) > TAGS) throw invalid('http.headers', `a header has more than ${TAGS} templates`);
    }
    // Checked at every step, as a value may have megabytes.
    if (text.length > HEADER_CHARS) throw tooLong('http.headers', HEADER_CHARS);
  }
  return { text, from };
}

function pathIn(type: string, name: string): string[] {
  const [root, ...path] = name.split('.');
  if (['name', '&'].includes(type) && root === 'connection') return path;
  throw invalid('http.headers', 'http.headers supports only {{connection.…}} with the path of a value');
}

/** mustache takes quadratic time for these, and no template needs them. */
const SLOW = /\s{100}|\{\{\s*=/;

function parseTemplate(template: string): readonly [type: string, value: unknown][] {
  if (SLOW.test(template)) {
    throw invalid('http.headers', 'http.headers contains a template with many blanks or custom delimiters');
  }
  try {
    // The library's shared writer would cache every template forever.
    return new mustache.Writer().parse(template) as [string, unknown][];
  } catch {
    throw invalid('http.headers', 'http.headers contains an invalid template');
  }
}

const BASIC = [
  ['http', 'auth', 'basic', 'username'],
  ['http', 'auth', 'basic', 'password'],
];
const TOKEN = ['http', 'auth', 'token', 'token'];

/** `username:password`. Sent in base64. */
const basicCredentials = (open: JsonObject): FilledText => ({
  text: BASIC.map((path) => text(open, path.join('.')) ?? '').join(':'),
  from: BASIC,
});

const isInQuery = (open: JsonObject): boolean => text(open, 'http.auth.token.location') === 'url';

/** The token of a connection of type `token` or `oauth`. */
function tokenOf(open: JsonObject, tokens: IssuedTokens | undefined): string | undefined {
  if (tokens) return tokens.accessToken;
  return text(open, 'http.auth.type') === 'token' ? text(open, TOKEN.join('.')) : undefined;
}

/** The header for `http.auth`, of type `basic`, `token` or `oauth`. */
function authentication(open: JsonObject, token: string | undefined): [string, FilledText][] {
  const type = text(open, 'http.auth.type');
  if (type === 'basic') {
    const pair = basicCredentials(open).text;
    if (pair.length > HEADER_CHARS / 2) throw tooLong('http.auth.basic', HEADER_CHARS / 2);
    const value = `Basic ${Buffer.from(pair).toString('base64')}`;
    return [['authorization', { text: value, from: BASIC }]];
  }
  if (token === undefined || isInQuery(open)) return [];
  const scheme = text(open, 'http.auth.token.scheme') ?? 'Bearer';
  const name = text(open, 'http.auth.token.headerName') ?? 'authorization';
  if (name.length + scheme.length + token.length > HEADER_CHARS) throw tooLong('http.auth.token', HEADER_CHARS);
  return [[name, { text: `${scheme} ${token}`.trim(), from: [TOKEN] }]];
}

function tokenInQuery(
  open: JsonObject,
  token: string | undefined,
): { readonly name: string; readonly token: string } | undefined {
  if (token === undefined || !isInQuery(open)) return undefined;
  const name = text(open, 'http.auth.token.paramName') ?? 'access_token';
  if (name.length + token.length > URL_CHARS) throw tooLong('http.auth.token', URL_CHARS);
  return { name, token };
}
