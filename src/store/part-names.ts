/** The parts of a document, and their names in `revisions` and in the changes of a unit of work. */
import { isRecordKind, recordKinds } from './stored.ts';

/** The fields of a document that are maps of parts. */
export const partKinds = [...recordKinds, 'tokens', 'checkpoints', 'state'] as const;
export type PartKind = (typeof partKinds)[number];

/** Parts that only the runtime writes. They have no revision: a unit compares them with what it has read. */
export const unversionedKinds = ['tokens', 'checkpoints'] as const satisfies readonly PartKind[];
export type UnversionedKind = (typeof unversionedKinds)[number];
export const isUnversioned = (kind: PartKind): boolean => unversionedKinds.some((each) => each === kind);

/** No record id contains a colon. */
export const STATE = 'state:';

const prefixOf = (kind: PartKind): string => (isRecordKind(kind) ? '' : `${kind}:`);

/** A record's id, or the key with the prefix of its kind. */
export const nameOf = (kind: PartKind, key: string): string => prefixOf(kind) + key;

/** An integration's or a record's id. */
export const isId = (name: string): boolean => !name.includes(':');

/** The key of a part of this kind; undefined for the name of another kind. */
export function keyOf(kind: PartKind, name: string): string | undefined {
  const prefix = prefixOf(kind);
  if (prefix === '') return isId(name) ? name : undefined;
  return name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
}
