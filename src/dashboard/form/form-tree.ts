/** The structure of a form: nested panels and their fields. Pure. */
import type { Field } from './field.ts';

/** A group of fields. Its `tabs` come after its fields and groups. */
export interface Panel {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  /** Id, name and title, by which dependencies refer to it. */
  readonly names: readonly string[];
  readonly store: string | undefined;
  readonly isHidden: boolean;
  readonly fields: readonly Field[];
  /** Field sets, flows and general parts, in order. */
  readonly groups: readonly Panel[];
  readonly tabs: readonly Panel[];
}

export interface Store {
  readonly id: string;
  readonly title: string;
  readonly panel: Panel;
}

export interface Form {
  /** Undefined in a form without stores. */
  readonly stores: readonly Store[] | undefined;
  /** The connector's word for a store. */
  readonly storeLabel: string;
  /** The whole form; with stores, the part they share. */
  readonly shared: Panel;
  readonly fields: readonly Field[];
  readonly panels: readonly Panel[];
  /** Fields that share a value. */
  readonly byValueKey: ReadonlyMap<string, readonly Field[]>;
}

export const hasContent = ({ fields, groups, tabs }: Panel): boolean =>
  fields.length > 0 || tabs.length > 0 || groups.some(hasContent);

/** A panel and all panels inside it, in reading order. */
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
