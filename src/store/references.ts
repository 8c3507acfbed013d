/** Finds the references in a record to other records (contract 8). Pure. */
import type { Json } from '../json.ts';
import { type RecordKind, recordKinds, referenceFields } from './stored.ts';

/** The kind that a field refers to, at any depth of a record. */
const referenceKinds: ReadonlyMap<string, RecordKind> = new Map(
  recordKinds.flatMap((kind): [string, RecordKind][] => {
    const field = referenceFields[kind];
    return field === undefined ? [] : [[field, kind]];
  }),
);

/** A longer path keeps only its end. */
const PATH_CHARS = 200;

export interface Reference {
  readonly kind: RecordKind;
  /** The field's value; not necessarily a valid id. */
  readonly id: Json;
  /** Dotted path of its first occurrence, at most `PATH_CHARS` long. */
  readonly field: string;
}

/** A container and how it was reached. The path is built only when needed. */
interface Step {
  readonly key: string;
  readonly container: object;
  readonly parent: Step | undefined;
}

/** Each distinct reference once, in document order, up to `limit`. */
export function referencesIn(record: Json, limit = Number.POSITIVE_INFINITY): Reference[] {
  if (typeof record !== 'object' || record === null) return [];
  const found: Reference[] = [];
  const seen = new Set<string>();
  const stack: Step[] = [{ key: '', container: record, parent: undefined }];
  for (let step = stack.pop(); step && found.length < limit; step = stack.pop()) {
    const children: Step[] = [];
    for (const [key, kind, value] of referencesOrContainers(step.container)) {
      if (!kind) children.push({ key, container: value as object, parent: step });
      else if (typeof value !== 'string' || !seen.has(kind + value)) {
        if (typeof value === 'string') seen.add(kind + value);
        found.push({ kind, id: value, field: pathOf(key, step) });
        if (found.length >= limit) break;
      }
    }
    // Reversed, because the stack pops from the end.
    for (const next of children.reverse()) stack.push(next);
  }
  return found;
}

function* referencesOrContainers(container: object): Generator<[string, RecordKind | undefined, Json]> {
  if (Array.isArray(container)) {
    for (let i = 0; i < container.length; i++) {
      const item = container[i] as Json;
      if (typeof item === 'object' && item !== null) yield [String(i), undefined, item];
    }
    return;
  }
  for (const key of Object.keys(container)) {
    const value = (container as Record<string, Json>)[key] as Json;
    if (value === null) continue;
    const kind = referenceKinds.get(key);
    if (kind || typeof value === 'object') yield [key, kind, value];
  }
}

function pathOf(key: string, step: Step): string {
  let path = key;
  for (let at: Step | undefined = step; at?.parent; at = at.parent) {
    path = `${at.key.slice(-PATH_CHARS)}.${path}`;
    if (path.length > PATH_CHARS) return `…${path.slice(1 - PATH_CHARS)}`;
  }
  return path;
}
