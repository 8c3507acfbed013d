/** Refreshed options. They stay until the settings bring other options. */
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { isJsonObject, type Json, type JsonObject } from '../api/json.ts';
import type { Field } from './field.ts';
import type { Form } from './form-tree.ts';
import { type Options, optionsFromReply } from './options.ts';
import { type FieldPatches, SHARED_STORE } from './read-form.ts';
import { isSameJson } from './same-json.ts';

/**
 * Asks the connector for the options of a field.
 *
 * @param storeId undefined in a form without stores, and for shared fields
 * @param list for a `staticMapWidget`: `extracts`, `generates`, or a column id of its `optionsMap`; sent to the
 *   connector as `type`
 * @returns the connector's reply. If it has no options, they come with the reloaded settings
 */
export type OnRefresh = (field: string, storeId?: string, list?: string) => Promise<Json | undefined>;

interface Refreshed {
  readonly patch: JsonObject;
  /** The field's lists before the refresh. */
  readonly previous: JsonObject;
}

const LIST_KEYS = ['options', 'extracts', 'generates', 'optionsMap'];
const optionLists = (raw: JsonObject): JsonObject =>
  Object.fromEntries(LIST_KEYS.filter((key) => Object.hasOwn(raw, key)).map((key) => [key, raw[key] as Json]));

export function useRefresh(
  settings: JsonObject,
  readCurrent: () => Form,
  onRefresh: OnRefresh | undefined,
): { patches: FieldPatches; refresh: ((field: Field, list?: string) => Promise<void>) | undefined } {
  const [refreshed, setRefreshed] = useState<ReadonlyMap<string, Refreshed>>(new Map());
  const isFirst = useRef(true);
  useLayoutEffect(() => {
    if (isFirst.current) isFirst.current = false;
    else setRefreshed((before) => withoutOutdated(before, readCurrent()));
  }, [settings]);
  const patches = useMemo(() => new Map([...refreshed].map(([key, { patch }]) => [key, patch])), [refreshed]);
  const refresh =
    onRefresh &&
    (async (field: Field, list?: string): Promise<void> => {
      if (field.name === undefined) return;
      const storeId = field.store === SHARED_STORE ? undefined : field.store;
      const options = optionsFromReply(await onRefresh(field.name, storeId, list), list);
      if (!options) return;
      const previous = refreshed.get(field.valueKey)?.previous ?? optionLists(field.raw);
      const patch = patchOf(field.raw, options, list);
      setRefreshed((before) =>
        new Map(before).set(field.valueKey, { previous, patch: { ...before.get(field.valueKey)?.patch, ...patch } }),
      );
    });
  return { patches, refresh };
}

function patchOf(raw: JsonObject, options: Options, list: string | undefined): JsonObject {
  if (list === undefined) return { options };
  if (!Array.isArray(raw.optionsMap)) return { [list]: options };
  return {
    optionsMap: raw.optionsMap.map((column: Json) =>
      isJsonObject(column) && column.id === list ? { ...column, options } : column,
    ),
  };
}

/** Drops refreshed options whose field has new lists in the settings. */
function withoutOutdated(
  refreshed: ReadonlyMap<string, Refreshed>,
  settingsForm: Form,
): ReadonlyMap<string, Refreshed> {
  return new Map(
    [...refreshed].filter(([key, { previous }]) => {
      const field = settingsForm.byValueKey.get(key)?.[0];
      return field !== undefined && isSameJson(optionLists(field.raw), previous);
    }),
  );
}
