/**
 * Reads a settings form: where the server looks for fields (`persist-settings.ts`), and nothing else that
 * has fields is left out. Pure.
 */
import { isJsonObject, type Json, type JsonObject } from '../api/json.ts';
import { type Field, readField, type Step, slotOf } from './field.ts';
import { collected, type Form, hasContent, type Panel, type Store } from './form-tree.ts';
import { withoutLayout } from './layout.ts';
import { helpOf, labelOf } from './plain-text.ts';

/** By slot: what is known of a field beyond the settings, such as options that came with a refresh. */
export type Additions = ReadonlyMap<string, JsonObject>;

/** What all stores share is saved under this. */
export const SHARED = 'general';

interface Place {
  readonly id: string;
  readonly store: string | undefined;
  readonly trail: readonly Step[];
  readonly additions: Additions;
}

const inside = (place: Place, key: string): Place => ({ ...place, id: `${place.id}-${key}` });
/** One container, or a list of them. */
const containersOf = (value: Json | undefined): readonly JsonObject[] =>
  (Array.isArray(value) ? value : [value]).filter(isJsonObject);

export function readForm(settings: JsonObject, additions: Additions = new Map()): Form {
  const storeLabel = labelOf(settings.storeLabel) || 'Store';
  const root: Place = { id: 'form', store: undefined, trail: [], additions };
  if (settings.supportsMultiStore !== true || !Array.isArray(settings.sections)) {
    return collected(undefined, storeLabel, withGeneralTab(settings, root));
  }
  const general = containersOf(settings.general);
  const ids = new Set(settings.sections.filter(isJsonObject).map(({ id }) => String(id)));
  const isStores = (section: JsonObject): boolean => Array.isArray(settings.general) && ids.has(String(section.id));
  const stores = settings.sections.filter(isJsonObject).map((section, i): Store => {
    const id = String(section.id);
    const own = general.filter((part) => isStores(part) && String(part.id) === id);
    const place = { ...root, id: `store-${i}`, store: id };
    const title = labelOf(section.title, section.name, section.id) || `${storeLabel} ${i + 1}`;
    const whole = own.length > 0 ? { ...section, general: [...own, ...containersOf(section.general)] } : section;
    return { id, title, panel: withGeneralTab(whole, place) };
  });
  const { sections: _, ...others } = settings;
  const shared = { ...others, general: general.filter((part) => !isStores(part)) };
  return collected(stores, storeLabel, readPanel(shared, { ...root, store: SHARED }));
}

/** The form of a step: a list of fields, `{fields}`, or `{fieldMap, layout}`. */
export function readStepForm(form: Json | undefined, additions: Additions = new Map()): Form {
  const settings = Array.isArray(form) ? { fields: form } : isJsonObject(form) ? form : {};
  return readForm({ ...settings, supportsMultiStore: false }, additions);
}

/** What stands beside the sections becomes a tab of its own. */
function withGeneralTab(raw: JsonObject, place: Place): Panel {
  const container = withoutLayout(raw);
  const own = { ...container, sections: [] };
  const list = `${place.id}-tabs`;
  const general = readPanel(own, {
    ...inside(place, 'own'),
    trail: [...place.trail, { list, tab: `${place.id}-own` }],
  });
  const all = readPanel(container, place);
  if (all.tabs.length === 0 || !hasContent(general)) return all;
  const single = containersOf(container.general);
  const title = labelOf(single.length === 1 ? single[0]?.title : undefined) || 'General';
  // A group that is called like its tab needs no frame of its own.
  const groups = general.groups.map((group) => (group.title === title ? { ...group, title: '' } : group));
  return { ...all, fields: [], groups: [], tabs: [{ ...general, title, groups }, ...all.tabs] };
}

function readPanel(raw: JsonObject, place: Place): Panel {
  const container = withoutLayout(raw);
  const { id, store, trail } = place;
  const lists = ['fields', 'settings'].filter((key) => Array.isArray(container[key]));
  const fields = lists.flatMap((key) => fieldsOf(container[key] as readonly Json[], inside(place, key)));
  const groups = ['general', 'settings', 'fieldSets', 'flows'].flatMap((key) =>
    (key === 'settings' && Array.isArray(container[key]) ? [] : containersOf(container[key])).map((item, i) =>
      readPanel(item, inside(place, `${key}-${i}`)),
    ),
  );
  const tabs = containersOf(container.sections).map((item, i) => {
    const tab = inside(place, `sections-${i}`);
    return readPanel(item, { ...tab, trail: [...trail, { list: `${id}-tabs`, tab: tab.id }] });
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

function fieldsOf(list: readonly Json[], { id, store, trail, additions }: Place): readonly Field[] {
  return list.flatMap((raw, i): readonly Field[] => {
    if (!isJsonObject(raw)) return [];
    const added = additions.get(slotOf(store, String(raw.name)));
    return [readField(added ? { ...raw, ...added } : raw, `${id}-${i}`, store, trail)];
  });
}
