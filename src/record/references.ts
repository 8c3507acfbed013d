/** What records refer to (contract 8). */
import { ERRORS_MAX, FIELD_CHARS, fieldErrors } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import { shortened } from '../shortened.ts';
import { isObjectId } from '../store/object-id.ts';
import type { RecordKind, Stored } from '../store/store.ts';

/** Fields that name another record, at whatever depth they stand. */
const referenceKinds: ReadonlyMap<string, RecordKind> = new Map([
  ['_connectionId', 'connections'],
  ['_exportId', 'exports'],
  ['_importId', 'imports'],
]);
/** Of one record. */
const REFERENCES = 1_000;

/** A record that another one names. */
export interface Reference {
  readonly kind: RecordKind;
  readonly id: string;
}

/** The record that a reference names, if it is one. */
type Find = (kind: RecordKind, id: string) => Stored | undefined;

export class References {
  /** Records are never changed in place: what one refers to is looked for once, however large it is. */
  readonly #known = new WeakMap<JsonObject, readonly Reference[]>();

  /**
   * @returns the ids of the records that it refers to, each once
   * @throws RequestError `invalid_ref` for those that are not there, `invalid_field` for too many
   */
  assertPresent(record: JsonObject, find: Find): string[] {
    const present = new DistinctReferences();
    const missing: Found[] = [];
    let count = 0;
    for (const found of foundIn(record)) {
      if (++count > REFERENCES) {
        const message = `a record refers to ${REFERENCES} others at the most`;
        throw fieldErrors([{ code: 'invalid_field', field: fieldOf(found), message }]);
      }
      const { kind, id } = found;
      if (present.has(kind, id)) continue;
      if (isId(id) && find(kind, id)) present.add(kind, id);
      else if (missing.length < ERRORS_MAX) missing.push(found);
    }
    if (missing.length > 0) {
      throw fieldErrors(
        missing.map((found) => {
          const field = fieldOf(found);
          const message = `${field} names none of the ${found.kind} of this integration`;
          return { code: 'invalid_ref', field, message };
        }),
      );
    }
    const all = present.all();
    this.#known.set(record, all);
    return all.map(({ id }) => id);
  }

  /** Whether a record refers to another. */
  isBetween(record: Stored, kind: RecordKind, id: string): boolean {
    return this.#of(record).some((reference) => reference.kind === kind && reference.id === id);
  }

  #of(record: JsonObject): readonly Reference[] {
    const known = this.#known.get(record);
    if (known) return known;
    const found = referencesIn(record);
    this.#known.set(record, found);
    return found;
  }
}

/** What a record refers to, each once. */
export function referencesIn(record: JsonObject): readonly Reference[] {
  const distinct = new DistinctReferences();
  for (const { kind, id } of foundIn(record)) if (isId(id)) distinct.add(kind, id);
  return distinct.all();
}

const isId = (id: Json): id is string => typeof id === 'string' && isObjectId(id);

class DistinctReferences {
  readonly #ids = new Map<RecordKind, Set<Json>>();

  add(kind: RecordKind, id: string): void {
    const ids = this.#ids.get(kind);
    if (ids) ids.add(id);
    else this.#ids.set(kind, new Set([id]));
  }

  has(kind: RecordKind, id: Json): boolean {
    return this.#ids.get(kind)?.has(id) ?? false;
  }

  all(): Reference[] {
    return [...this.#ids].flatMap(([kind, ids]) => [...ids].map((id) => ({ kind, id: id as string })));
  }
}

// --- the search ---------------------------------------------------------------------------------------

/** Where something stands: its key, and where what it is in stands. */
interface Place {
  readonly key: string | number;
  readonly outer: Place | undefined;
}

interface Found {
  readonly kind: RecordKind;
  readonly id: Json;
  readonly place: Place;
}

/** An object or a list that is being gone through. */
interface Open {
  readonly value: JsonObject | readonly Json[];
  /** Of an object; a list is counted through. */
  readonly names: readonly string[];
  readonly place: Place | undefined;
  next: number;
}

const opened = (value: JsonObject | readonly Json[], place?: Place): Open => ({
  value,
  names: Array.isArray(value) ? [] : Object.keys(value),
  place,
  next: 0,
});

const isContainer = (value: Json | undefined): value is JsonObject | readonly Json[] =>
  typeof value === 'object' && value !== null;

/** In the order in which they stand. With a stack of its own: a record may nest deeper than calls do. */
function* foundIn(record: JsonObject): Generator<Found, void> {
  const stack = [opened(record)];
  for (let open = stack.at(-1); open; open = stack.at(-1)) {
    const { value, names, place: outer } = open;
    if (Array.isArray(value)) {
      while (open.next < value.length && !isContainer(value[open.next])) open.next++;
      const key = open.next++;
      if (key < value.length) stack.push(opened(value[key], { key, outer }));
      else stack.pop();
      continue;
    }
    const key = names[open.next++];
    if (key === undefined) {
      stack.pop();
      continue;
    }
    const inner = (value as JsonObject)[key] as Json;
    const kind = referenceKinds.get(key);
    if (kind !== undefined && inner !== null) yield { kind, id: inner, place: { key, outer } };
    else if (isContainer(inner)) stack.push(opened(inner, { key, outer }));
  }
}

/** The dotted path; of a long one its end, which says what it is about. */
function fieldOf({ place }: Found): string {
  let field = '';
  for (let at: Place | undefined = place; at; at = at.outer) {
    const key = shortened(String(at.key), FIELD_CHARS / 2);
    const longer: string = field === '' ? key : `${key}.${field}`;
    if (longer.length >= FIELD_CHARS) return `…${field}`;
    field = longer;
  }
  return field;
}
