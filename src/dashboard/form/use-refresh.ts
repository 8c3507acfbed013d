/** Options that came with a refresh. They stay until the settings bring others. */
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { isJsonObject, type Json, type JsonObject } from '../api/json.ts';
import type { Field } from './field.ts';
import type { Form } from './form-tree.ts';
import { type Options, optionsIn } from './options.ts';
import { type Additions, SHARED } from './read-form.ts';
import { sameJson } from './same-json.ts';

/**
 * Asks the connector for the options of a field.
 *
 * @param storeId undefined in a form without stores and for what all stores share
 * @param list of a `staticMapWidget`: `extracts`, `generates`, or the id of a column of its `optionsMap`; the
 *   connector gets it as `type`
 * @returns what the connector answers, or the options in it; where there are none, they come with the settings
 */
export type OnRefresh = (field: string, storeId?: string, list?: string) => Promise<Json | undefined>;

interface Refreshed {
  readonly patch: JsonObject;
  /** What the field had before. */
  readonly was: JsonObject;
}

const KEYS = ['options', 'extracts', 'generates', 'optionsMap'];
const listsOf = (raw: JsonObject): JsonObject =>
  Object.fromEntries(KEYS.filter((key) => Object.hasOwn(raw, key)).map((key) => [key, raw[key] as Json]));

export function useRefresh(
  settings: JsonObject,
  fieldsNow: () => Form,
  onRefresh: OnRefresh | undefined,
): { additions: Additions; refresh: ((field: Field, list?: string) => Promise<void>) | undefined } {
  const [refreshed, setRefreshed] = useState<ReadonlyMap<string, Refreshed>>(new Map());
  const isFirst = useRef(true);
  useLayoutEffect(() => {
    if (isFirst.current) isFirst.current = false;
    else setRefreshed((before) => stillNews(before, fieldsNow()));
  }, [settings]);
  const additions = useMemo(() => new Map([...refreshed].map(([slot, { patch }]) => [slot, patch])), [refreshed]);
  const refresh =
    onRefresh &&
    (async (field: Field, list?: string): Promise<void> => {
      if (field.name === undefined) return;
      const storeId = field.store === SHARED ? undefined : field.store;
      const options = optionsIn(await onRefresh(field.name, storeId, list), list);
      if (!options) return;
      const was = refreshed.get(field.slot)?.was ?? listsOf(field.raw);
      const patch = patchOf(field.raw, options, list);
      setRefreshed((before) =>
        new Map(before).set(field.slot, { was, patch: { ...before.get(field.slot)?.patch, ...patch } }),
      );
    });
  return { additions, refresh };
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

/** Without those whose field has got other lists in the settings. */
function stillNews(refreshed: ReadonlyMap<string, Refreshed>, settingsForm: Form): ReadonlyMap<string, Refreshed> {
  return new Map(
    [...refreshed].filter(([slot, { was }]) => {
      const field = settingsForm.bySlot.get(slot)?.[0];
      return field !== undefined && sameJson(listsOf(field.raw), was);
    }),
  );
}
