/** Checks the references of a document that two commits have changed at the same time. */
import type { Document } from './document.ts';
import { recordKinds } from './stored.ts';

/**
 * Another commit may have removed a record that this one refers to, or refer to one that this one removes.
 *
 * @param referencedIds what the records written by this commit refer to
 * @param changedIds records that this commit has written or removed
 */
export function hasDanglingReference(
  merged: Document,
  referencedIds: Iterable<string>,
  changedIds: readonly string[],
): boolean {
  const exists = (id: string): boolean => recordKinds.some((kind) => merged[kind].has(id));
  for (const id of referencedIds) if (!exists(id)) return true;
  const removed = new Set(changedIds.filter((id) => !exists(id)));
  if (removed.size === 0) return false;
  return recordKinds.some((kind) =>
    [...merged[kind].values()].some(({ references }) =>
      references.some(({ id }) => typeof id === 'string' && removed.has(id)),
    ),
  );
}
