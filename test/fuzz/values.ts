/**
 * JSON texts: of every kind, or made for a schema and then, here and there, wrong. They are texts and not values, since
 * some that a client can send (two equal keys, numbers without end, half of a character) are no values.
 */
import fc, { type Arbitrary } from 'fast-check';
import type { Api, Schema } from './operations.ts';

/** What stands for an id of the world that is there when the request is sent: `«integration»`. */
export const places = [
  'integration',
  'diy',
  'connector',
  'uploaded',
  'connection',
  'export',
  'import',
  'flow',
  'run',
  'etag',
] as const;
export type Place = (typeof places)[number];
export const placeholder = fc.constantFrom(...places).map((place) => `«${place}»`);

/** Larger ones are refused as they come, and teach nothing more. */
const JSON_CHARS = 300_000;

/** So many times what is usual for once of what is not. */
export const mostly = <A, B>(times: number, usual: Arbitrary<A>, odd: Arbitrary<B>): Arbitrary<A | B> =>
  fc.oneof({ weight: times, arbitrary: usual }, { weight: 1, arbitrary: odd });

const quoted = (text: string): string => JSON.stringify(text);

const oddTexts = [
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\udfff\ud800',
  '\u2028\u2029',
  '\ufeff',
  '𝕏'.repeat(50),
  '__proto__',
  'constructor',
  'toString',
  'then',
  'toJSON',
  '******',
  '{{connection.http}}',
  '{{#a}}{{/a}}',
  '2026-02-30T25:61:61.999Z',
  '../../etc/passwd',
  '/a~1b/~0/-',
  'null',
  '-0',
  'a.b.c',
  'http://127.0.0.1:1/',
  'https://api.integrator.io/v1/integrations',
];

export const text = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
  { weight: 4, arbitrary: fc.constantFrom(...oddTexts) },
  { weight: 3, arbitrary: placeholder },
  { weight: 1, arbitrary: fc.nat({ max: 100_000 }).map((length) => 'x'.repeat(length)) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.nat({ max: 7_900 }), fc.constantFrom('a.', '.', 'a,', '/a'))
      .map(([n, piece]) => piece.repeat(n / piece.length)),
  },
);

const number = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.constantFrom('1e999', '-1e999', '1e-999', '-0', '9007199254740993', `1${'0'.repeat(400)}`, '0.1e1', '1E+2'),
);
const leaf = fc.oneof(
  { weight: 4, arbitrary: text.map(quoted) },
  { weight: 3, arbitrary: number },
  { weight: 2, arbitrary: fc.constantFrom('null', 'true', 'false') },
);

const list = (items: readonly string[]): string => `[${items.join(',')}]`;
/** Equal keys stay: a parser takes the last. */
const object = (entries: readonly (readonly [string, string])[]): string =>
  `{${entries.map(([key, value]) => `${quoted(key)}:${value}`).join(',')}}`;
const repeated = (count: number, item: string): string =>
  list(Array(Math.min(count, Math.ceil(JSON_CHARS / item.length))).fill(item));
const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

/** JSON of any kind. */
export const anyJson: Arbitrary<string> = fc
  .letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      { weight: 5, arbitrary: leaf },
      { weight: 2, arbitrary: fc.array(tie('value'), { maxLength: 5 }).map(list) },
      { weight: 3, arbitrary: fc.array(fc.tuple(text, tie('value')), { maxLength: 5 }).map(object) },
      { weight: 1, arbitrary: fc.tuple(fc.nat({ max: 2_000 }), tie('value')).map(([n, item]) => repeated(n, item)) },
      { weight: 1, arbitrary: fc.nat({ max: 12_000 }).map(deep) },
    ),
  }))
  .value.map((json) => (json.length > JSON_CHARS ? '"too large"' : json));

/** No JSON. */
export const noJson = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '{',
    '[1,]',
    '{"a":1}}',
    '{a:1}',
    "{'a':1}",
    'NaN',
    'undefined',
    '\ufeff',
    '"\ud800',
    '01',
    '{"a":1',
  ),
  fc.string({ maxLength: 20 }),
);

/** Mostly what a schema asks for; one in eight values is something else. */
export function jsonFor(api: Api, given: Schema, depth = 0): Arbitrary<string> {
  const schema = api.resolve(given);
  const right = rightFor(api, schema, depth);
  return mostly(7, right, anyJson);
}

const DEPTH = 6;

function rightFor(api: Api, schema: Schema, depth: number): Arbitrary<string> {
  if (depth > DEPTH) return anyJson;
  const below = (inner: Schema): Arbitrary<string> => jsonFor(api, inner, depth + 1);
  const oneOf = schema.anyOf ?? schema.allOf;
  if (oneOf && oneOf.length > 0) return fc.oneof(...oneOf.map(below));
  if (schema.const !== undefined) return fc.constant(JSON.stringify(schema.const));
  if (schema.enum) return fc.constantFrom(...schema.enum.map((value) => JSON.stringify(value)));
  switch (schema.type) {
    case 'object':
      return objectFor(schema, below);
    case 'array':
      return fc.array(below(schema.items ?? {}), { minLength: schema.minItems ?? 0, maxLength: 4 }).map(list);
    case 'string':
      return textFor(schema).map(quoted);
    case 'integer':
    case 'number':
      return fc
        .integer({ min: schema.minimum ?? -1_000, max: Math.max(schema.minimum ?? 0, schema.maximum ?? 1_000) })
        .map(String);
    case 'boolean':
      return fc.constantFrom('true', 'false');
    case 'null':
      return fc.constant('null');
    default:
      return anyJson;
  }
}

function objectFor(
  { properties = {}, required = [] }: Schema,
  below: (inner: Schema) => Arbitrary<string>,
): Arbitrary<string> {
  const known = Object.entries(properties).map(([name, inner]) => {
    // From outside nothing can be made without it.
    const isOwner = name === '_integrationId';
    const value = isOwner ? mostly(4, fc.constant('"«integration»"'), below(inner)) : below(inner);
    const freq = isOwner || required.includes(name) ? 20 : 2;
    return fc.tuple(fc.constant(name), fc.option(value, { freq, nil: undefined }));
  });
  // Names that the runtime reads without saying so in a schema.
  const more = fc.array(fc.tuple(fc.oneof(fc.constantFrom(...fields), text), anyJson), { maxLength: 3 });
  return fc
    .tuple(fc.tuple(...known), mostly(2, fc.constant<[string, string][]>([]), more))
    .map(([all, others]) =>
      object([
        ...all.flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]])),
        ...others,
      ]),
    );
}

const fields = [
  '_id',
  '_integrationId',
  '_connectorId',
  '_connectionId',
  '_exportId',
  '_importId',
  'http',
  'settings',
  'install',
  'lastModified',
  'updateInProgress',
  'pending',
  'stepsToUpdate',
  'fields',
  'sections',
];

/** A text for a schema of one, without its quotation marks. */
export function textFor({ pattern, maxLength = 200 }: Schema): Arbitrary<string> {
  if (pattern?.includes('[0-9a-f]{24}')) return fc.oneof(placeholder, fc.constantFrom('0'.repeat(24), 'f'.repeat(24)));
  if (pattern?.startsWith('^(?:/'))
    return fc
      .array(fc.constantFrom('a', 'name', '0', '-', '~0', '~1', '__proto__', 'http', ''), { maxLength: 4 })
      .map((keys) => keys.map((key) => `/${key}`).join(''));
  return fc.oneof(
    fc.constantFrom('name', 'a', 'true', '1', 'one'),
    text.map((value) => value.slice(0, maxLength)),
    placeholder,
  );
}
