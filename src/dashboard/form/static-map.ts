/**
 * The value of a `staticMapWidget`, which maps values of one application to values of another. Pure.
 *
 * It comes in four shapes and is written back in the same one: `{map: {from: to}, default, allowFailures}` (also
 * directly in the field), the bare `{from: to}`, and, for columns of `optionsMap`, a list of rows
 * `{columnId: value}`, bare or as `map`.
 */
import { isJsonObject, type Json, type JsonObject } from '../api/json.ts';
import { type Option, parseOptions } from './options.ts';
import { labelOf } from './plain-text.ts';
import { isEmpty, isSameJson } from './same-json.ts';

export interface MapColumn {
  readonly id: string;
  readonly label: string;
  /** Undefined for free text. */
  readonly options: readonly Option[] | undefined;
  readonly supportsRefresh: boolean;
}

export interface MapRow {
  readonly cells: readonly Json[];
  /** Keys of the row without a column. */
  readonly rest?: JsonObject;
}

/** What happens to a value that is not in the map. */
export type Unmatched = 'fail' | 'empty' | 'null' | 'default';

export interface StaticMap {
  readonly columns: readonly MapColumn[];
  readonly rows: readonly MapRow[];
  readonly isWrapped: boolean;
  readonly hasRowObjects: boolean;
  /** Undefined if this shape cannot hold it. */
  readonly unmatched: Unmatched | undefined;
  readonly defaultValue: string;
}

const OWN_KEYS = ['map', 'default', 'allowFailures', 'extracts', 'generates'];
const isCell = (value: Json | undefined): boolean => value === undefined || value === null || typeof value !== 'object';

/** @returns undefined if the value is not a map */
export function readMap(raw: JsonObject, value: Json = raw.value ?? null): StaticMap | undefined {
  const columns = columnsOf(raw);
  const found = columns.length > 0 ? findMap(raw, value, columns.length) : undefined;
  if (!found) return undefined;
  const { map, wrapper } = found;
  const rows = Array.isArray(map) ? rowsOfList(map, columns) : columns.length === 2 ? rowsOfPairs(map) : undefined;
  if (!rows) return undefined;
  const hasRowObjects = Array.isArray(map);
  const hidesUnmatched = !wrapper || hasRowObjects || raw.hideLookupAllowFailures === true;
  return {
    columns,
    rows,
    isWrapped: wrapper !== undefined,
    hasRowObjects,
    unmatched: hidesUnmatched ? undefined : unmatchedOf(wrapper),
    defaultValue: isCell(wrapper?.default) ? String(wrapper?.default ?? '') : '',
  };
}

/** Finds the map, and the object that wraps it, if any. */
function findMap(raw: JsonObject, value: Json, columns: number): { map: Json; wrapper?: JsonObject } | undefined {
  if (Array.isArray(value)) return { map: value };
  if (isJsonObject(value) && Object.hasOwn(value, 'map')) return { map: value.map ?? {}, wrapper: value };
  if (isJsonObject(value) && Object.keys(value).length > 0) return { map: value };
  if (!isJsonObject(value) && !isEmpty(value)) return undefined;
  if (columns !== 2 && !Object.hasOwn(raw, 'map')) return { map: [] };
  const isBare = isJsonObject(value) && !OWN_KEYS.some((key) => Object.hasOwn(raw, key));
  return isBare ? { map: {} } : { map: raw.map ?? {}, wrapper: raw };
}

function columnsOf(raw: JsonObject): readonly MapColumn[] {
  if (Array.isArray(raw.optionsMap)) {
    return raw.optionsMap.filter(isJsonObject).map((column, i) => ({
      id: labelOf(column.id) || `column${i + 1}`,
      label: labelOf(column.name, column.label, column.id) || `Column ${i + 1}`,
      options: column.type === 'input' || column.type === 'text' ? undefined : optionsIfAny(column.options),
      supportsRefresh: column.supportsRefresh === true,
    }));
  }
  const column = (id: string, headers: readonly Json[], supportsRefresh: boolean): MapColumn => ({
    id,
    label: labelOf(...headers),
    options: optionsIfAny(raw[id]),
    supportsRefresh,
  });
  return [
    column('extracts', [raw.extractFieldHeader ?? null, 'Export value'], raw.supportsExtractsRefresh === true),
    column('generates', [raw.generateFieldHeader ?? null, 'Import value'], raw.supportsGeneratesRefresh === true),
  ];
}

const optionsIfAny = (raw: Json | undefined): readonly Option[] | undefined => {
  const options = parseOptions(raw);
  return options && options.length > 0 ? options : undefined;
};

function rowsOfPairs(map: Json): readonly MapRow[] | undefined {
  if (!isJsonObject(map) || !Object.values(map).every(isCell)) return undefined;
  return Object.entries(map).map((cells) => ({ cells }));
}

function rowsOfList(map: readonly Json[], columns: readonly MapColumn[]): readonly MapRow[] | undefined {
  if (!map.every(isJsonObject)) return undefined;
  const rows = map.filter(isJsonObject).map((row) => ({
    cells: columns.map(({ id }) => (Object.hasOwn(row, id) ? (row[id] as Json) : null)),
    rest: Object.fromEntries(Object.entries(row).filter(([key]) => !columns.some(({ id }) => id === key))),
  }));
  return rows.every(({ cells }) => cells.every(isCell)) ? rows : undefined;
}

function unmatchedOf({ allowFailures, default: value }: JsonObject): Unmatched {
  if (allowFailures === false || value === undefined) return 'fail';
  if (value === null) return allowFailures === true ? 'null' : 'fail';
  if (value === '') return allowFailures === true ? 'empty' : 'fail';
  return 'default';
}

/** @returns the field's new value, without empty rows */
export function writeMap(raw: JsonObject, map: StaticMap, before: Json): Json {
  const rows = map.rows.filter(({ cells }) => cells.some((cell) => !isEmpty(cell)));
  const inner: Json = map.hasRowObjects
    ? rows.map(({ cells, rest }) => ({
        ...rest,
        ...Object.fromEntries(map.columns.map(({ id }, i) => [id, cells[i] ?? null])),
      }))
    : Object.fromEntries(rows.map(({ cells: [from, to] }) => [String(from ?? ''), to ?? null]));
  if (!map.isWrapped) return inner;
  const outer = isJsonObject(before) && Object.hasOwn(before, 'map') ? before : ownKeysOf(raw);
  return { ...outer, map: inner, ...writeUnmatched(map) };
}

function ownKeysOf(raw: JsonObject): JsonObject {
  return Object.fromEntries(
    ['default', 'allowFailures'].filter((key) => Object.hasOwn(raw, key)).map((key) => [key, raw[key] as Json]),
  );
}

function writeUnmatched({ unmatched, defaultValue }: StaticMap): JsonObject {
  switch (unmatched) {
    case undefined:
      return {};
    case 'fail':
      return { allowFailures: false };
    case 'empty':
      return { default: '', allowFailures: true };
    case 'null':
      return { default: null, allowFailures: true };
    case 'default':
      return { default: defaultValue, allowFailures: true };
  }
}

/** Whether two values are the same map. An unset value counts as the map in the field itself. */
export function isSameMap(raw: JsonObject, a: Json, b: Json): boolean {
  const [first, second] = [a, b].map((value) => {
    const map = readMap(raw, value);
    return map ? writeMap(raw, map, value) : value;
  });
  return isSameJson(first, second);
}

/** @returns the error message, or undefined if the rows form a valid map */
export function validateMap({ rows, columns, hasRowObjects, unmatched, defaultValue }: StaticMap): string | undefined {
  const seen = new Map<string, number>();
  for (const [index, { cells }] of rows.entries()) {
    if (cells.every(isEmpty)) continue;
    const missing = columns.find((_, i) => isEmpty(cells[i]));
    if (missing) return `Row ${index + 1}: ${missing.label} is missing`;
    if (hasRowObjects) continue;
    const from = String(cells[0]);
    const first = seen.get(from);
    if (first !== undefined) return `Rows ${first + 1} and ${index + 1} map the same value`;
    seen.set(from, index);
  }
  return unmatched === 'default' && defaultValue === '' ? 'The default value is missing' : undefined;
}
