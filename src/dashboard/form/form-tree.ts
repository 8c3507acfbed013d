/** What a form is made of, read from the connector's settings: panels in panels, and their fields. Pure. */
import type { Field } from './field.ts';

/** A group of fields; `tabs` stand beneath what is its own. */
export interface Panel {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  /** What dependencies may call it: its id, name or title. */
  readonly names: readonly string[];
  readonly store: string | undefined;
  readonly isHidden: boolean;
  readonly fields: readonly Field[];
  /** Field sets, flows, what is general: one after the other. */
  readonly groups: readonly Panel[];
  readonly tabs: readonly Panel[];
}

export interface Store {
  readonly id: string;
  readonly title: string;
  readonly panel: Panel;
}

export interface Form {
  /** Undefined in a form for one store. */
  readonly stores: readonly Store[] | undefined;
  /** What the connector calls a store. */
  readonly storeLabel: string;
  /** The whole form; with stores, what all of them share. */
  readonly shared: Panel;
  readonly fields: readonly Field[];
  readonly panels: readonly Panel[];
  /** Fields that have the same place for their value. */
  readonly byValueKey: ReadonlyMap<string, readonly Field[]>;
}

export const hasContent = ({ fields, groups, tabs }: Panel): boolean =>
  fields.length > 0 || tabs.length > 0 || groups.some(hasContent);

/** A panel and all in it, in the order in which they are read. */
export function panelsIn(panel: Panel): readonly Panel[] {
  return [panel, ...panel.groups.flatMap(panelsIn), ...panel.tabs.flatMap(panelsIn)];
}

export function fieldsIn(panel: Panel): readonly Field[] {
  return panelsIn(panel).flatMap(({ fields }) => fields);
}

export function buildForm(stores: readonly Store[] | undefined, storeLabel: string, shared: Panel): Form {
  const panels = [shared, ...(stores ?? []).map(({ panel }) => panel)].flatMap(panelsIn);
  const fields = panels.flatMap((panel) => panel.fields);
  const byValueKey = Map.groupBy(fields, ({ valueKey }) => valueKey);
  return { stores, storeLabel, shared, fields, panels, byValueKey };
}
