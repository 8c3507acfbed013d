/**
 * Evaluates `dependencies`: which fields and sections are hidden, required or disabled for the current values.
 * Pure.
 *
 * `dependencies` of a field has a case per value: `enabled` and `disabled` for a checkbox, otherwise the value
 * itself. A case lists `fields` and `sections`, each `{name, hidden?, required?, disabled?}`. If the active case
 * does not mention a property, it gets the opposite of what the other cases say. If several fields control a
 * field, it is shown only if all of them show it, and required (disabled) only if all require (disable) it. A
 * field hidden by a rule also hides the fields below that depend on it. Only below, so that fields depending on
 * each other in a circle do not hide one another for good.
 */
import { isJsonObject, type Json, type JsonObject } from '../api/json.ts';
import { asList, type Field } from './field.ts';
import type { Form, Panel } from './form-tree.ts';
import { plainValue } from './options.ts';

export interface FieldState {
  readonly isHidden: boolean;
  readonly isRequired: boolean;
  readonly isDisabled: boolean;
}

export interface FormStates {
  readonly fields: ReadonlyMap<string, FieldState>;
  readonly panels: ReadonlyMap<string, boolean>;
}

type Property = 'hidden' | 'required' | 'disabled';
interface Rule {
  readonly controller: Field;
  /** Changes to the target, by case. */
  readonly cases: ReadonlyMap<string, JsonObject>;
}

type Rules = ReadonlyMap<string, readonly Rule[]>;

const targetKey = (kind: 'field' | 'panel', store: string | undefined, name: string): string =>
  JSON.stringify([kind, store ?? null, name]);

/** Returns a field's current value in the form. */
export type CurrentValue = (field: Field) => Json;

/** Reads a form's dependencies once. The result evaluates them for the current values. */
export function compileDependencies(form: Form): (currentValue: CurrentValue) => FormStates {
  const rules = rulesOf(form);
  return (currentValue) => evaluate(form, rules, currentValue);
}

function evaluate(form: Form, rules: Rules, currentValue: CurrentValue): FormStates {
  const fields = new Map<string, FieldState>();
  const panels = new Map<string, boolean>();
  const hiddenByRule = new Set<Field>();

  const resolve = (applicable: readonly Rule[], property: Property, own: boolean): boolean => {
    const votes = applicable.flatMap(({ controller, cases }) => {
      if (property === 'hidden' && hiddenByRule.has(controller)) return [true];
      return votesOf(cases, caseNamesOf(controller, currentValue(controller)), property);
    });
    if (votes.length === 0) return own;
    return property === 'hidden' ? votes.some(Boolean) : votes.every(Boolean);
  };

  const visit = (panel: Panel, isParentHidden: boolean): void => {
    const applicable = panel.names.flatMap((name) => rules.get(targetKey('panel', panel.store, name)) ?? []);
    const isPanelHidden = isParentHidden || resolve(applicable, 'hidden', panel.isHidden);
    panels.set(panel.id, isPanelHidden);
    for (const field of panel.fields) {
      const own = field.name === undefined ? [] : (rules.get(targetKey('field', field.store, field.name)) ?? []);
      const isHidden = resolve(own, 'hidden', field.isHidden);
      if (own.length > 0 && isHidden) hiddenByRule.add(field);
      fields.set(field.id, {
        isHidden: isPanelHidden || isHidden,
        isRequired: resolve(own, 'required', field.isRequired),
        isDisabled: field.name === undefined || resolve(own, 'disabled', field.isDisabled),
      });
    }
    for (const inner of [...panel.groups, ...panel.tabs]) visit(inner, isPanelHidden);
  };

  for (const panel of [form.shared, ...(form.stores ?? []).map((store) => store.panel)]) visit(panel, false);
  return { fields, panels };
}

function rulesOf({ fields }: Form): Rules {
  const rules = new Map<string, Map<Field, Map<string, JsonObject>>>();
  const add = (target: string, controller: Field, caseName: string, change: JsonObject): void => {
    const byController = rules.get(target) ?? new Map<Field, Map<string, JsonObject>>();
    rules.set(target, byController);
    const cases = byController.get(controller) ?? new Map<string, JsonObject>();
    byController.set(controller, cases);
    cases.set(caseName, { ...cases.get(caseName), ...change });
  };
  for (const controller of fields) {
    const { dependencies } = controller.raw;
    if (!isJsonObject(dependencies)) continue;
    for (const [caseName, change] of Object.entries(dependencies)) {
      if (!isJsonObject(change)) continue;
      for (const { name, ...of } of objectsIn(change.fields))
        add(targetKey('field', controller.store, String(name)), controller, caseName, of);
      for (const { id, name, title, ...of } of objectsIn(change.sections))
        add(targetKey('panel', controller.store, String(id ?? name ?? title)), controller, caseName, of);
    }
  }
  return new Map(
    [...rules].map(([target, by]) => [target, [...by].map(([controller, cases]) => ({ controller, cases }))]),
  );
}

const objectsIn = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : [];

/** A controller's vote on a property: empty, or one entry. */
function votesOf(
  cases: ReadonlyMap<string, JsonObject>,
  activeCases: readonly string[],
  property: Property,
): readonly boolean[] {
  const valuesIn = (changes: readonly (JsonObject | undefined)[]): readonly boolean[] =>
    changes.map((change) => change?.[property]).filter((votes) => typeof votes === 'boolean');
  const now = valuesIn(activeCases.map((name) => cases.get(name)));
  // With several chosen values, one is enough to show, require or disable.
  if (now.length > 0) return [property === 'hidden' ? now.every(Boolean) : now.some(Boolean)];
  const others = valuesIn([...cases.values()]);
  if (others.length === 0) return [];
  const isOpposite = others.includes(false);
  if (property === 'hidden') return [isOpposite];
  return isOpposite && others.includes(true) ? [] : [isOpposite];
}

function caseNamesOf({ kind }: Field, value: Json): readonly string[] {
  if (kind === 'checkbox') {
    const isOn = value === true || value === 'true';
    return [isOn ? 'enabled' : 'disabled', String(isOn)];
  }
  if (kind === 'multiselect') return asList(value).map((item) => String(plainValue(item)));
  return [String(plainValue(value) ?? '')];
}
