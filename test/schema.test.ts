/** Schema errors: named field by field, with no more work than eight findings take. */
import { expect, test } from 'vitest';
import Type, { Compile, type TSchema, type Validator } from '#typebox';
import { RequestError, requestError } from '../src/errors.ts';
import { IntegrationFields } from '../src/integration/integration.ts';
import { RecordFields } from '../src/record/record.ts';
import { assertValid, findings } from '../src/schema.ts';
import { ENOUGH_MS, timed } from './support/timed.ts';

const of = (schema: TSchema, value: unknown) => findings(Compile(schema) as Validator, value);
const fieldsOf = (schema: TSchema, value: unknown) => of(schema, value).map(({ code, field }) => [code, field]);

test('names each invalid field once, with the reason', () => {
  const step = Type.Object({ name: Type.String(), done: Type.Optional(Type.Boolean()) });
  const schema = Type.Object({
    name: Type.String({ minLength: 1 }),
    steps: Type.Array(step, { maxItems: 3 }),
    pair: Type.Optional(Type.Tuple([Type.String(), Type.Integer()])),
    either: Type.Optional(Type.Union([Type.Array(Type.String()), Type.Null()])),
    byName: Type.Optional(Type.Record(Type.String(), Type.Integer())),
    even: Type.Optional(
      Type.Refine(
        Type.Integer(),
        (n) => n % 2 === 0,
        () => 'must be even',
      ),
    ),
    limits: Type.Optional(Type.Object({ a: Type.Optional(Type.Integer()) }, { additionalProperties: false })),
  });
  expect(of(schema, { name: 'a', steps: [{ name: 'b' }], pair: ['a', 1], either: null, even: 2 })).toEqual([]);
  expect(fieldsOf(schema, {})).toEqual([
    ['missing_required_field', 'name'],
    ['missing_required_field', 'steps'],
  ]);
  const value = { name: '', steps: [{ done: 1 }, { name: 'b' }], pair: ['a', 'b'], either: ['a', 1] };
  expect(fieldsOf(schema, value)).toEqual([
    ['invalid_field', 'name'],
    ['missing_required_field', 'steps.0.name'],
    ['invalid_field', 'steps.0.done'],
    ['invalid_field', 'pair.1'],
    ['invalid_field', 'either.1'],
    ['invalid_field', 'either'],
  ]);
  const more = { name: 'a', steps: [], byName: { x: 'y' }, even: 3, limits: { a: 'b', c: 1 } };
  expect(of(schema, more).map(({ message }) => message)).toEqual([
    'byName.x must be integer',
    'even must be even',
    'limits.c is not a field of this object',
    'limits.a must be integer',
  ]);
  expect(fieldsOf(schema, [])).toEqual([['invalid_field', '']]);
});

test('a misspelt key is named with the one that was meant', () => {
  const limits = Type.Object({ cpuMs: Type.Optional(Type.Integer()) }, { additionalProperties: false });
  const schema = Type.Object({ name: Type.String(), limits });
  expect(of(schema, { nmae: 'a', limits: { cpu: 1 } }).map(({ message }) => message)).toEqual([
    'name is required; is nmae a misspelling of it?',
    'limits.cpu is not a field of this object; did you mean cpuMs?',
  ]);
  const [only] = of(schema, { title: 'a', limits: {} });
  expect(only).toEqual({ code: 'missing_required_field', field: 'name', message: 'name is required' });
});

test('a value is refused, however many errors it has', () => {
  const closed = Type.Object({}, { additionalProperties: false });
  const names = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, 1]));
  expect(of(closed, names)).toHaveLength(8);
  expect(() => assertValid(Compile(closed) as Validator, names)).toThrow(RequestError);
  // Keywords that are not looked into.
  const both = { allOf: [Type.Object({ a: Type.Array(Type.String()) })] } as TSchema;
  expect(of(both, { a: [1] })).toHaveLength(1);
});

test.each([
  ['items that are none', Type.Array(Type.String()), Array(4_000_000).fill(0)],
  ['one at the end', Type.Array(Type.String()), [...Array(500_000).fill('a'), 0]],
  ['more items than there may be', RecordFields, { name: 'a', encryptedFields: Array(4_000_000).fill(0) }],
  ['more of those that are right', RecordFields, { name: 'a', encryptedFields: Array(500_000).fill('abc') }],
  ['steps that are none', IntegrationFields, { name: 'a', install: Array(350_000).fill(0) }],
  [
    'in a union',
    Type.Union([Type.Array(Type.Object({ a: Type.Array(Type.String()) })), Type.Null()]),
    Array(1_000_000).fill({ a: [1, 2] }),
  ],
  [
    'names of a record',
    Type.Record(Type.String(), Type.String()),
    Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, 1])),
  ],
])('the search ends early: %s', (_, schema, value) => {
  const validator = Compile(schema as TSchema) as Validator;
  const { result, ms } = timed(() => findings(validator, value));
  expect(result.length).toBeGreaterThan(0);
  expect(result.length).toBeLessThanOrEqual(8);
  expect(ms).toBeLessThan(ENOUGH_MS);
});

test('a name of a megabyte is shortened in the message', () => {
  const [found] = of(Type.Record(Type.String(), Type.Record(Type.String(), Type.String())), {
    ['k'.repeat(1_000_000)]: { ['😀'.repeat(500_000)]: 1 },
  });
  expect(found?.field).toMatch(/^k{199}…$/);
  expect(found?.message.length).toBeLessThan(300);
  const { errors } = requestError('invalid_field', { field: 'f'.repeat(5_000), message: '😀'.repeat(5_000) });
  expect(errors[0]?.field).toMatch(/^f{199}…$/);
  expect(errors[0]?.message).toHaveLength(2_000);
  expect(errors[0]?.message.isWellFormed()).toBe(true);
});
