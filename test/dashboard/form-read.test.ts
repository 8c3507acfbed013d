import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/dashboard/api/json.ts';
import { readForm, readStepForm } from '../../src/dashboard/form/read-form.ts';
import { fieldOf, helloSettings, ledgerSettings, ledgerSteps, mirrorSettings, outline } from './form-forms.ts';

const titles = (settings: unknown) => outline(readForm(settings as JsonObject).shared);
const kindOf = (field: object) => readForm({ fields: [{ name: 'x', ...field }] } as JsonObject).fields[0]?.kind;

describe('the forms of the examples', () => {
  test('hello: one section', () => {
    expect(titles(helloSettings)).toEqual([{ '[Greeting]': ['greeting', 'name', 'loudly'] }]);
  });
  test('shop-ledger: general fields become a tab beside the sections', () => {
    expect(titles(ledgerSettings)).toEqual([
      { '[General]': [{ '': ['paused'] }] },
      { '[Orders]': ['ordersSince'] },
      { '[Accounts]': ['salesAccount', 'bookRefunds', 'refundAccount'] },
    ]);
  });
  test('registry-mirror: each store has its own tabs and its own values', () => {
    const form = readForm(mirrorSettings);
    expect(form.storeLabel).toBe('Registry');
    expect(form.stores?.map(({ id, title, panel }) => [id, title, outline(panel)])).toEqual([
      ['eu', 'Europe', [{ '[Packages]': ['packages'] }, { '[Flows]': [{ 'Mirror releases': ['releasesEvery'] }] }]],
      ['us', 'America', [{ '[Packages]': ['packages'] }, { '[Flows]': [{ 'Mirror releases': ['releasesEvery'] }] }]],
    ]);
    expect(fieldOf(form, 'packages', 'eu').valueKey).not.toBe(fieldOf(form, 'packages', 'us').valueKey);
  });
  test('the steps of shop-ledger', () => {
    expect(ledgerSteps.slice(0, 2).map(({ form }) => readStepForm(form).fields.map(({ name }) => name))).toEqual([
      ['domain'],
      ['chart'],
    ]);
  });
});

test('sections in sections, field sets, flows with their own sections, and a tab path to each field', () => {
  const form = readForm({
    sections: [
      {
        title: 'Orders',
        fields: [{ name: 'a' }],
        fieldSets: [{ header: 'Set', fields: [{ name: 'b' }] }],
        flows: [
          { name: 'Flow', settings: [{ name: 'c' }], sections: [{ title: 'In the flow', fields: [{ name: 'd' }] }] },
        ],
        sections: [{ title: 'Inner', sections: [{ title: 'Innermost', fields: [{ name: 'e' }] }] }],
      },
    ],
  });
  expect(outline(form.shared)).toEqual([
    {
      '[Orders]': [
        'a',
        { Set: ['b'] },
        { Flow: ['c', { '[In the flow]': ['d'] }] },
        { '[Inner]': [{ '[Innermost]': ['e'] }] },
      ],
    },
  ]);
  expect(fieldOf(form, 'e').tabPath.map(({ tab }) => form.panels.find(({ id }) => id === tab)?.title)).toEqual([
    'Orders',
    'Inner',
    'Innermost',
  ]);
  expect(fieldOf(form, 'd').tabPath).toHaveLength(2);
});

test('in a form with stores, general parts with a store’s id belong to that store; the others are shared', () => {
  const form = readForm({
    supportsMultiStore: true,
    sections: [{ id: 'eu', title: 'EU', sections: [{ title: 'S', fields: [{ name: 'a' }] }] }],
    general: [
      { id: 'eu', title: 'Basics', fields: [{ name: 'b' }] },
      { id: 'other', fields: [{ name: 'c' }] },
    ],
  });
  expect(form.stores?.map(({ panel }) => outline(panel))).toEqual([
    [{ '[Basics]': [{ '': ['b'] }] }, { '[S]': ['a'] }],
  ]);
  expect(outline(form.shared)).toEqual([{ '': ['c'] }]);
  expect([fieldOf(form, 'b').store, fieldOf(form, 'c').store]).toEqual(['eu', 'general']);
});

test.each([
  {},
  { sections: 5 },
  { sections: [null, 'x', { fields: [null, 1, {}] }] },
  { general: [], flows: null, fieldSets: 'x' },
  { supportsMultiStore: true },
])('any settings can be read: %j', (settings) => {
  expect(() => readForm(settings as unknown as JsonObject)).not.toThrow();
});

describe('a field', () => {
  test.each([
    [{}, 'text'],
    [{ type: 'input', value: 5 }, 'text'],
    [{ type: 'text', value: { a: 1 } }, 'json'],
    [{ type: 'integer' }, 'number'],
    [{ type: 'expression', value: '["a"]' }, 'expression'],
    [{ type: 'expression', value: ['a'] }, 'json'],
    [{ type: 'checkbox', value: 'true' }, 'checkbox'],
    [{ type: 'checkbox', value: 'maybe' }, 'json'],
    [{ type: 'select', options: [], value: { id: 1, label: 'One' } }, 'select'],
    [{ type: 'select', options: null }, 'text'],
    [{ type: 'select', supportsRefresh: true }, 'select'],
    [{ type: 'multiselect', options: ['a'], value: 'a' }, 'multiselect'],
    [{ type: 'multiselect', options: ['a'], value: [{}] }, 'json'],
    [{ type: 'radio', options: ['a'] }, 'radio'],
    [{ type: 'file' }, 'file'],
    [{ type: 'date' }, 'date'],
    [{ type: 'link', value: 'https://a.example' }, 'link'],
    [{ type: 'staticMapWidget', value: { a: 'b' } }, 'map'],
    [{ type: 'staticMapWidget', value: { a: { b: 1 } } }, 'json'],
    [{ type: 'hologram', value: [1] }, 'json'],
    [{ type: { a: 1 } }, 'json'],
    [{ type: 'constructor' }, 'json'],
  ])('%j is shown as %s', (field, kind) => {
    expect(kindOf(field)).toBe(kind);
  });

  test('without a name is shown, but cannot be changed', () => {
    const { fields } = readForm({
      fields: [
        { label: 'Nameless', value: 'x' },
        { name: '', type: 'text' },
      ],
    });
    expect(fields.map(({ name, label, isDisabled }) => [name, label, isDisabled])).toEqual([
      [undefined, 'Nameless', true],
      [undefined, 'Unnamed field', true],
    ]);
  });

  test('with the same name in two sections has two positions and one value', () => {
    const form = readForm({ sections: [{ fields: [{ name: 'a' }] }, { fields: [{ name: 'a' }] }] });
    const [first, second] = form.fields;
    expect(first?.id).not.toBe(second?.id);
    expect(first?.valueKey).toBe(second?.valueKey);
  });

  test('may be called __proto__', () => {
    const form = readForm(
      JSON.parse('{"sections":[{"title":"__proto__","fields":[{"name":"__proto__","value":"v"}]}]}'),
    );
    expect(fieldOf(form, '__proto__').stored).toBe('v');
  });

  test('has its texts limited in length, as text', () => {
    const [field] = readForm({
      fields: [{ name: 'a', label: 'L'.repeat(5_000_000), help: '<b>help</b>', tooltip: 'tip', placeholder: 7 }],
    }).fields;
    expect(field?.label.length).toBeLessThan(1000);
    expect(field?.help).toBe('<b>help</b>\ntip');
    expect(field?.placeholder).toBe('7');
  });
});

test('an integrator.io 2.0 form: layout, grouped options, rules', () => {
  const form = readStepForm({
    fieldMap: {
      mode: {
        id: 'mode',
        name: 'mode',
        type: 'select',
        label: 'Mode',
        defaultValue: 'a',
        options: [{ items: [{ label: 'A', value: 'a' }, 'b'] }],
      },
      extra: {
        id: 'extra',
        name: 'extra',
        type: 'text',
        label: 'Extra',
        helpText: 'Help',
        visibleWhen: [{ field: 'mode', is: ['b'] }],
      },
      left: { id: 'left', type: 'text', label: 'Not in the layout' },
    },
    layout: { type: 'collapse', containers: [{ label: 'Basics', fields: ['mode', 'extra', 'gone'] }] },
  });
  expect(outline(form.shared)).toEqual(['left', { Basics: ['mode', 'extra'] }]);
  expect(fieldOf(form, 'mode').raw.options).toEqual([{ label: 'A', value: 'a' }, 'b']);
  expect(fieldOf(form, 'mode').stored).toBe('a');
  expect(fieldOf(form, 'mode').raw.dependencies).toEqual({ b: { fields: [{ name: 'extra', hidden: false }] } });
});

test.each([[undefined], [null], [5], ['x']])('a step whose form is %j has no fields', (form) => {
  expect(readStepForm(form as never).fields).toEqual([]);
});
test('a step’s form may be a bare list', () => {
  expect(readStepForm([{ name: 'a' }]).fields).toHaveLength(1);
});
