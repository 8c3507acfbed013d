import { describe, expect, test } from 'vitest';
import type { InstallStep } from '../../src/connector/manifest.ts';
import { assertIntegration } from '../../src/integration/integration.ts';
import { persistSettings } from '../../src/integration/persist-settings.ts';
import { mergeSteps } from '../../src/integration/steps.ts';
import type { Json, JsonObject } from '../../src/json.ts';
import { ENOUGH_MS, refused, timed } from '../support/timed.ts';

const form: JsonObject = {
  own: 1,
  general: { fields: [{ name: 'paused', type: 'checkbox', value: false }] },
  sections: [
    {
      title: 'A',
      fields: [
        { name: 'name', label: 'Name', type: 'input', required: true, value: '' },
        { name: 'state', type: 'select', options: [['a', 'A'], { value: 'b', label: 'B' }, 'c'], value: 'a' },
        {
          name: 'many',
          type: 'multiselect',
          options: [
            ['x', 'X'],
            ['y', 'Y'],
          ],
          value: [],
        },
        { name: 'odd', type: 'staticMapWidget', value: {} },
      ],
      flows: [{ _id: '1', settings: [{ name: 'flowField', type: 'text', value: '' }] }],
      sections: [{ title: 'inner', fields: [{ name: 'inner', type: 'radio', options: ['p', 'q'], value: 'p' }] }],
    },
  ],
};

/** All values of a form, by field. */
function valuesOf(value: Json): Record<string, Json> {
  if (Array.isArray(value)) return Object.assign({}, ...value.map(valuesOf));
  if (typeof value !== 'object' || value === null) return {};
  const object = value as JsonObject;
  const own = typeof object.name === 'string' && object.value !== undefined ? { [object.name]: object.value } : {};
  return Object.assign(own, ...Object.values(object).map(valuesOf));
}

test('values go to the fields of that name, wherever they are; the rest of the form stays', () => {
  const pending = { paused: true, name: 'Ü', state: 'c', many: ['x', 'y'], odd: { a: 1 }, flowField: 't', inner: 'q' };
  const next = persistSettings(form, pending);
  expect(valuesOf(next)).toEqual(pending);
  expect(next.own).toBe(1);
  expect(valuesOf(form)).toMatchObject({ paused: false, name: '' });
});

test('fields that are not pending keep their values, and an optional one may be emptied', () => {
  expect(valuesOf(persistSettings(form, { state: '' }))).toMatchObject({ state: '', inner: 'p' });
  expect(persistSettings(form, {})).toEqual(form);
});

test.each([
  [{ name: '' }, 'missing_required_field', 'name'],
  [{ name: null }, 'missing_required_field', 'name'],
  [{ name: {} }, 'invalid_field', 'name'],
  [{ paused: 'true' }, 'invalid_field', 'paused'],
  [{ state: 'd' }, 'invalid_field', 'state'],
  [{ state: ['a'] }, 'invalid_field', 'state'],
  [{ many: 'x' }, 'invalid_field', 'many'],
  [{ many: ['x', 'z'] }, 'invalid_field', 'many'],
  [{ inner: 'r' }, 'invalid_field', 'inner'],
  [{ unknown: 1 }, 'invalid_field', 'unknown'],
  [JSON.parse('{"__proto__": 1}'), 'invalid_field', '__proto__'],
  [{ constructor: 1 }, 'invalid_field', 'constructor'],
])('%j is refused', (pending, code, field) => {
  expect(errorsOf(() => persistSettings(form, pending))).toEqual([[code, field]]);
});

test('every invalid field is named', () => {
  expect(errorsOf(() => persistSettings(form, { name: '', paused: 1 }))).toHaveLength(2);
});

test.each([undefined, null, 'x', [], 5])('pending %j is refused', (pending) => {
  expect(errorsOf(() => persistSettings(form, pending as Json))).toEqual([
    [pending === undefined ? 'missing_required_field' : 'invalid_field', 'pending'],
  ]);
});

describe('with several stores', () => {
  const stores: JsonObject = {
    supportsMultiStore: true,
    sections: [
      { id: 'eu', sections: [{ fields: [{ name: 'name', type: 'input', value: '' }] }] },
      { id: 'us', sections: [{ fields: [{ name: 'name', type: 'input', value: '' }] }] },
    ],
  };
  test('pending is keyed by store', () => {
    const { sections } = persistSettings(stores, { us: { name: 'n' } });
    expect((sections as Json[]).map(valuesOf)).toEqual([{ name: '' }, { name: 'n' }]);
  });
  test.each([
    [{ asia: { name: 'n' } }, 'asia'],
    [{ eu: 'n' }, 'eu'],
    [{ eu: { nope: 1 } }, 'eu.nope'],
  ])('%j is refused', (pending, field) => {
    expect(errorsOf(() => persistSettings(stores, pending))).toEqual([['invalid_field', field]]);
  });

  describe('and a list under `general`', () => {
    const field = (name: string): JsonObject => ({ name, type: 'input', value: '' });
    const listed: JsonObject = {
      ...stores,
      flows: [{ settings: [field('flow')] }],
      general: [
        { id: 'us', title: 'Basics', fields: [field('basic')] },
        { title: 'All', fields: [field('shared'), field('basic')] },
        'x',
      ],
    };
    test('a part with the id of a store is that store’s, and the others all stores share', () => {
      const pending = { us: { basic: 'b', name: 'n' }, general: { shared: 's', flow: 'f' } };
      const next = persistSettings(listed, pending);
      expect((next.general as Json[]).map(valuesOf)).toEqual([{ basic: 'b' }, { shared: 's', basic: '' }, {}]);
      expect((next.sections as Json[]).map(valuesOf)).toEqual([{ name: '' }, { name: 'n' }]);
      expect(valuesOf(next.flows as Json)).toEqual({ flow: 'f' });
      expect(Object.keys(next)).toEqual(Object.keys(listed));
    });
    test.each([
      [{ eu: { basic: 'b' } }, 'eu.basic'],
      [{ eu: { shared: 's' } }, 'eu.shared'],
      [{ general: { name: 'n' } }, 'general.name'],
      [{ general: ['s'] }, 'general'],
    ])('%j is refused', (pending, wrong) => {
      expect(errorsOf(() => persistSettings(listed, pending))).toEqual([['invalid_field', wrong]]);
    });
  });

  test('values under `general` are shared by all stores', () => {
    const shared = { ...stores, general: { id: 'us', fields: [{ name: 'paused', type: 'checkbox', value: false }] } };
    const next = persistSettings(shared, { general: { paused: true } });
    expect(next).toEqual({ ...shared, general: { id: 'us', fields: [expect.objectContaining({ value: true })] } });
    expect(errorsOf(() => persistSettings(shared, { us: { paused: true } }))).toEqual([['invalid_field', 'us.paused']]);
  });
});

test.each([{}, { sections: 5 }, { sections: [null, 'x', { fields: [null, 1, {}] }] }])(
  'a connector may have any settings: %j has no field to fill',
  (settings) => {
    expect(persistSettings(settings as JsonObject, {})).toEqual(settings);
    expect(errorsOf(() => persistSettings(settings as JsonObject, { a: 1 }))).toEqual([['invalid_field', 'a']]);
  },
);

function errorsOf(work: () => unknown): [code: string, field: string | undefined][] {
  try {
    work();
  } catch (error) {
    return (error as { errors: { code: string; field?: string }[] }).errors.map(({ code, field }) => [code, field]);
  }
  throw new Error('it was taken');
}

test('a form of twenty thousand stores is fast', () => {
  const fields = [{ name: 'a', type: 'text' }];
  const sections = Array.from({ length: 20_000 }, (_, i) => ({ id: `s${i}`, fields }));
  const pending = Object.fromEntries(sections.map(({ id }) => [id, { a: id }]));
  const { result, ms } = timed(() => persistSettings({ supportsMultiStore: true, sections }, pending));
  expect((result.sections as JsonObject[])[19_999]).toEqual({
    id: 's19999',
    fields: [{ name: 'a', type: 'text', value: 's19999' }],
  });
  expect(ms).toBeLessThan(ENOUGH_MS);
});

test('five thousand of five thousand options, ten times, are fast', () => {
  const options = Array.from({ length: 5_000 }, (_, i) => [`v${i}`, `Label ${i}`]);
  const value = options.map(([id]) => id as string);
  const names = Array.from({ length: 10 }, (_, i) => `f${i}`);
  const fields = names.map((name) => ({ name, type: 'multiselect', options }));
  const pending = Object.fromEntries(names.map((name) => [name, value]));
  expect(timed(() => persistSettings({ fields }, pending)).ms).toBeLessThan(ENOUGH_MS);
  const wrong = { ...pending, f9: [...value.slice(1), 'none'] };
  const { result, ms } = timed(() => refused(() => persistSettings({ fields }, wrong)));
  expect(result.errors).toMatchObject([{ code: 'invalid_field', field: 'f9' }]);
  expect(ms).toBeLessThan(ENOUGH_MS);
});

const many = <T>(count: number, each: T): T[] => Array(count).fill(each);

test.each<[string, JsonObject, JsonObject]>([
  ['too many fields', { fields: many(60_000, { name: 'a' }) }, { a: 1 }],
  ['too many sections', { sections: many(60_000, { fields: [] }) }, {}],
  ['too many options', { fields: [{ name: 'a', type: 'select', options: many(20_000, 1) }] }, { a: 1 }],
  ['too many chosen values', { fields: [{ name: 'a', type: 'multiselect', options: [1] }] }, { a: many(20_000, 1) }],
  [
    'a long list for many fields of one name',
    { fields: many(40_000, { name: 'a', type: 'multiselect', options: [1] }) },
    { a: many(9_000, 1) },
  ],
])('%s are refused', (_, settings, pending) => {
  const { result, ms } = timed(() => refused(() => persistSettings(settings, pending)));
  expect(result.errors).toMatchObject([{ code: 'invalid_field', field: 'pending' }]);
  expect(ms).toBeLessThan(ENOUGH_MS);
});

test('only the first of many invalid values are named, and names are shortened', () => {
  const pending = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`${i}${'k'.repeat(500)}`, 1]));
  const { errors } = refused(() => persistSettings(form, pending));
  expect(errors).toHaveLength(100);
  expect(errors[0]?.field).toHaveLength(200);
});

test('names and ids that are not texts match nothing', () => {
  const odd = { toString: 1, valueOf: 1 };
  const settings = { supportsMultiStore: true, sections: [{ id: odd, fields: [{ name: odd, label: odd }] }] };
  expect(persistSettings(settings as unknown as JsonObject, {})).toEqual(settings);
  expect(persistSettings({ fields: [{ name: odd }] } as unknown as JsonObject, {})).toBeDefined();
  const labelled = { fields: [{ name: 'a', label: odd, type: 'number' }] } as unknown as JsonObject;
  expect(refused(() => persistSettings(labelled, { a: 'x' })).errors).toMatchObject([{ field: 'a' }]);
});

test('a value shared by many fields counts with its size on disk', () => {
  const settings = persistSettings({ fields: many(40_000, { name: 'a', type: 'text' }) }, { a: 'v'.repeat(1_000_000) });
  const { result, ms } = timed(() => refused(() => assertIntegration({ name: 'i', settings })));
  expect(result.errors).toMatchObject([{ code: 'invalid_field', field: 'settings' }]);
  expect(ms).toBeLessThan(ENOUGH_MS);

  const steps = Array.from({ length: 1_000 }, (): InstallStep => ({ name: 'a' }));
  const install = mergeSteps(steps, [{ name: 'a', form: { list: many(300_000, [1]) } }]) as unknown as Json;
  const second = timed(() => refused(() => assertIntegration({ name: 'i', install })));
  expect(second.result.errors).toMatchObject([{ code: 'invalid_field', field: 'install' }]);
  expect(second.ms).toBeLessThan(ENOUGH_MS);
});
