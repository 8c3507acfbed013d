/** The form reports exactly the errors that the server's `persistSettings` reports. */
import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/dashboard/api/json.ts';
import { buildSave, savableChanges, validateDrafts, withEdit } from '../../src/dashboard/form/drafts.ts';
import { readForm } from '../../src/dashboard/form/read-form.ts';
import { persistSettings } from '../../src/integration/persist-settings.ts';
import { fieldOf, helloSettings, ledgerSettings, mirrorSettings, statesWith } from './form-forms.ts';

const form: JsonObject = {
  sections: [
    {
      fields: [
        { name: 'name', label: 'Name', type: 'input', required: true, value: 'x' },
        { name: 'area', type: 'textarea', value: 'x' },
        { name: 'expression', type: 'expression', value: 'x' },
        { name: 'date', type: 'date', value: '2026-01-01' },
        { name: 'number', type: 'number', required: true, value: 1 },
        { name: 'integer', type: 'integer', value: '1' },
        { name: 'on', type: 'checkbox', value: false },
        {
          name: 'state',
          type: 'select',
          required: true,
          options: [['a', 'A'], { value: 'b', label: 'B' }, 'c', null, 5],
          value: 'a',
        },
        {
          name: 'labelled',
          type: 'select',
          properties: { yieldValueAndLabel: true },
          options: [
            ['1', 'One'],
            ['2', 'Two'],
          ],
          value: '1',
        },
        {
          name: 'many',
          type: 'multiselect',
          required: true,
          options: [
            ['x', 'X'],
            ['y', 'Y'],
          ],
          value: ['x'],
        },
        { name: 'radio', type: 'radio', options: ['p', 'q'], value: 'p' },
        { name: 'free', type: 'select', options: null, value: 'f' },
        { name: 'none', type: 'select', options: [], value: '' },
        { name: 'map', type: 'staticMapWidget', required: true, value: { a: 'b' } },
        { name: 'odd', type: 'hologram', required: true, value: 1 },
        { name: 'file', type: 'file', required: true, value: 'x' },
        { name: '__proto__', type: 'input', required: true, value: 'x' },
        { name: 'constructor', type: 'checkbox', value: true },
      ],
      flows: [{ name: 'F', settings: [{ name: 'flowField', type: 'text', required: true, value: 'x' }] }],
    },
  ],
};

const VALUES: readonly Json[] = [
  null,
  '',
  'a',
  'z',
  'x',
  '5',
  ' 5 ',
  '5x',
  0,
  5,
  true,
  false,
  [],
  ['x'],
  ['x', 'z'],
  [['x']],
  {},
  { id: '2', label: 'Two' },
  { id: '9' },
  { a: 'c' },
  '1e999',
];

/** Stores with parts of their own under `general`, and shared parts. */
const storesWithParts: JsonObject = {
  supportsMultiStore: true,
  sections: [
    { id: 'eu', general: { fields: [{ name: 'inner', type: 'input', required: true, value: 'x' }] } },
    { id: 'us', sections: [{ fields: [{ name: 'name', type: 'input', required: true, value: 'x' }] }] },
  ],
  general: [
    { id: 'eu', fields: [{ name: 'basic', type: 'input', required: true, value: 'x' }] },
    { fields: [{ name: 'shared', type: 'checkbox', value: false }] },
  ],
  fieldSets: [{ fields: [{ name: 'set', type: 'number', required: true, value: 1 }] }],
};

function server(settings: JsonObject, pending: JsonObject): string[] {
  try {
    persistSettings(settings, pending);
    return [];
  } catch (error) {
    return (error as { errors: { message: string }[] }).errors.map(({ message }) => message);
  }
}

/** The form's errors, and what it would send anyway. */
function client(settings: JsonObject, name: string, value: Json, store?: string) {
  const read = readForm(settings);
  const drafts = withEdit(new Map(), fieldOf(read, name, store), value);
  const states = statesWith(read, drafts);
  const { pending } = buildSave(read, savableChanges(read, drafts, states));
  return { problems: [...validateDrafts(read, drafts, states, statesWith(read)).values()], pending };
}

const names = readForm(form).fields.map(({ name }) => name as string);
describe.each(names)('%s', (name) => {
  test.each(VALUES)('%j', (value) => {
    const { problems, pending } = client(form, name, value);
    expect(problems).toEqual(server(form, pending));
  });
});

test.each([
  [helloSettings, 'greeting', 'nope', undefined],
  [helloSettings, 'greeting', '', undefined],
  [helloSettings, 'greeting', 'ahoy', undefined],
  [helloSettings, 'loudly', true, undefined],
  [ledgerSettings, 'salesAccount', '', undefined],
  [ledgerSettings, 'ordersSince', '2026-11-24', undefined],
  [ledgerSettings, 'paused', true, undefined],
  [mirrorSettings, 'packages', ['a'], 'us'],
  [mirrorSettings, 'packages', ['nope'], 'us'],
  [mirrorSettings, 'releasesEvery', '', 'eu'],
  [storesWithParts, 'basic', 'y', 'eu'],
  [storesWithParts, 'basic', '', 'eu'],
  [storesWithParts, 'inner', 'y', 'eu'],
  [storesWithParts, 'name', 'y', 'us'],
  [storesWithParts, 'shared', true, 'general'],
  [storesWithParts, 'set', 5, 'general'],
  [storesWithParts, 'set', '', 'general'],
] as const)('the examples, and forms with stores: %# %s %j', (settings, name, value, store) => {
  const { problems, pending } = client(settings, name, value, store);
  expect(Object.keys(pending)).toHaveLength(1);
  expect(problems).toEqual(server(settings, pending));
});
