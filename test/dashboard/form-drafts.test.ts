import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../src/dashboard/api/json.ts';
import {
  afterSave,
  buildSave,
  currentValue,
  type Drafts,
  hasConflict,
  keepingMine,
  orphanedDrafts,
  savableChanges,
  shownValues,
  validateDrafts,
  withEdit,
  withoutUnchanged,
} from '../../src/dashboard/form/drafts.ts';
import { readForm, readStepForm } from '../../src/dashboard/form/read-form.ts';
import { drafted, fieldOf, ledgerSettings, ledgerSteps, mirrorSettings, statesWith } from './form-forms.ts';

const one = (field: object): JsonObject => ({ fields: [{ name: 'x', ...field }] }) as JsonObject;
const shown = (settings: JsonObject, drafts: Drafts) => {
  const form = readForm(settings);
  return savableChanges(form, drafts, statesWith(form, drafts));
};
const pendingOf = (settings: JsonObject, values: Record<string, Json>) => {
  const form = readForm(settings);
  return buildSave(form, shown(settings, drafted(form, values))).pending;
};

describe('the values to send', () => {
  test('are only the changed ones', () => {
    expect(pendingOf(ledgerSettings, { paused: true, ordersSince: '2026-01-01', salesAccount: '4000' })).toEqual({
      paused: true,
      ordersSince: '2026-01-01',
    });
  });
  test('are keyed by store, and by general for shared fields', () => {
    const settings = { ...mirrorSettings, general: { fields: [{ name: 'paused', type: 'checkbox' }] } };
    const form = readForm(settings);
    let drafts = drafted(form, { packages: ['a'], releasesEvery: 'day' }, 'us');
    drafts = withEdit(drafts, fieldOf(form, 'packages', 'eu'), ['b']);
    drafts = withEdit(drafts, fieldOf(form, 'paused'), true);
    expect(buildSave(form, shown(settings, drafts)).pending).toEqual({
      us: { packages: ['a'], releasesEvery: 'day' },
      eu: { packages: ['b'] },
      general: { paused: true },
    });
  });
  test('omit fields hidden since, until they are shown again', () => {
    const form = readForm(ledgerSettings);
    const drafts = drafted(form, { bookRefunds: true, refundAccount: '4740' });
    const hiddenAgain = withEdit(drafts, fieldOf(form, 'bookRefunds'), false);
    expect(buildSave(form, shown(ledgerSettings, hiddenAgain)).pending).toEqual({});
    expect(
      buildSave(form, shown(ledgerSettings, withEdit(hiddenAgain, fieldOf(form, 'bookRefunds'), true))).pending,
    ).toEqual({
      bookRefunds: true,
      refundAccount: '4740',
    });
  });
  test('have fields with hostile names as own properties', () => {
    const settings = JSON.parse('{"fields":[{"name":"__proto__","value":"a"},{"name":"constructor"}]}') as JsonObject;
    const pending = pendingOf(settings, JSON.parse('{"__proto__":"b","constructor":"c"}'));
    expect(Object.entries(pending)).toEqual([
      ['__proto__', 'b'],
      ['constructor', 'c'],
    ]);
    expect(JSON.stringify(pending)).toBe('{"__proto__":"b","constructor":"c"}');
  });
  test('have numbers as numbers', () => {
    expect(pendingOf(one({ type: 'number', value: 1 }), { x: ' 2.5 ' })).toEqual({ x: 2.5 });
    expect(pendingOf(one({ type: 'integer', value: 1 }), { x: '' })).toEqual({ x: '' });
  });
});

test.each([
  [{ type: 'number', value: '12' }, '12'],
  [{ type: 'number', value: 12 }, '12.0'],
  [{ type: 'input', value: 5 }, '5'],
  [{ type: 'input' }, ''],
  [{ type: 'checkbox' }, false],
  [{ type: 'checkbox', value: 'true' }, true],
  [
    { type: 'select', options: ['1'], value: '1' },
    { id: '1', label: 'One' },
  ],
  [{ type: 'multiselect', options: ['1'], value: null }, []],
  [
    { type: 'hologram', value: { a: 1, b: 2 } },
    { b: 2, a: 1 },
  ],
  [
    { type: 'staticMapWidget', map: { a: 'b' } },
    { map: { a: 'b' }, allowFailures: false },
  ],
  [
    { type: 'staticMapWidget', value: { a: 'b', c: 'd' } },
    { c: 'd', a: 'b' },
  ],
] as const)('%j: %j is no change', (field, value) => {
  expect(drafted(readForm(one(field)), { x: value }).size).toBe(0);
});

describe('when the settings change under the form', () => {
  const before = readForm(one({ value: 'a' }));
  const mine = drafted(before, { x: 'mine' });
  const after = readForm(one({ value: 'theirs' }));

  test('an untouched field follows', () => {
    expect(currentValue(new Map(), fieldOf(after, 'x'))).toBe('theirs');
  });
  test('an edited field stays, and is marked until the user resolves the conflict', () => {
    const drafts = withoutUnchanged(mine, after);
    const field = fieldOf(after, 'x');
    expect(currentValue(drafts, field)).toBe('mine');
    expect(hasConflict(drafts, field)).toBe(true);
    expect(hasConflict(keepingMine(drafts, field), field)).toBe(false);
    expect(currentValue(keepingMine(drafts, field), field)).toBe('mine');
    expect(hasConflict(mine, fieldOf(before, 'x'))).toBe(false);
    expect(hasConflict(withEdit(drafts, field, 'mine, too'), field)).toBe(true);
  });
  test('a draft that equals the new stored value is dropped', () => {
    expect(withoutUnchanged(mine, readForm(one({ value: 'mine' }))).size).toBe(0);
    expect(withoutUnchanged(mine, after)).toBe(mine);
  });
  test('the draft of a removed field stays, but is not sent', () => {
    const gone = readForm({ fields: [{ name: 'y' }] });
    expect(orphanedDrafts(gone, withoutUnchanged(mine, gone)).map(([, { field }]) => field.name)).toEqual(['x']);
    expect(buildSave(gone, savableChanges(gone, mine, statesWith(gone))).pending).toEqual({});
  });
});

test('text typed during a save stays a draft', () => {
  const form = readForm({ fields: [{ name: 'x' }, { name: 'y' }] });
  const drafts = drafted(form, { x: '1', y: '1' });
  const { sent } = buildSave(form, [...drafts]);
  const typed = withEdit(drafts, fieldOf(form, 'y'), '2');
  expect([...afterSave(typed, sent).values()].map(({ value, base }) => [value, base])).toEqual([['2', '1']]);
});

describe('errors', () => {
  const wrong = (settings: JsonObject, values: Record<string, Json>): string[] => {
    const form = readForm(settings);
    const drafts = drafted(form, values);
    return [...validateDrafts(form, drafts, statesWith(form, drafts), statesWith(form)).values()];
  };
  test('a change can make another field required', () => {
    expect(wrong(ledgerSettings, { bookRefunds: true })).toEqual(['Refunds is required']);
    expect(wrong(ledgerSettings, { bookRefunds: true, refundAccount: '4740' })).toEqual([]);
  });
  test('a required field that was already empty does not block saving', () => {
    expect(wrong({ fields: [{ name: 'x', required: true, value: '' }, { name: 'y' }] }, { y: '1' })).toEqual([]);
  });
  test('incomplete JSON is an error', () => {
    const form = readForm(one({ type: 'hologram', value: 1 }));
    const drafts = withEdit(new Map(), fieldOf(form, 'x'), 1, { problem: 'x is not valid JSON', typed: '{' });
    expect([...validateDrafts(form, drafts, statesWith(form, drafts), statesWith(form)).values()]).toEqual([
      'x is not valid JSON',
    ]);
  });
  test('fields with the same name are each validated', () => {
    const settings = {
      sections: [{ fields: [{ name: 'x', type: 'input' }] }, { fields: [{ name: 'x', label: 'X', type: 'checkbox' }] }],
    };
    expect(wrong(settings, { x: 'text' })).toEqual(['X must be true or false']);
  });
});

test('a step sends all visible values', () => {
  const form = readStepForm(ledgerSteps[0]?.form);
  const drafts = drafted(form, { domain: 'flowers.example' });
  expect(shownValues(form, drafts, statesWith(form, drafts))).toEqual({ domain: 'flowers.example' });
  const other = readStepForm({
    fields: [
      { name: 'a', value: 1 },
      { name: 'b', hidden: true, value: 2 },
      { name: 'l', type: 'link' },
      { label: 'nameless' },
    ],
  });
  expect(shownValues(other, new Map(), statesWith(other))).toEqual({ a: 1 });
});
