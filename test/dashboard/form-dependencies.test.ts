import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/dashboard/api/json.ts';
import { readForm, readStepForm } from '../../src/dashboard/form/read-form.ts';
import { drafted, fieldOf, ledgerSettings, statesWith } from './form-forms.ts';

function stateOf(settings: unknown, name: string, values: Record<string, Json> = {}) {
  const form = readForm(settings as JsonObject);
  const state = statesWith(form, drafted(form, values)).fields.get(fieldOf(form, name).id);
  return [state?.isHidden && 'hidden', state?.isRequired && 'required', state?.isDisabled && 'disabled'].filter(
    Boolean,
  );
}

test('shop-ledger: the refund account is required when refunds are booked', () => {
  expect(stateOf(ledgerSettings, 'refundAccount')).toEqual(['hidden']);
  expect(stateOf(ledgerSettings, 'refundAccount', { bookRefunds: true })).toEqual(['required']);
});

describe('depending on the value of a select', () => {
  const form = (value: Json, target: JsonObject = {}) => ({
    fields: [
      {
        name: 'mode',
        type: 'select',
        options: ['a', 'b', 'c'],
        value,
        dependencies: {
          a: { fields: [{ name: 'x', hidden: false, required: true }] },
          b: { fields: [{ name: 'x', hidden: false, disabled: true }] },
        },
      },
      { name: 'x', ...target },
    ],
  });
  test.each([
    ['a', ['required']],
    ['b', ['disabled']],
    ['c', ['hidden']],
    [{ id: 'a', label: 'A' }, ['required']],
    ['constructor', ['hidden']],
    ['', ['hidden']],
  ])('%j', (value, expected) => {
    expect(stateOf(form(value), 'x')).toEqual(expected);
  });
  test('a property that no case mentions stays as the field has it', () => {
    const { fields } = form('c', { disabled: true });
    const [mode, x] = fields;
    const only = { ...mode, dependencies: { a: { fields: [{ name: 'x', hidden: false }] } } };
    expect(stateOf({ fields: [only, x] }, 'x')).toEqual(['hidden', 'disabled']);
  });
});

test('sections are shown and hidden with their content, by id, name or title', () => {
  const settings = {
    sections: [
      {
        title: 'Main',
        fields: [
          {
            name: 'on',
            type: 'checkbox',
            value: false,
            dependencies: { enabled: { sections: [{ title: 'More', hidden: false }] } },
          },
        ],
      },
      { title: 'More', sections: [{ title: 'Inner', fields: [{ name: 'x' }] }] },
    ],
  };
  expect(stateOf(settings, 'x')).toEqual(['hidden']);
  expect(stateOf(settings, 'x', { on: true })).toEqual([]);
});

test('one chosen value of a multiselect is enough to show a field', () => {
  const settings = {
    fields: [
      {
        name: 'm',
        type: 'multiselect',
        options: ['a', 'b'],
        value: ['a', 'b'],
        dependencies: { a: { fields: [{ name: 'x', hidden: false }] }, b: { fields: [{ name: 'x', hidden: true }] } },
      },
      { name: 'x' },
    ],
  };
  expect(stateOf(settings, 'x')).toEqual([]);
  expect(stateOf(settings, 'x', { m: ['b'] })).toEqual(['hidden']);
  expect(stateOf(settings, 'x', { m: [] })).toEqual(['hidden']);
});

const shows = (name: string) => ({
  enabled: { fields: [{ name, hidden: false }] },
  disabled: { fields: [{ name, hidden: true }] },
});

test('a field that depends on a hidden field is hidden, too', () => {
  const settings = {
    fields: [
      { name: 'a', type: 'checkbox', value: false, dependencies: shows('b') },
      { name: 'b', type: 'checkbox', value: true, dependencies: shows('c') },
      { name: 'c' },
    ],
  };
  expect(stateOf(settings, 'c')).toEqual(['hidden']);
  expect(stateOf(settings, 'c', { a: true })).toEqual([]);
});

test('a field with several controllers is shown if all of them show it', () => {
  const settings = {
    fields: [
      { name: 'a', type: 'checkbox', value: true, dependencies: shows('c') },
      { name: 'b', type: 'checkbox', value: false, dependencies: shows('c') },
      { name: 'c' },
    ],
  };
  expect(stateOf(settings, 'c')).toEqual(['hidden']);
  expect(stateOf(settings, 'c', { b: true })).toEqual([]);
});

test('circular dependencies end, and leave a field visible', () => {
  const settings = {
    fields: [
      { name: 'a', type: 'checkbox', value: true, dependencies: shows('b') },
      { name: 'b', type: 'checkbox', value: true, dependencies: shows('a') },
      { name: 'self', type: 'checkbox', value: true, dependencies: shows('self') },
    ],
  };
  expect(['a', 'b', 'self'].map((name) => stateOf(settings, name))).toEqual([[], [], []]);
  expect(stateOf(settings, 'b', { a: false })).toEqual(['hidden']);
  expect(stateOf(settings, 'a', { a: false })).toEqual([]);
});

test('a chain of ten thousand dependencies is followed', () => {
  const fields = Array.from({ length: 10_000 }, (_, i) => ({
    name: `f${i}`,
    type: 'checkbox',
    value: i > 0,
    dependencies: shows(`f${i + 1}`),
  }));
  expect(stateOf({ fields }, 'f9999')).toEqual(['hidden']);
});

test('dependencies do not cross stores', () => {
  const section = (id: string, value: boolean) => ({
    id,
    fields: [{ name: 'on', type: 'checkbox', value, dependencies: shows('x') }, { name: 'x' }],
  });
  const form = readForm({ supportsMultiStore: true, sections: [section('eu', true), section('us', false)] });
  const states = statesWith(form);
  expect(['eu', 'us'].map((store) => states.fields.get(fieldOf(form, 'x', store).id)?.isHidden)).toEqual([false, true]);
});

test.each([
  5,
  null,
  [],
  { enabled: 5 },
  { enabled: { fields: 5, sections: [1] } },
  JSON.parse('{"__proto__":{"fields":[{"name":"x","hidden":true}]}}'),
])('dependencies may be anything: %j', (dependencies) => {
  expect(stateOf({ fields: [{ name: 'a', type: 'checkbox', value: true, dependencies }, { name: 'x' }] }, 'x')).toEqual(
    [],
  );
});

test('rules of a 2.0 form work like dependencies', () => {
  const form = readStepForm({
    fieldMap: { on: { name: 'on', type: 'checkbox' }, x: { name: 'x', visibleWhen: [{ field: 'on', is: [true] }] } },
  });
  const hidden = (on: boolean) => statesWith(form, drafted(form, { on })).fields.get(fieldOf(form, 'x').id)?.isHidden;
  expect([hidden(false), hidden(true)]).toEqual([true, false]);
});
