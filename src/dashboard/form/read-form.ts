/**
 * Reads a settings form. Finds fields everywhere the server does (`persist-settings.ts`). Pure.
 */
import { isJsonObject, type Json, type JsonObject } from '../api/json.ts';
import { type Field, readField, type TabRef, valueKeyOf } from './field.ts';
import { expandLayout } from './field-map.ts';
import { buildForm, type Form, hasContent, type Panel, type Store } from './form-tree.ts';
import { helpOf, labelOf } from './plain-text.ts';

/** Properties that override a field's settings, such as refreshed options; by value key. */
export type FieldPatches = ReadonlyMap<string, JsonObject>;

/** Values shared by all stores are saved under this id. */
export const SHARED_STORE = 'general';

interface Location {
  readonly id: string;
  readonly store: string | undefined;
  readonly tabPath: readonly TabRef[];
  readonly patches: FieldPatches;
}

const childOf = (location: Location, key: string): Location => ({ ...location, id: `${location.id}-${key}` });
/** One container, or a list of them. */
const containersOf = (value: Json | undefined): readonly JsonObject[] =>
  (Array.isArray(value) ? value : [value]).filter(isJsonObject);

export function readForm(settings: JsonObject, patches: FieldPatches = new Map()): Form {
  const storeLabel = labelOf(settings.storeLabel) || 'Store';
  const root: Location = { id: 'form', store: undefined, tabPath: [], patches };
  if (settings.supportsMultiStore !== true || !Array.isArray(settings.sections)) {
    return buildForm(undefined, storeLabel, withGeneralTab(settings, root));
  }
  const general = containersOf(settings.general);
  const ids = new Set(settings.sections.filter(isJsonObject).map(({ id }) => String(id)));
  const belongsToStore = (section: JsonObject): boolean =>
    Array.isArray(settings.general) && ids.has(String(section.id));
  const stores = settings.sections.filter(isJsonObject).map((section, i): Store => {
    const id = String(section.id);
    const own = general.filter((part) => belongsToStore(part) && String(part.id) === id);
    const location = { ...root, id: `store-${i}`, store: id };
    const title = labelOf(section.title, section.name, section.id) || `${storeLabel} ${i + 1}`;
    const whole = own.length > 0 ? { ...section, general: [...own, ...containersOf(section.general)] } : section;
    return { id, title, panel: withGeneralTab(whole, location) };
  });
  const { sections: _, ...others } = settings;
  const shared = { ...others, general: general.filter((part) => !belongsToStore(part)) };
  return buildForm(stores, storeLabel, readPanel(shared, { ...root, store: SHARED_STORE }));
}

/** Reads a step's form: a list of fields, `{fields}`, or `{fieldMap, layout}`. */
export function readStepForm(form: Json | undefined, patches: FieldPatches = new Map()): Form {
  const settings = Array.isArray(form) ? { fields: form } : isJsonObject(form) ? form : {};
  return readForm({ ...settings, supportsMultiStore: false }, patches);
}

/** Puts everything outside the sections in a tab of its own. */
function withGeneralTab(raw: JsonObject, location: Location): Panel {
  const container = expandLayout(raw);
  const own = { ...container, sections: [] };
  const list = `${location.id}-tabs`;
  const general = readPanel(own, {
    ...childOf(location, 'own'),
    tabPath: [...location.tabPath, { list, tab: `${location.id}-own` }],
  });
  const all = readPanel(container, location);
  if (all.tabs.length === 0 || !hasContent(general)) return all;
  const single = containersOf(container.general);
  const title = labelOf(single.length === 1 ? single[0]?.title : undefined) || 'General';
  // A group with the same title as its tab needs no legend.
  const groups = general.groups.map((group) => (group.title === title ? { ...group, title: '' } : group));
  return { ...all, fields: [], groups: [], tabs: [{ ...general, title, groups }, ...all.tabs] };
}

function readPanel(raw: JsonObject, location: Location): Panel {
  const container = expandLayout(raw);
  const { id, store, tabPath } = location;
  const lists = ['fields', 'settings'].filter((key) => Array.isArray(container[key]));
  const fields = lists.flatMap((key) => fieldsOf(container[key] as readonly Json[], childOf(location, key)));
  const groups = ['general', 'settings', 'fieldSets', 'flows'].flatMap((key) =>
    (key === 'settings' && Array.isArray(container[key]) ? [] : containersOf(container[key])).map((item, i) =>
      readPanel(item, childOf(location, `${key}-${i}`)),
    ),
  );
  const tabs = containersOf(container.sections).map((item, i) => {
    const tab = childOf(location, `sections-${i}`);
    return readPanel(item, { ...tab, tabPath: [...tabPath, { list: `${id}-tabs`, tab: tab.id }] });
  });
  return {
    id,
    title: labelOf(container.title, container.header, container.label, container.name),
    help: helpOf(container.description, container.help, container.tooltip),
    names: [container.id, container.name, container.title].filter((name): name is string => typeof name === 'string'),
    store,
    isHidden: container.hidden === true || container.visible === false,
    fields,
    groups: groups.filter(hasContent),
    tabs: tabs.filter(hasContent).map((tab, i) => (tab.title === '' ? { ...tab, title: `Section ${i + 1}` } : tab)),
  };
}

function fieldsOf(list: readonly Json[], { id, store, tabPath, patches }: Location): readonly Field[] {
  return list.flatMap((raw, i): readonly Field[] => {
    if (!isJsonObject(raw)) return [];
    const added = patches.get(valueKeyOf(store, String(raw.name)));
    return [readField(added ? { ...raw, ...added } : raw, `${id}-${i}`, store, tabPath)];
  });
}
