/** What records refer to (contract 8). */
import { fieldErrors } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import type { RecordKind, Stored } from '../store/store.ts';

/** Fields that name another record, at whatever depth they stand. */
const referenceKinds: Readonly<Record<string, RecordKind>> = {
  _connectionId: 'connections',
  _exportId: 'exports',
  _importId: 'imports',
};

interface Reference {
  /** Dotted path. */
  readonly field: string;
  readonly kind: RecordKind;
  readonly id: Json;
}

/** The record that a reference names, if it is one. */
type Find = (kind: RecordKind, id: string) => Stored | undefined;

export class References {
  /** Records are never changed in place: what one refers to is looked for once, however large it is. */
  readonly #known = new WeakMap<JsonObject, readonly Reference[]>();

  /** @returns the ids of the records that it refers to. @throws RequestError `invalid_ref` for each that is not there */
  assertPresent(record: JsonObject, find: Find): string[] {
    const references = this.#of(record);
    const isThere = ({ kind, id }: Reference): boolean => typeof id === 'string' && find(kind, id) !== undefined;
    const missing = references.filter((reference) => !isThere(reference));
    if (missing.length > 0) {
      throw fieldErrors(
        missing.map(({ field, kind }) => ({
          code: 'invalid_ref',
          field,
          message: `${field} names none of the ${kind} of this integration`,
        })),
      );
    }
    return references.map(({ id }) => id as string);
  }

  /** Whether a record refers to another. */
  isBetween(record: Stored, kind: RecordKind, id: string): boolean {
    return this.#of(record).some((reference) => reference.kind === kind && reference.id === id);
  }

  #of(record: JsonObject): readonly Reference[] {
    const present = this.#known.get(record);
    if (present) return present;
    const found = referencesIn(record);
    this.#known.set(record, found);
    return found;
  }
}

function referencesIn(record: JsonObject): readonly Reference[] {
  const found: Reference[] = [];
  const path: string[] = [];
  const visit = (value: Json): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const key of Object.keys(value)) {
      const inner = (value as JsonObject)[key] as Json;
      const kind = Object.hasOwn(referenceKinds, key) ? referenceKinds[key] : undefined;
      if (!kind && typeof inner !== 'object') continue;
      path.push(key);
      if (kind && inner !== null) found.push({ field: path.join('.'), kind, id: inner });
      else visit(inner);
      path.pop();
    }
  };
  visit(record);
  return found;
}
