/** Forms for the form's tests: those of the examples, and unusual ones. */
import { readFileSync } from 'node:fs';
import type { Json, JsonObject } from '../../src/dashboard/api/json.ts';
import { compileDependencies } from '../../src/dashboard/form/dependencies.ts';
import { currentValue, type Drafts, withEdit } from '../../src/dashboard/form/drafts.ts';
import type { Field } from '../../src/dashboard/form/field.ts';
import type { Form, Panel } from '../../src/dashboard/form/form-tree.ts';

const manifestOf = (name: string): JsonObject =>
  JSON.parse(readFileSync(new URL(`../../connectors/${name}/package.json`, import.meta.url), 'utf8'));

export const helloSettings = (manifestOf('hello').connector as JsonObject).settings as JsonObject;
export const ledgerSteps = (manifestOf('shop-ledger').connector as JsonObject).install as readonly JsonObject[];

/** As `connectors/shop-ledger` stores it. */
export const ledgerSettings: JsonObject = {
  general: { fields: [{ name: 'paused', label: 'Pause the import', type: 'checkbox', value: false }] },
  sections: [
    { title: 'Orders', fields: [{ name: 'ordersSince', label: 'Import orders since', type: 'date', value: '' }] },
    {
      title: 'Accounts',
      fields: [
        {
          name: 'salesAccount',
          label: 'Sales',
          type: 'select',
          required: true,
          value: '4000',
          options: [['4000', 'Sales']],
        },
        {
          name: 'bookRefunds',
          label: 'Book refunds',
          type: 'checkbox',
          value: false,
          dependencies: {
            enabled: { fields: [{ name: 'refundAccount', hidden: false, required: true }] },
            disabled: { fields: [{ name: 'refundAccount', hidden: true, required: false }] },
          },
        },
        {
          name: 'refundAccount',
          label: 'Refunds',
          type: 'select',
          hidden: true,
          value: '',
          options: [['4740', 'Refunds']],
        },
      ],
    },
  ],
};

const storeSection = (id: string, title: string): JsonObject => ({
  id,
  title,
  sections: [
    {
      title: 'Packages',
      fields: [
        {
          name: 'packages',
          label: 'Packages',
          type: 'multiselect',
          supportsRefresh: true,
          value: [],
          options: [
            ['a', 'a'],
            ['b', 'b'],
          ],
        },
      ],
    },
    {
      title: 'Flows',
      flows: [
        {
          _id: '1',
          name: 'Mirror releases',
          settings: [
            {
              name: 'releasesEvery',
              type: 'select',
              required: true,
              value: 'hour',
              options: [
                ['hour', 'hour'],
                ['day', 'day'],
              ],
            },
          ],
        },
      ],
    },
  ],
});

/** As `connectors/registry-mirror` stores it, with two registries. */
export const mirrorSettings: JsonObject = {
  supportsMultiStore: true,
  storeLabel: 'Registry',
  sections: [storeSection('eu', 'Europe'), storeSection('us', 'America')],
};

/** The titles of a form: tabs in lists, groups in objects. */
export function outline(panel: Panel): Json {
  const names = panel.fields.map(({ name, label }) => name ?? label);
  const groups = panel.groups.map((group): Json => ({ [group.title]: outline(group) }));
  const tabs = panel.tabs.map((tab): Json => ({ [`[${tab.title}]`]: outline(tab) }));
  return [...names, ...groups, ...tabs];
}

export function fieldOf(form: Form, name: string, store?: string): Field {
  const field = form.fields.find(
    (candidate) => candidate.name === name && (store === undefined || candidate.store === store),
  );
  if (!field) throw new Error(`there is no field ${name}`);
  return field;
}

/** Drafts after changing these fields in order. */
export function drafted(form: Form, values: Record<string, Json>, store?: string): Drafts {
  return Object.entries(values).reduce<Drafts>(
    (drafts, [name, value]) => withEdit(drafts, fieldOf(form, name, store), value),
    new Map(),
  );
}

export const statesWith = (form: Form, drafts: Drafts = new Map()) =>
  compileDependencies(form)((field) => currentValue(drafts, field));
