/** Requests to an API: those that it describes, and those that nobody would make. All of one is plain data, to be printed. */
import fc, { type Arbitrary } from 'fast-check';
import { bodyOf, type FuzzBody } from './bodies.ts';
import type { Api, Operation, Parameter } from './operations.ts';
import { mostly, placeholder, text, textFor } from './values.ts';

/** What is sent, but for the ids in it: see `world.ts`. */
export interface FuzzRequest {
  readonly method: string;
  /** Of the description, for whoever reads it. */
  readonly route: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: FuzzBody | undefined;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];
const TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'application/json; charset=latin1',
  'APPLICATION/JSON',
  'application/merge-patch+json',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/gzip',
  'application/octet-stream',
  ';',
  '',
];

/** What a browser would make of it; half of a character has no escape. */
const escaped = (part: string): string =>
  encodeURIComponent(part.toWellFormed()).replaceAll('%C2%AB', '«').replaceAll('%C2%BB', '»');
/** Parts of a path that are taken as they are. */
const rawParts = fc.constantFrom(
  '%',
  '%ff',
  '%00',
  '%2e%2e',
  '..',
  '.',
  '',
  ';',
  '%2F',
  "'",
  '%ED%A0%80',
  'a'.repeat(3_000),
  '*',
  '\\',
);

const placeOf: Readonly<Record<string, string>> = {
  '/integrations/{_id}': '«integration»',
  '/connectors/{_id}': '«connector»',
  '/connections/{_id}': '«connection»',
  '/exports/{_id}': '«export»',
  '/imports/{_id}': '«import»',
  '/flows/{_id}': '«flow»',
};
const FUNCTIONS = ['echo', 'step', 'fail', 'wait', 'persistSettings', 'constructor', '__proto__', 'none'];

function partFor(path: string, name: string): Arbitrary<string> {
  const usual =
    name === 'function'
      ? fc.constantFrom(...FUNCTIONS)
      : name === 'runId'
        ? fc.constant('«run»')
        : name === 'key'
          ? fc.constantFrom('key', 'a', 'ключ', '__proto__')
          : fc.constant(Object.entries(placeOf).find(([known]) => path.startsWith(known))?.[1] ?? '«integration»');
  return fc
    .oneof(
      { weight: 12, arbitrary: usual },
      { weight: 2, arbitrary: placeholder },
      { weight: 1, arbitrary: text.map((value) => value.slice(0, 500)) },
    )
    .map(escaped);
}

function pathOf({ path }: Operation): Arbitrary<string> {
  const parts = path
    .split('/')
    .slice(1)
    .map((part) => {
      const name = /^\{(\w+)\}$/.exec(part)?.[1];
      const right = name === undefined ? fc.constant(part) : partFor(path, name);
      return mostly(40, right, rawParts);
    });
  const prefix = mostly(8, fc.constantFrom('/v1', ''), fc.constantFrom('/V1', '//', '/v1/v1', '/./'));
  return fc.tuple(prefix, fc.tuple(...parts)).map(([start, all]) => `${start}/${(all as string[]).join('/')}`);
}

/** Of a value: a run's address has 8,000 at the most. */
const QUERY_CHARS = 7_000;

function queryOf({ query }: Operation): Arbitrary<string> {
  const known = query.map(({ name, schema }: Parameter) =>
    fc.tuple(fc.constant(name), fc.oneof(textFor(schema), text, fc.integer().map(String))),
  );
  const unknown = fc.tuple(
    text.map((name) => name.slice(0, 200)),
    text,
  );
  const one = known.length === 0 ? unknown : mostly(5, fc.oneof(...known), unknown);
  const pair = one.map(([name, value]) => `${escaped(name)}=${escaped(value).slice(0, QUERY_CHARS)}`);
  const all = fc.array(mostly(10, pair, fc.constantFrom('', '&', '=', '%', '%zz=1', 'a[]=1')), { maxLength: 3 });
  return mostly(
    2,
    fc.constant(''),
    all.map((pairs) => (pairs.length === 0 ? '' : `?${pairs.join('&')}`)),
  );
}

/** Characters that a header may have: the others are refused by every client. */
const shortValue = fc.oneof(
  fc.constantFrom(
    '*',
    '"a"',
    'W/"a", "b"',
    '«etag»',
    '',
    'a,,b',
    'respond-async',
    'respond-async; wait=1',
    'gzip',
    '0',
    '-1',
    '1e9',
    'Bearer x',
    'Basic eDp4',
    '00-00000000000000000000000000000001-0000000000000001-01',
    'GET',
    'BREW',
    '/',
    '//evil.example/',
    '{{connection.http}}',
  ),
  fc.string({
    unit: fc
      .integer({ min: 0x21, max: 0xff })
      .filter((code) => code !== 0x7f)
      .map((code) => String.fromCharCode(code)),
    maxLength: 40,
  }),
);
const headerValue = mostly(
  12,
  shortValue,
  fc.nat({ max: 20_000 }).map((length) => 'h'.repeat(length)),
);
const ODD_HEADERS = [
  'if-match',
  'if-none-match',
  'prefer',
  'idempotency-key',
  'accept',
  'accept-encoding',
  'content-encoding',
  'authorization',
  'x-request-id',
  'traceparent',
  'tracestate',
  'range',
  'expect-ct',
  'origin',
  'cookie',
  'x-forwarded-host',
  'x-http-method-override',
  'integrator-method',
  'integrator-relative-uri',
  '__proto__',
];

function headersOf({ headers }: Operation): Arbitrary<[string, string][]> {
  const known = headers.map(({ name }) => name.toLowerCase());
  const name =
    known.length === 0
      ? fc.constantFrom(...ODD_HEADERS)
      : mostly(3, fc.constantFrom(...known), fc.constantFrom(...ODD_HEADERS));
  return mostly(2, fc.constant<[string, string][]>([]), fc.array(fc.tuple(name, headerValue), { maxLength: 3 }));
}

function requestOf(api: Api, operation: Operation): Arbitrary<FuzzRequest> {
  const method = mostly(20, fc.constant(operation.method), fc.constantFrom(...METHODS));
  const type = operation.body
    ? mostly(12, fc.constantFrom(...operation.body.types), fc.constantFrom(...TYPES))
    : fc.constantFrom('application/json');
  return fc
    .record({
      method,
      path: pathOf(operation),
      query: queryOf(operation),
      headers: headersOf(operation),
      type,
      body: bodyOf(api, operation),
    })
    .map(({ path, query, headers, type: contentType, body, method: verb }) => ({
      method: verb,
      route: `${operation.method} ${operation.path}`,
      target: path + query,
      headers: body === undefined ? headers : [['content-type', contentType], ...headers],
      body,
    }));
}

/** What takes a compartment of its own, or the disk, is tried less often. */
const RARE = ['PUT /connectors', 'POST /restore', 'GET /backup', 'POST /connectors/{_id}/approve'];
/** Streams until somebody goes away. */
const ENDLESS = '/events';

export function requestsOf(api: Api): Arbitrary<FuzzRequest> {
  const all = api.operations.filter(({ path }) => path !== ENDLESS);
  return fc.oneof(
    ...all.map((operation) => ({
      weight: RARE.includes(`${operation.method} ${operation.path}`) ? 1 : 4,
      arbitrary: requestOf(api, operation),
    })),
  );
}
